"""The story of the demo: Romeo and Juliet log in, befriend each other and talk; his line is cut, and he resumes.

What they say is from Romeo and Juliet, act 2, scene 2. Each step waits for what it causes on the other side, so the
story is the same at any pace.
"""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Final

from xmppscope.demo import names
from xmppscope.demo.client import DemoClient
from xmppscope.demo.client_stream import Test
from xmppscope.demo.log import Seen
from xmppscope.demo.names import tag
from xmppscope.demo.xml import Element, element, stanza

DOMAIN: Final = "verona.example"
ACCOUNTS: Final = {"juliet": "any-other-name-would-smell-as-sweet", "romeo": "with-loves-light-wings"}
PACE: Final = 1.0
"""Seconds between the steps, so that one can read along; the whole takes about forty times as long."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened: all that the two clients saw, in the order of time, and how much it was."""

    seen: tuple[Seen, ...]
    messages: int
    redelivered: int
    resumed: bool

    @property
    def connections(self) -> int:
        """How many connections there were."""
        return len({(seen.who, seen.connection) for seen in self.seen})

    @property
    def stanzas(self) -> int:
        """How many stanzas the clients sent and received."""
        return sum(seen.is_stanza for seen in self.seen)

    @property
    def cuts(self) -> int:
        """How often a connection was cut."""
        return sum(seen.kind == "cut" for seen in self.seen)

    def of(self, who: str, connection: int) -> list[Seen]:
        """Return what one client, by its bare JID, saw on one of its connections."""
        return [seen for seen in self.seen if (seen.who, seen.connection) == (who, connection)]


def cast(host: str, port: int, authority: ssl.SSLContext | str | bytes) -> tuple[DemoClient, DemoClient]:
    """Return Romeo and Juliet, who will connect there."""
    romeo = DemoClient(f"romeo@{DOMAIN}", ACCOUNTS["romeo"], host, port, authority, resource="orchard")
    juliet = DemoClient(f"juliet@{DOMAIN}", ACCOUNTS["juliet"], host, port, authority, resource="balcony")
    return romeo, juliet


async def play(romeo: DemoClient, juliet: DemoClient, pace: float = PACE) -> Outcome:
    """Play the whole story, with *pace* seconds between its steps."""
    return await _Stage(romeo, juliet, pace).play()


class _Stage:
    """The two clients and the time between their steps."""

    def __init__(self, romeo: DemoClient, juliet: DemoClient, pace: float) -> None:
        self._romeo = romeo
        self._juliet = juliet
        self._pace = pace
        self._messages = 0
        self._redelivered = 0

    async def play(self) -> Outcome:
        """Play one scene after the other."""
        romeo, juliet = self._romeo, self._juliet
        await self._arrive(juliet, "on the balcony")
        await self._arrive(romeo, "in the orchard")
        await self._befriend(juliet, romeo)
        await self._befriend(romeo, juliet)
        await self._type(juliet, romeo)
        await self._say(juliet, romeo, "O Romeo, Romeo! wherefore art thou Romeo?")
        await self._type(romeo, juliet)
        await self._say(romeo, juliet, "Call me but love, and I'll be new baptized;")
        await self._say(juliet, romeo, "Art thou not Romeo and a Montague?")
        await self._say(romeo, juliet, "Neither, fair saint, if either thee dislike.")
        await juliet.ask("get", element(names.PING, "ping"), juliet.jid.domainpart)
        await self._beat()
        await self._say(juliet, romeo, "How camest thou hither, tell me, and wherefore?")
        await self._say(romeo, juliet, "With love's light wings did I o'er-perch these walls;")
        await romeo.acknowledge()
        await self._beat()
        resumed = await self._cut_and_resume()
        await self._say(romeo, juliet, "By love, who first did prompt me to inquire;")
        await self._say(juliet, romeo, "Good night, good night! Parting is such sweet sorrow,")
        await self._say(romeo, juliet, "Sleep dwell upon thine eyes, peace in thy breast!")
        await self._part()
        seen = sorted((*romeo.log.seen, *juliet.log.seen), key=lambda one: one.time)
        return Outcome(tuple(seen), self._messages, self._redelivered, resumed)

    async def _arrive(self, who: DemoClient, where: str) -> None:
        """Log in, get the roster, become available."""
        await who.login(self._half_beat)
        await who.ask("get", element(names.ROSTER, "query"))
        await self._beat()
        who.send(stanza("presence", {}, element(names.CLIENT, "status", None, where)))
        await who.expect(_presence(str(who.jid)), "the own presence")
        await self._beat()

    async def _befriend(self, user: DemoClient, contact: DemoClient) -> None:
        """Let one ask for the other's presence, and the other allow it (RFC 6121 §3.1)."""
        mutual = user is self._romeo
        user.send(stanza("presence", {"to": contact.jid.bare, "type": "subscribe"}))
        await user.expect(_push(contact.jid.bare, "from" if mutual else "none", "subscribe"), "the roster push")
        await contact.expect(_presence(user.jid.bare, "subscribe"), "the request")
        await self._beat()
        contact.send(stanza("presence", {"to": user.jid.bare, "type": "subscribed"}))
        await contact.expect(_push(user.jid.bare, "both" if mutual else "from"), "the roster push")
        await user.expect(_presence(contact.jid.bare, "subscribed"), "the approval")
        await user.expect(_push(contact.jid.bare, "both" if mutual else "to"), "the roster push")
        await user.expect(_presence(str(contact.jid)), "the contact's presence")
        await self._beat()

    async def _say(self, speaker: DemoClient, listener: DemoClient, line: str) -> None:
        """Let one write, and the other confirm that it has arrived."""
        await self._confirm(listener, speaker, self._write(speaker, listener, line))
        await self._beat()

    async def _type(self, speaker: DemoClient, listener: DemoClient) -> None:
        """Let the other see that one is writing (XEP-0085)."""
        composing = tag(names.CHAT_STATES, "composing")
        speaker.send(_message(speaker, listener, element(names.CHAT_STATES, "composing")))
        await listener.expect(lambda got: got.find(composing) is not None, "the chat state")
        await self._beat()

    def _write(self, speaker: DemoClient, listener: DemoClient, line: str) -> str:
        """Send a line; return the id of the message."""
        content = [element(names.CLIENT, "body", None, line), element(names.CHAT_STATES, "active")]
        message = _message(speaker, listener, *content, element(names.RECEIPTS, "request"))
        speaker.send(message)
        self._messages += 1
        return message.get("id") or ""

    async def _confirm(self, listener: DemoClient, speaker: DemoClient, number: str) -> Element:
        """Wait for a message, and let its receipt go back (XEP-0184)."""
        got = await listener.expect(lambda one: one.tag == names.MESSAGE and one.get("id") == number, "the message")
        listener.send(_message(listener, speaker, element(names.RECEIPTS, "received", {"id": number})))
        await speaker.expect(_receipt(number), "the receipt")
        return got

    async def _cut_and_resume(self) -> bool:
        """Cut Romeo's line while both go on writing; he resumes, gets what he missed and sends what he kept."""
        romeo, juliet = self._romeo, self._juliet
        await romeo.cut()
        await self._beat()
        numbers = []
        for line in ("If they do see thee, they will murder thee.", "By whose direction found'st thou out this place?"):
            numbers.append(self._write(juliet, romeo, line))
            await self._beat()
        # Romeo must not be back before the server has these lines.
        await juliet.acknowledge()
        kept = self._write(romeo, juliet, "Alack, there lies more peril in thine eye")
        resumed = await romeo.resume(self._half_beat)
        await self._confirm(juliet, romeo, kept)
        await self._beat()
        for number in numbers:
            got = await self._confirm(romeo, juliet, number)
            self._redelivered += got.find(tag(names.DELAY, "delay")) is not None
        await self._beat()
        return resumed

    async def _part(self) -> None:
        """Let both log out, first Romeo; Juliet sees him go."""
        romeo, juliet = self._romeo, self._juliet
        for who in (romeo, juliet):
            who.send(stanza("presence", {"type": "unavailable"}))
            await who.expect(_presence(str(who.jid), "unavailable"), "the own presence")
            await self._half_beat()
            await who.close()
            if who is romeo:
                await juliet.expect(_presence(str(romeo.jid), "unavailable"), "the end of the contact's presence")
            await self._beat()

    async def _beat(self) -> None:
        await asyncio.sleep(self._pace)

    async def _half_beat(self) -> None:
        await asyncio.sleep(self._pace / 2)


def _message(sender: DemoClient, to: DemoClient, *content: Element) -> Element:
    return stanza("message", {"type": "chat", "id": sender.new_id(), "to": str(to.jid)}, *content)


def _presence(sender: str, kind: str | None = None) -> Test:
    return lambda got: got.tag == names.PRESENCE and (got.get("from"), got.get("type")) == (sender, kind)


def _push(jid: str, subscription: str, ask: str | None = None) -> Test:
    """Return the test for the roster push that says so."""

    def test(got: Element) -> bool:
        item = got.find(f"{tag(names.ROSTER, 'query')}/{tag(names.ROSTER, 'item')}")
        wanted = (jid, subscription, ask)
        return item is not None and (item.get("jid"), item.get("subscription"), item.get("ask")) == wanted

    return test


def _receipt(number: str) -> Test:
    name = tag(names.RECEIPTS, "received")
    return lambda got: (receipt := got.find(name)) is not None and receipt.get("id") == number
