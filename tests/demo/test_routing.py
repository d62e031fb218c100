import pytest

from xmppscope.demo.errors import StreamError
from xmppscope.demo.routing import route

SERVER = "verona.example"


@pytest.fixture
def juliet(verona):
    return verona.client("juliet").comes()


def chat(to: str, kind: str = "chat") -> str:
    return f"<message to='{to}' type='{kind}' id='1'><body>hello</body></message>"


def test_a_message_says_from_whom_it_is_and_in_which_language(verona, juliet, element) -> None:
    romeo = verona.client("romeo").comes()
    message = element("<message to='romeo@verona.example/x'><body>hello</body></message>")
    route(verona.accounts, juliet.session, message, "en")
    assert romeo.got == [
        '<message to="romeo@verona.example/x" from="juliet@verona.example/x" xml:lang="en"><body>hello</body></message>'
    ]


@pytest.mark.parametrize("claimed", ["romeo@verona.example", "juliet@verona.example/y", "juliet"])
def test_a_stanza_from_somebody_else_ends_the_stream(juliet, claimed: str) -> None:
    with pytest.raises(StreamError, match="invalid-from"):
        juliet.says(f"<message from='{claimed}' to='romeo@verona.example'/>")


# RFC 6121 §8.5: by recipient and type, who gets a message, and what the sender hears.
@pytest.mark.parametrize(
    ("to", "kind", "receivers", "error"),
    [
        ("romeo@verona.example", "chat", "orchard street", ""),
        ("romeo@verona.example", "normal", "orchard street", ""),
        ("romeo@verona.example", "headline", "orchard street", ""),
        ("romeo@verona.example", "unheard-of", "orchard street", ""),
        ("romeo@verona.example", "error", "", ""),
        ("romeo@verona.example", "groupchat", "", "service-unavailable"),
        ("romeo@verona.example/street", "chat", "street", ""),
        ("romeo@verona.example/hidden", "chat", "hidden", ""),
        ("romeo@verona.example/mantua", "chat", "orchard street", ""),
        ("romeo@verona.example/mantua", "headline", "", "service-unavailable"),
        ("romeo@verona.example/mantua", "groupchat", "", "service-unavailable"),
        ("romeo@verona.example/mantua", "error", "", ""),
        ("nurse@verona.example", "chat", "", "service-unavailable"),
        ("nurse@verona.example", "headline", "", ""),
        ("paris@verona.example", "chat", "", "service-unavailable"),
        ("romeo@mantua.example", "chat", "", "remote-server-not-found"),
        ("romeo@mantua.example", "error", "", ""),
        ("@", "chat", "", "jid-malformed"),
        (SERVER, "chat", "", "service-unavailable"),
    ],
)
def test_who_gets_a_message(verona, juliet, to: str, kind: str, receivers: str, error: str) -> None:
    romeos = {name: verona.client("romeo", name).comes() for name in ("orchard", "street", "hidden", "silent")}
    romeos["hidden"].says("<presence><priority>-1</priority></presence>")
    romeos["silent"].says("<presence type='unavailable'/>")
    for romeo in romeos.values():
        romeo.got.clear()
    juliet.says(chat(to, kind))
    assert " ".join(name for name, romeo in romeos.items() if romeo.take()) == receivers
    assert [text.split()[-1] for text in juliet.take()] == ([error] if error else [])


def test_a_message_to_nobody_is_one_to_oneself(juliet) -> None:
    juliet.says("<message><body>alone</body></message>")
    assert juliet.take() == ["message juliet/x alone"]


PING = "<ping xmlns='urn:xmpp:ping'/>"
INFO = "<query xmlns='http://jabber.org/protocol/disco#info'/>"
INFO_OF_A_NODE = "<query xmlns='http://jabber.org/protocol/disco#info' node='n'/>"


@pytest.mark.parametrize(
    ("iq", "answer"),
    [
        (f"<iq type='get' id='1' to='{SERVER}'>{PING}</iq>", "iq result verona.example"),
        (f"<iq type='get' id='1'>{PING}</iq>", "iq result"),
        (f"<iq type='get' id='1' to='{SERVER}'>{INFO}</iq>", "iq result verona.example"),
        (f"<iq type='get' id='1' to='{SERVER}'>{INFO_OF_A_NODE}</iq>",
         "iq error verona.example item-not-found"),
        (f"<iq type='get' id='1' to='juliet@verona.example'>{INFO}</iq>", "iq result juliet"),
        (f"<iq type='get' id='1' to='{SERVER}'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
         "iq result verona.example"),
        (f"<iq type='get' id='1' to='{SERVER}'><query xmlns='jabber:iq:version'/></iq>", "iq result verona.example"),
        ("<iq type='set' id='1'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>", "iq result"),
        ("<iq type='get' id='1'><vCard xmlns='vcard-temp'/></iq>", "iq error item-not-found"),
        ("<iq type='get' id='1'><query xmlns='jabber:iq:private'/></iq>", "iq error service-unavailable"),
        ("<iq type='set' id='1'><enable xmlns='urn:xmpp:carbons:2'/></iq>", "iq error service-unavailable"),
        (f"<iq type='get' id='1' to='romeo@verona.example'>{INFO}</iq>", "iq error romeo service-unavailable"),
        (f"<iq type='get' id='1' to='paris@verona.example/x'>{INFO}</iq>", "iq error paris/x service-unavailable"),
        (f"<iq type='get' id='1' to='{SERVER}/x'>{INFO}</iq>", "iq error verona.example/x service-unavailable"),
        (f"<iq type='get' id='1' to='a@mantua.example'>{INFO}</iq>",
         "iq error a@mantua.example remote-server-not-found"),
        (f"<iq type='get'>{PING}</iq>", "iq error bad-request"),
        ("<iq type='get' id='1'/>", "iq error bad-request"),
        (f"<iq type='get' id='1'>{PING}{PING}</iq>", "iq error bad-request"),
        (f"<iq type='ask' id='1'>{PING}</iq>", "iq error bad-request"),
        (f"<iq id='1'>{PING}</iq>", "iq error bad-request"),
    ],
)  # fmt: skip
def test_what_the_server_answers(juliet, iq: str, answer: str) -> None:
    juliet.says(iq)
    assert juliet.take() == [answer]


@pytest.mark.parametrize("kind", ["result", "error"])
@pytest.mark.parametrize("to", ["", f"to='{SERVER}'", "to='paris@verona.example/x'", "to='a@mantua.example'", "to='@'"])
def test_an_answer_is_not_answered(juliet, kind: str, to: str) -> None:
    juliet.says(f"<iq type='{kind}' id='1' {to}/>")
    assert juliet.take() == []


def test_a_request_and_its_answer_pass_between_clients(verona, juliet) -> None:
    romeo = verona.client("romeo")
    juliet.says("<iq type='get' id='1' to='romeo@verona.example/x'><ping xmlns='urn:xmpp:ping'/></iq>")
    romeo.says("<iq type='result' id='1' to='juliet@verona.example/x'/>")
    assert (romeo.take(), juliet.take()) == (["iq get juliet/x"], ["iq result romeo/x"])
