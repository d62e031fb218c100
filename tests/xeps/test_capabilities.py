"""Hashes of capabilities: the vectors of XEP-0115 §5 and XEP-0390 §4.5, and what presence and answers make known."""

import pytest

from xmppscope.model.element import Element
from xmppscope.xeps.caps_hash import Answer

INFO = "http://jabber.org/protocol/disco#info"
LANG = "http://www.w3.org/XML/1998/namespace\nlang"


def identity(category: str, kind: str, name: str = "", lang: str = "") -> Element:
    attrs = {"category": category, "type": kind, "name": name, LANG: lang}
    return Element(f"{INFO}\nidentity", {key: value for key, value in attrs.items() if value}, [])


def features(*names: str) -> list[Element]:
    return [Element(f"{INFO}\nfeature", {"var": name}, []) for name in names]


def form(kind: str = "hidden", **values: str | list[str]) -> Element:
    fields = []
    for name, value in values.items():
        texts = [value] if isinstance(value, str) else value
        attrs = {"var": name} | ({"type": kind} if name == "FORM_TYPE" and kind else {})
        fields.append(
            Element("jabber:x:data\nfield", attrs, [Element("jabber:x:data\nvalue", {}, [], t) for t in texts])
        )
    return Element("jabber:x:data\nx", {"type": "result"}, fields)


def answer(*children: Element) -> Answer:
    return Answer(Element(f"{INFO}\nquery", {}, list(children)))


BASIC = ("http://jabber.org/protocol/caps", "http://jabber.org/protocol/disco#info")
MORE = ("http://jabber.org/protocol/disco#items", "http://jabber.org/protocol/muc")
PSI = {
    "FORM_TYPE": "urn:xmpp:dataforms:softwareinfo",
    "ip_version": ["ipv4", "ipv6"],
    "os": "Mac",
    "os_version": "10.5.1",
    "software": "Psi",
    "software_version": "0.11",
}
SIMPLE = (
    "http://jabber.org/protocol/si http://jabber.org/protocol/bytestreams http://jabber.org/protocol/chatstates "
    "http://jabber.org/protocol/disco#info http://jabber.org/protocol/disco#items urn:xmpp:ping jabber:iq:time "
    "jabber:iq:privacy jabber:iq:version http://jabber.org/protocol/rosterx urn:xmpp:time jabber:x:oob "
    "http://jabber.org/protocol/ibb http://jabber.org/protocol/si/profile/file-transfer urn:xmpp:receipts "
    "jabber:iq:roster jabber:iq:last"
)


def test_the_simple_example_of_0115() -> None:
    exodus = answer(identity("client", "pc", "Exodus 0.9.1"), *features(*MORE, *BASIC))
    assert exodus.caps("sha-1") == "QgayPKawpkPSDYmwT/WM94uAlu0="


def test_the_complex_example_of_0115() -> None:
    psi = [identity("client", "pc", "Psi 0.11", "en"), identity("client", "pc", "Ψ 0.11", "el")]
    assert answer(*psi, *features(*BASIC, *MORE), form(**PSI)).caps("sha-1") == "q07IKJEyjvHSyhy//CH0CxmKi8w="


def test_the_simple_example_of_0390() -> None:
    bombus = answer(identity("client", "mobile", "BombusMod"), *features(*SIMPLE.split()))
    assert bombus.caps2("sha-256") == "kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8="
    assert bombus.caps2("sha3-256") == "79mdYAfU9rEdTOcWDO7UEAt6E56SUzk/g6TnqUeuD9Q="


@pytest.mark.parametrize(
    ("children", "fault"),
    [
        (features("a", "a"), "a feature is there twice"),
        ([identity("a", "b"), identity("a", "b")], "an identity is there twice"),
        ([form(FORM_TYPE="t"), form(FORM_TYPE="t")], "two forms have the same FORM_TYPE"),
        ([form(FORM_TYPE=["t", "u"])], "a FORM_TYPE has different values"),
        ([form(FORM_TYPE=["t", "t"])], ""),
        ([form(a="1"), form(a="1")], ""),
    ],
)
def test_what_must_not_be_hashed(children: list[Element], fault: str) -> None:
    assert answer(*children).fault == fault


def test_forms_that_are_ignored() -> None:
    plain = answer(*features("a")).caps("sha-1")
    assert answer(*features("a"), form(software="x")).caps("sha-1") == plain
    assert answer(*features("a"), form("text-single", FORM_TYPE="t")).caps("sha-1") == plain
    assert answer(*features("a"), form(FORM_TYPE="t")).caps("sha-1") != plain


def test_an_unknown_algorithm() -> None:
    assert answer().caps("sha-9") is None


NODE = "http://code.google.com/p/exodus"
VER = "QgayPKawpkPSDYmwT/WM94uAlu0="
C = f"<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='{NODE}' ver='{VER}'/>"
FEATURES = "".join(f"<feature var='{name}'/>" for name in (*BASIC, *MORE))
EXODUS = f"<identity category='client' type='pc' name='Exodus 0.9.1'/>{FEATURES}"
OPEN = "open 1 alice@a.example/desk\n"
SEEN = f"S: <presence from='b@a.example/x'>{C}</presence>\n"


def ask(result: str, node: str = f"{NODE}#{VER}") -> str:
    return (
        f"C: <iq type='get' id='q' to='b@a.example/x'><query xmlns='{INFO}' node='{node}'/></iq>\n"
        f"S: <iq type='result' id='q' from='b@a.example/x'><query xmlns='{INFO}' node='{node}'>{result}</query></iq>\n"
    )


def caps(notes: list[str]) -> list[str]:
    return [note for note in notes if not note.startswith("announces")]


def test_a_hash_is_seen_asked_about_and_verified(play) -> None:
    again = SEEN.replace("b@a.example/x", "c@a.example/y")
    played = play(OPEN + SEEN + ask(EXODUS) + again + again)
    assert caps(played.notes) == [
        "hash verified: sha-1 QgayPKawpkPS…",
        "capabilities known from #7: client/pc Exodus 0.9.1",
    ]


def test_a_hash_that_does_not_fit(play) -> None:
    played = play(OPEN + SEEN + ask(EXODUS + "<feature var='x'/>"))
    (note,) = caps(played.notes)
    assert note.startswith("does not fit the hash QgayPKawpkPS…: this is ")


def test_a_node_that_is_no_hash(play) -> None:
    assert caps(play(OPEN + SEEN + ask(EXODUS, f"{NODE}#plugin")).notes) == []


def test_an_event_comes_because_of_an_interest(play) -> None:
    tune = "http://jabber.org/protocol/tune"
    query = answer(*features(f"{tune}+notify"))
    ver = str(query.caps("sha-1"))
    own = C.replace(VER, ver)
    played = play(
        OPEN
        + f"C: <presence>{own}</presence>\n"
        + f"S: <iq type='get' id='q' from='a.example'><query xmlns='{INFO}' node='{NODE}#{ver}'/></iq>\n"
        + f"C: <iq type='result' id='q' to='a.example'><query xmlns='{INFO}'>"
        + f"<feature var='{tune}+notify'/></query></iq>\n"
        + "S: <message from='b@a.example'><event xmlns='http://jabber.org/protocol/pubsub#event'>"
        + f"<items node='{tune}'/></event></message>"
    )
    assert played.notes[-1] == "sent because the client announces interest in it (#7)"
