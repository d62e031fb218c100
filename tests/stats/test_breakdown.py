import pytest

from xmppscope.stats import breakdown
from xmppscope.stats.breakdown import Breakdown
from xmppscope.stats.report import Busy, ErrorCount, Payload

OWN, SERVER = "alice@a.example/desk", "a.example"
ERROR = "<error type='cancel'><{} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"


def counted(made, *stanzas: str) -> Breakdown:
    figures = Breakdown()
    for text in stanzas:
        sender = "receiving" if "from=" in text else "initiating"
        figures.stanza(*made(text, sender), OWN, SERVER)
    return figures


def test_payloads(made) -> None:
    figures = counted(
        made,
        "<presence/>",
        "<message><body>x</body></message>",
        "<message><body>x</body><x xmlns='urn:x'/></message>",
        "<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>",
        "<iq type='set'><other xmlns='urn:xmpp:ping'/></iq>",
    )
    assert figures.payloads() == [
        Payload("iq", "urn:xmpp:ping", 2),
        Payload("message", "", 2),
        Payload("presence", "", 1),
    ]


def test_errors(made) -> None:
    missing, busy = ERROR.format("item-not-found"), ERROR.format("resource-constraint")
    stanzas = [
        f"<iq type='error' id='1'>{missing}</iq>",
        f"<message type='error'>{missing}</message>",
        f"<iq type='error' id='2'><query xmlns='q'/>{missing}</iq>",
        f"<presence type='error'>{busy}</presence>",
        "<message type='error'/>",
    ]
    errors = counted(made, *stanzas).errors()
    assert [(one.name, one.condition, one.count) for one in errors] == [
        ("iq", "item-not-found", 2),
        ("message", "item-not-found", 1),
        ("presence", "resource-constraint", 1),
        ("message", "", 1),
    ]


def test_stream_errors(made) -> None:
    entry, element = made("<error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>")
    figures = Breakdown()
    figures.stream_error(entry, element)
    assert figures.errors() == [ErrorCount("stream", "conflict", 1, entry.entry)]


def test_busiest(made) -> None:
    figures = counted(
        made,
        "<message to='b@a.example/x'/>",
        "<presence/>",
        "<message from='b@a.example/x' to='alice@a.example/desk'/>",
        "<message from='b@a.example/y'/>",
    )
    assert figures.busiest() == [Busy("alice@a.example", 2, 2), Busy("b@a.example", 2, 1), Busy("a.example", 0, 1)]


@pytest.mark.parametrize("bound", ["MOST_KINDS", "MOST_JIDS"])
def test_memory_is_bounded(made, monkeypatch, bound: str) -> None:
    monkeypatch.setattr(breakdown, bound, 2)
    figures = counted(made, *(f"<message to='u{number}@x'><y xmlns='urn:{number}'/></message>" for number in range(5)))
    assert len(figures.payloads() if bound == "MOST_KINDS" else figures.busiest()) == 2
    assert figures.forgotten >= 3
