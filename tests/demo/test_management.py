from datetime import UTC, datetime

import pytest

from xmppscope.demo.errors import StreamError
from xmppscope.demo.management import QUEUE_BOUND, Management, number
from xmppscope.demo.xml import stanza, written

NOW = datetime(2026, 11, 24, tzinfo=UTC)
LAST = (1 << 32) - 1


def sent(management: Management, *ids: str) -> None:
    for name in ids:
        management.count_sent(stanza("message", {"id": name}), NOW)


def waiting(management: Management) -> list[str | None]:
    return [element.get("id") for element, _ in management.unacknowledged]


def test_what_is_acknowledged_is_forgotten() -> None:
    management = Management()
    sent(management, "a", "b", "c")
    management.acknowledge("2")
    management.acknowledge("2")
    assert waiting(management) == ["c"]
    management.acknowledge("3")
    assert (waiting(management), management.sent) == ([], 3)


def test_counters_wrap() -> None:
    management = Management(received=LAST, sent=LAST)
    management.count_received()
    sent(management, "a", "b")
    assert (management.received, management.sent) == (0, 1)
    assert written(management.answer()) == '<a xmlns="urn:xmpp:sm:3" h="0"/>'
    management.acknowledge("0")
    assert waiting(management) == ["b"]
    management.acknowledge("1")
    assert waiting(management) == []


@pytest.mark.parametrize("handled", ["4", "1", str(LAST)])
def test_more_than_was_sent_cannot_be_acknowledged_nor_less_than_before(handled: str) -> None:
    management = Management()
    sent(management, "a", "b", "c")
    management.acknowledge("2")
    with pytest.raises(StreamError) as caught:
        management.acknowledge(handled)
    assert written(caught.value.element()) == (
        '<stream:error><undefined-condition xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>'
        f'<handled-count-too-high xmlns="urn:xmpp:sm:3" h="{handled}" send-count="3"/></stream:error>'
    )


@pytest.mark.parametrize("text", [None, "", "-1", "1.0", " 1", "٣", str(LAST + 1), "1" * 5000])
def test_what_is_no_count(text: str | None) -> None:
    with pytest.raises(StreamError):
        number(text)


def test_the_queue_has_a_bound() -> None:
    management = Management()
    for _ in range(QUEUE_BOUND):
        assert not management.full
        sent(management, "a")
    assert management.full
