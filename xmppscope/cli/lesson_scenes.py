"""What `xmppscope lesson --live` plays: a few lessons as scenes for the demo's clients, and ways to spoil them."""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from xmppscope.demo import names
from xmppscope.demo.client import DemoClient
from xmppscope.demo.client_stream import Test
from xmppscope.demo.xml import Element, element, stanza


class Stage(Protocol):
    """Where a scene is played: it makes the clients, and says what comes before it comes."""

    spoiled: str

    def client(self, name: str, resource: str, *, password: str | None = None) -> DemoClient:
        """Return a client of one of the accounts."""

    async def step(self, step: str, *, why: bool = True) -> None:
        """Announce a step of the lesson, and wait until the audience is ready."""

    async def settle(self, seconds: float = 0) -> None:
        """Wait a moment, or so many *seconds*, so that what was caused is seen before the next step is announced."""


Scene = Callable[[Stage], Awaitable[None]]

_OVERDUE: Final = 1.2
"""Seconds after which an acknowledgement that was asked for is missing."""

WRONG: Final = "not-the-password"


async def first(stage: Stage) -> None:
    """Let two people log in, step by step, and talk."""
    juliet = stage.client("juliet", "balcony", password=WRONG if stage.spoiled == "password" else None)
    romeo = stage.client("romeo", "orchard")
    await stage.step("opening")
    await juliet.connect()
    await stage.step("starttls")
    await juliet.start_tls()
    await stage.step("proof")
    await juliet.authenticate()
    await stage.step("bind")
    await juliet.bind()
    await stage.step("roster", why=False)
    await juliet.ask("get", element(names.ROSTER, "query"))
    await stage.step("present")
    juliet.send(stanza("presence", {}))
    await stage.settle()
    if stage.spoiled == "resource":
        other = stage.client("juliet", "balcony")
        await stage.step("bind", why=False)
        await _log_in(other)
        await stage.settle()
        await other.close()
        return
    await stage.step("other", why=False)
    await _log_in(romeo)
    romeo.send(stanza("presence", {}))
    await stage.settle()
    await stage.step("asks")
    await _say(juliet, romeo, "Art thou not Romeo, and a Montague?")
    await stage.step("answers")
    await _say(romeo, juliet, "Neither, fair maid, if either thee dislike.")
    await stage.step("parting")
    await romeo.close()
    await stage.settle()
    await juliet.close()


async def resumption(stage: Stage) -> None:
    """Let a line be cut, and the session go on."""
    juliet, romeo = stage.client("juliet", "balcony"), stage.client("romeo", "orchard")
    for who in (juliet, romeo):
        await _log_in(who)
        who.send(stanza("presence", {}))
        await stage.settle()
    await stage.step("enable")
    await romeo.enable()
    await stage.step("four", why=False)
    for line in ("one", "two", "three", "four"):
        await _say(romeo, juliet, line)
    await romeo.acknowledge()
    if stage.spoiled == "acknowledgement":
        romeo.fall_silent()
        await stage.step("seen", why=False)
        await _say(juliet, romeo, "Art thou there?")
        await stage.settle()
    await stage.step("cut")
    await romeo.cut()
    await stage.settle()
    await stage.step("away")
    juliet.send(_message(romeo, juliet.new_id(), "How camest thou hither, tell me, and wherefore?"))
    await juliet.ask("get", element(names.PING, "ping"), juliet.jid.domainpart)
    await stage.step("resume")
    await romeo.resume()
    await stage.step("replayed")
    await romeo.expect(_body("How camest thou hither, tell me, and wherefore?"), "what was missed")
    await _say(romeo, juliet, "With love's light wings did I o'er-perch these walls;")
    await stage.settle(_OVERDUE if stage.spoiled else 0)
    await romeo.close()
    await juliet.close()


async def subscription(stage: Stage) -> None:
    """Let one ask to see the other's presence, and the other allow it."""
    juliet, romeo = stage.client("juliet", "balcony"), stage.client("romeo", "orchard")
    for who in (juliet, romeo):
        await _log_in(who)
        await who.ask("get", element(names.ROSTER, "query"))
        who.send(stanza("presence", {}))
        await stage.settle()
    for asking, asked in ((juliet, romeo), (romeo, juliet)):
        await stage.step("ask" if asking is juliet else "back", why=False)
        asking.send(stanza("presence", {"to": asked.jid.bare, "type": "subscribe"}))
        await asked.expect(lambda got: got.tag == names.PRESENCE and got.get("type") == "subscribe", "the request")
        await stage.settle()
        await stage.step("grant" if asking is juliet else "both", why=False)
        asked.send(stanza("presence", {"to": asking.jid.bare, "type": "subscribed"}))
        await asking.expect(lambda got: got.tag == names.PRESENCE and got.get("type") == "subscribed", "the approval")
        await stage.settle()
    await juliet.close()
    await romeo.close()


SCENES: Final[dict[str, Scene]] = {"first": first, "resumption": resumption, "subscription": subscription}
"""The lessons that can be played."""

BREAKS: Final = {
    "password": ("first", "Juliet has the wrong password"),
    "starttls": ("first", "somebody on the way takes the offer of STARTTLS out"),
    "resource": ("first", "a second client takes the same resource"),
    "acknowledgement": ("resumption", "Romeo's client acknowledges nothing"),
}
"""What can be spoiled, in which lesson, and how."""


async def _log_in(who: DemoClient) -> None:
    for step in (who.connect, who.start_tls, who.authenticate, who.bind):
        await step()


async def _say(speaker: DemoClient, listener: DemoClient, line: str) -> None:
    speaker.send(_message(listener, speaker.new_id(), line))
    await listener.expect(_body(line), "the message")


def _message(to: DemoClient, number: str, line: str) -> Element:
    body = element(names.CLIENT, "body", None, line)
    return stanza("message", {"type": "chat", "id": number, "to": str(to.jid)}, body)


def _body(line: str) -> Test:
    name = names.tag(names.CLIENT, "body")
    return lambda got: got.findtext(name) == line
