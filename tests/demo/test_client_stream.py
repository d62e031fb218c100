"""The client's end of a connection without a network."""

import asyncio
import re
import ssl

import pytest

from xmppscope.demo.client_stream import INBOX_BOUND, ClientStream, DemoError
from xmppscope.demo.jid import Jid
from xmppscope.demo.management import Management

HEADER = (
    b"<stream:stream from='verona.example' id='1' version='1.0' xmlns='jabber:client' "
    b"xmlns:stream='http://etherx.jabber.org/streams'>"
)
R = b"<r xmlns='urn:xmpp:sm:3'/>"


class FakeLine:
    """A line that keeps what is written; closing it ends the connection at once."""

    secure = True

    def __init__(self, stream: ClientStream) -> None:
        self.text = ""
        self.closed = False
        self._stream = stream

    def write(self, data: bytes) -> None:
        self.text += data.decode()

    def close(self) -> None:
        self.closed = True
        self._stream.ended("")


@pytest.fixture
def opened():
    """Run a scenario with a stream on which the server has sent its header, and the line below it."""

    def run(scenario) -> None:
        async def main() -> None:
            stream = ClientStream(Jid("juliet", "verona.example"), ssl.create_default_context(), 0.2)
            line = FakeLine(stream)
            stream.connected(line)
            stream.received(HEADER)
            await scenario(stream, line)

        asyncio.run(main())

    return run


def test_nothing_is_sent_behind_the_closing_tag(opened) -> None:
    async def scenario(stream, line) -> None:
        stream.management = Management(received=3)
        closing = asyncio.create_task(stream.close())
        await asyncio.sleep(0)
        stream.received(R + b"<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq></stream:stream>")
        await closing
        assert line.text == '<a xmlns="urn:xmpp:sm:3" h="3"/></stream:stream>'

    opened(scenario)


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (R, '<a xmlns="urn:xmpp:sm:3" h="0"/>'),
        (b"<iq type='get' id='1' from='a'><ping xmlns='urn:xmpp:ping'/></iq>", '<iq type="result" id="1" to="a"/>'),
        (b"<iq type='set' id='1'><query xmlns='jabber:iq:roster'/></iq>", '<iq type="result" id="1"/>'),
        (
            b"<iq type='get' id='1'><query xmlns='jabber:iq:version'/></iq>",
            '<iq type="error" id="1"><error type="cancel">'
            '<service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>',
        ),
        (b"<iq type='result' id='1'/>", ""),
        (b"<message/>", ""),
    ],
)
def test_what_asks_for_an_answer_gets_it_at_once(opened, sent: bytes, answer: str) -> None:
    async def scenario(stream, line) -> None:
        stream.management = Management()
        stream.received(sent)
        assert line.text == answer

    opened(scenario)


def test_counting_begins_with_enabled(opened) -> None:
    async def scenario(stream, _line) -> None:
        stream.management = Management()
        stream.received(b"<presence/><enabled xmlns='urn:xmpp:sm:3'/><presence/><message/>")
        assert stream.management.received == 2

    opened(scenario)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"<a></b>", "what the server sent is wrong: not-well-formed"),
        (b"<a/>" * (INBOX_BOUND + 1), "the server sends more than the demo can expect"),
        (
            b"<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
            "the server ended the stream: conflict",
        ),
    ],
)
def test_a_server_that_is_wrong_is_given_up(opened, sent: bytes, words: str) -> None:
    async def scenario(stream, line) -> None:
        stream.received(sent)
        with pytest.raises(DemoError, match=re.escape(words)):
            await stream.expect(lambda got: got.get("id") == "never", "something")
        assert line.closed

    opened(scenario)


def test_what_came_in_between_is_not_lost(opened) -> None:
    async def scenario(stream, _line) -> None:
        stream.received(b"<message id='1'/><message id='2'/>")
        for number in ("2", "1"):
            got = await stream.expect(lambda one, number=number: one.get("id") == number, "a message")
            assert got.get("id") == number
        with pytest.raises(DemoError, match=re.escape("a third did not come in 0.2 s")):
            await stream.expect(lambda _: True, "a third")

    opened(scenario)
