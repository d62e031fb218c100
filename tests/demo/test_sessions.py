import asyncio
import re

import pytest

from xmppscope.demo.management import QUEUE_BOUND, Management
from xmppscope.demo.routing import end

MESSAGE = "<message to='romeo@verona.example/x' type='chat' id='{}'><body>{}</body></message>"


@pytest.fixture
def pair(verona):
    """Juliet, and Romeo with a session that can be resumed."""
    juliet, romeo = verona.client("juliet").comes(), verona.client("romeo").comes()
    romeo.session.management = Management("id of the session")
    return juliet, romeo


def lose(romeo, seconds: float = 60) -> None:
    romeo.session.suspend(seconds, lambda: end(romeo.accounts, romeo.session))


def test_the_server_asks_when_five_are_not_acknowledged_and_not_again(pair) -> None:
    juliet, romeo = pair
    for number in range(7):
        juliet.says(MESSAGE.format(number, "hello"))
    asked = [index for index, text in enumerate(romeo.got) if text == '<r xmlns="urn:xmpp:sm:3"/>']
    assert asked == [5]
    romeo.session.acknowledged("7")
    assert not romeo.session.management.unacknowledged


def test_what_comes_while_the_line_is_cut_comes_after_the_resumption(verona, pair) -> None:
    async def scenario() -> None:
        juliet, romeo = pair
        juliet.says(MESSAGE.format("a", "seen"))
        juliet.says(MESSAGE.format("b", "on the way"))
        lose(romeo)
        romeo.got.clear()
        juliet.says(MESSAGE.format("c", "while away"))
        juliet.says("<iq type='get' id='d' to='romeo@verona.example/x'><ping xmlns='urn:xmpp:ping'/></iq>")
        romeo.session.management.received = 17
        assert (juliet.take(), romeo.got) == ([], [])
        romeo.session.resume(romeo, "1")
        resumed, *messages, iq, asks = romeo.got
        assert resumed == '<resumed xmlns="urn:xmpp:sm:3" previd="id of the session" h="17"/>'
        assert [re.findall("id=.(.)|<body>(.*)</body>", text) for text in messages] == [
            [("b", ""), ("", "on the way")],
            [("c", ""), ("", "while away")],
        ]
        delay = r'<delay xmlns="urn:xmpp:delay" from="verona.example" stamp="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/>'
        assert all(re.search(delay, text) for text in messages)
        assert ("delay" not in iq, asks) == (True, '<r xmlns="urn:xmpp:sm:3"/>')

    asyncio.run(scenario())


def test_nothing_is_lost_by_a_second_cut(pair) -> None:
    async def scenario() -> None:
        juliet, romeo = pair
        for number in range(2):
            lose(romeo)
            juliet.says(MESSAGE.format(number, "hello"))
            romeo.got.clear()
            romeo.session.resume(romeo, "0")
            assert len(romeo.take()) == 1 + (number + 1) + 1

    asyncio.run(scenario())


def test_a_session_that_is_not_resumed_ends_and_the_senders_hear_of_it(verona, pair) -> None:
    async def scenario() -> None:
        juliet, romeo = pair
        lose(romeo, 0)
        juliet.says(MESSAGE.format("a", "hello"))
        juliet.says("<iq type='get' id='d' to='romeo@verona.example/x'><ping xmlns='urn:xmpp:ping'/></iq>")
        while verona.accounts.named("romeo").sessions:
            await asyncio.sleep(0)
        assert juliet.take() == [
            "message error romeo/x recipient-unavailable",
            "iq error romeo/x service-unavailable",
        ]

    asyncio.run(scenario())


def test_what_was_not_received_goes_to_another_resource(verona, pair) -> None:
    async def scenario() -> None:
        juliet, romeo = pair
        orchard = verona.client("romeo", "orchard").comes()
        lose(romeo)
        juliet.says(MESSAGE.format("a", "hello"))
        romeo.ends()
        assert (juliet.take(), orchard.take()) == ([], ["presence unavailable romeo/x", "message chat juliet/x hello"])

    asyncio.run(scenario())


def test_who_does_not_acknowledge_is_cut_off(pair, element) -> None:
    _, romeo = pair
    for _ in range(QUEUE_BOUND):
        assert romeo.session.deliver(element("<message/>"))
    assert romeo.errors == []
    assert not romeo.session.deliver(element("<message/>"))
    assert romeo.errors == ["policy-violation: too much is not acknowledged"]


def test_who_is_away_too_long_gets_no_more(pair, element) -> None:
    async def scenario() -> None:
        juliet, romeo = pair
        lose(romeo)
        for _ in range(QUEUE_BOUND):
            romeo.session.deliver(element("<presence/>"))
        juliet.says(MESSAGE.format("a", "hello"))
        assert juliet.take() == ["message error romeo/x recipient-unavailable"]

    asyncio.run(scenario())
