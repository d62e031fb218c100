"""Which texts an entry gets: the element first, then what is in it; of an error, its condition before all."""

import pytest

from xmppscope.explain.voice import voices
from xmppscope.model.timeline import Entry

CLIENT = "jabber:client"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"
USER = "http://jabber.org/protocol/muc#user"


def entry(kind: str, name: str | None = None, ns: str | None = None, xml: str = "", **more: object) -> Entry:
    return Entry(1, 1, 1, "initiating", kind, "", "", "", "open", "none", name=name, ns=ns, xml=xml or None, **more)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (entry("nonza", "starttls", "urn:ietf:params:xml:ns:xmpp-tls", "<starttls xmlns='x'/>"), ["starttls:starttls"]),
        (entry("nonza", "r", "urn:xmpp:sm:2"), ["sm:r"]),
        (entry("nonza", "unheard-of", "urn:example"), []),
        (entry("stream-open", "stream", "http://etherx.jabber.org/streams"), ["stream:stream"]),
        (entry("stream-close", "stream", "http://etherx.jabber.org/streams"), ["stream:/stream"]),
        (entry("stream-close", "close", "urn:ietf:params:xml:ns:xmpp-framing"), ["framing:close"]),
        (entry("gap"), ["entry:gap"]),
        (entry("tls"), ["entry:tls"]),
        (
            entry("nonza", "failure", SASL, f"<failure xmlns='{SASL}'><aborted/></failure>"),
            ["sasl-error:aborted", "sasl:failure"],
        ),
        (
            entry(
                "nonza", "failed", "urn:xmpp:sm:3", f"<failed xmlns='urn:xmpp:sm:3'><item-not-found xmlns='{STANZAS}'/>"
            ),
            ["stanza-error:item-not-found", "sm:failed"],
        ),
        (
            entry(
                "stream-error",
                "error",
                "http://etherx.jabber.org/streams",
                "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
            ),
            ["stream-error:conflict", "stream:error"],
        ),
        (
            entry(
                "stanza",
                "iq",
                CLIENT,
                f"<iq type='error'><error><conflict xmlns='{STANZAS}'/><text xmlns='{STANZAS}'/></error></iq>",
                type="error",
            ),
            ["stanza-error:conflict", "c:error", "c:iq"],
        ),
        (
            entry("stanza", "iq", CLIENT, "<iq type='get'><query xmlns='jabber:iq:roster'/></iq>"),
            ["c:iq", "ext:roster"],
        ),
        (
            entry("stanza", "iq", CLIENT, "<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>", xeps=["0199"]),
            ["c:iq", "ext:ping"],
        ),
        (entry("stanza", "message", "jabber:server", "<message/>", xeps=["0009"]), ["c:message"]),
        (
            entry("stanza", "presence", CLIENT, "<presence type='subscribed'/>", type="subscribed"),
            ["c:presence", "c:subscribe"],
        ),
        (
            entry(
                "stanza",
                "presence",
                CLIENT,
                f"<presence><x xmlns='{USER}'><status code='201'/><status code=\"110\"/></x></presence>",
                xeps=["0045"],
            ),
            ["c:presence", "muc-status:201", "muc-status:110", "ext:muc"],
        ),
    ],
)
def test_texts_of_an_entry(shown: Entry, expected: list[str]) -> None:
    assert [text.id for text in voices(shown)] == expected
