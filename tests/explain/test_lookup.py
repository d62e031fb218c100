"""What a word means: names with and without prefix, numbers, namespaces, titles, tags."""

import pytest

from xmppscope.explain.lookup import counts, explain, names, of_condition, of_element, of_xep


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("starttls", [("starttls", "element", "RFC 6120 §5.4.2.1")]),
        ("<starttls/>", [("starttls", "element", "RFC 6120 §5.4.2.1")]),
        (" STARTTLS ", [("starttls", "element", "RFC 6120 §5.4.2.1")]),
        ("sm:resume", [("resume", "element", "XEP-0198 §5")]),
        ("</stream>", [("/stream", "element", "RFC 6120 §4.4")]),
        ("item-not-found", [("item-not-found", "stanza error condition", "RFC 6120 §8.3.3.7")]),
        ("sasl-error:not-authorized", [("not-authorized", "SASL error condition", "RFC 6120 §6.5.10")]),
        ("xml-not-well-formed", [("not-well-formed", "stream error condition", "RFC 6120 §4.9.3.13")]),
        ("half-closed", [("half-closed", "state", "RFC 6120 §4.4")]),
        ("110", [("110", "MUC status code", "XEP-0045 §7.2.2")]),
        ("0110", [("Generic Maps", "extension", "XEP-0110, Deferred")]),
        ("198", [("Stream Management", "extension", "XEP-0198, Stable")]),
        ("0198", [("Stream Management", "extension", "XEP-0198, Stable")]),
        ("xep-0198", [("Stream Management", "extension", "XEP-0198, Stable")]),
        ("stream management", [("Stream Management", "extension", "XEP-0198, Stable")]),
        ("mam", [("Message Archive Management", "extension", "XEP-0313, Stable")]),
        ("jabber-rpc", [("Jabber-RPC", "extension", "XEP-0009, Final")]),
        ("urn:xmpp:sm:3", [("urn:xmpp:sm:3", "namespace", "XEP-0198")]),
        ("urn:ietf:params:xml:ns:xmpp-sasl", [("urn:ietf:params:xml:ns:xmpp-sasl", "namespace", "RFC 6120")]),
        ("disco#info", [("http://jabber.org/protocol/disco#info", "namespace", "XEP-0030")]),
        ("9999", []),
        ("nothing-like-it", []),
        ("", []),
    ],
)
def test_what_a_word_means(what: str, expected: list[tuple[str, str, str]]) -> None:
    assert [(found.name, found.kind, found.spec) for found in explain(what)] == expected


def test_a_name_of_several_things_explains_each() -> None:
    assert [found.kind for found in explain("not-authorized")] == [
        "stream error condition",
        "stanza error condition",
        "SASL error condition",
    ]
    assert [found.name for found in explain("failure")] == [
        "starttls:failure",
        "compress:failure",
        "sasl:failure",
        "sasl2:failure",
    ]
    assert [found.kind for found in explain("open")] == ["element", "state"]


def test_a_code_points_to_the_xep_of_its_number() -> None:
    (found,) = explain("110")
    assert found.see[-1] == "XEP-0110"


def test_a_namespace_lists_its_elements() -> None:
    (found,) = explain("urn:xmpp:sm:3")
    assert "<resume/>" in found.paragraphs[-1]
    assert "sm:resume" in found.see
    (other,) = explain("urn:xmpp:sm:7")
    assert "Not registered" in other.paragraphs[-1]


def test_elements_by_expanded_name() -> None:
    for ns in ("jabber:client", "jabber:server", "jabber:component:accept", ""):
        text = of_element(ns, "message")
        assert text is not None
        assert text.id == "c:message"
    handshake = of_element("jabber:component:accept", "handshake")
    older = of_element("urn:xmpp:sm:2", "r")
    assert handshake is not None
    assert handshake.id == "comp:handshake"
    assert older is not None
    assert older.id == "sm:r"
    assert of_element("urn:example", "r") is None


def test_conditions_and_extensions_by_what_is_on_the_wire() -> None:
    condition = of_condition("urn:ietf:params:xml:ns:xmpp-streams", "conflict")
    assert condition is not None
    assert condition.id == "stream-error:conflict"
    assert of_condition("urn:example", "conflict") is None
    archive = of_xep("0313")
    assert archive is not None
    assert archive.name == "mam"
    assert of_xep("0009") is None


def test_all_that_is_listed_can_be_asked_for() -> None:
    assert not [name for name in names() if not explain(name)]
    assert sum(map(len, counts().values())) > 200
