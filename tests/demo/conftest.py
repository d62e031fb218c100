"""For the tests of the demo: a domain whose connections are lists, and a server that listens."""

import asyncio
import contextlib

import pytest
from lxml import etree

from xmppscope.demo import DOMAIN, DemoServer
from xmppscope.demo.accounts import Accounts
from xmppscope.demo.routing import end, route
from xmppscope.demo.sessions import Session
from xmppscope.demo.xml import written

CLIENT = "jabber:client"


def parsed(text: str) -> etree._Element:
    """A first-level element as it stands in a stream."""
    return etree.fromstring(
        f"<stream xmlns='{CLIENT}' xmlns:stream='http://etherx.jabber.org/streams'>{text}</stream>"
    )[0]


class Client:
    """A logged-in client: what it was sent, as text, in `got`; `lost` makes its connection fail."""

    def __init__(self, accounts: Accounts, username: str, resource: str) -> None:
        self.accounts = accounts
        self.got: list[str] = []
        self.errors: list[str] = []
        self.session = Session(accounts.named(username), resource, self)
        self.session.account.sessions[resource] = self.session

    def send(self, element: etree._Element) -> None:
        self.got.append(written(element))

    def fail(self, error: Exception) -> None:
        self.errors.append(str(error))

    def detach(self) -> None:
        """Nothing to let go of."""

    def says(self, text: str) -> None:
        route(self.accounts, self.session, parsed(text), None)

    def comes(self) -> "Client":
        """Ask for the roster and become available; what comes of it is forgotten."""
        self.says('<iq type="get" id="r"><query xmlns="jabber:iq:roster"/></iq>')
        self.says("<presence/>")
        self.got.clear()
        return self

    def ends(self) -> None:
        end(self.accounts, self.session)

    def take(self) -> list[str]:
        """What has come since the last time, in short."""
        taken, self.got = [short(text) for text in self.got], []
        return taken


def short(text: str) -> str:
    """An element in few words: what decides about subscriptions and errors, without the domain."""
    element = parsed(text)
    words = [etree.QName(element).localname, element.get("type"), element.get("from")]
    for item in element.iter("{jabber:iq:roster}item"):
        words += ["item", item.get("jid"), item.get("subscription"), item.get("ask")]
    for error in element.iter(f"{{{CLIENT}}}error"):
        words.append(etree.QName(error[0]).localname)
    words += [body.text for body in element.iter(f"{{{CLIENT}}}body")]
    return " ".join(word for word in words if word).replace(f"@{DOMAIN}", "")


class Verona:
    """Accounts for juliet, romeo and nurse."""

    def __init__(self) -> None:
        self.accounts = Accounts(DOMAIN)
        for username in ("juliet", "romeo", "nurse"):
            self.accounts.add(username, "secret")

    def client(self, username: str, resource: str = "x") -> Client:
        return Client(self.accounts, username, resource)

    def state(self, username: str, contact: str) -> str:
        return self.accounts.named(username).contact(f"{contact}@{DOMAIN}").state.name


@pytest.fixture
def verona() -> Verona:
    """A domain without connections."""
    return Verona()


@pytest.fixture
def element():
    """Parse a first-level element."""
    return parsed


@pytest.fixture
def serving():
    """Run a coroutine function with a listening server: `serving(scenario, hold=…)` returns what it returns."""

    def run(scenario, **options):
        async def main():
            async with DemoServer(DOMAIN, {"juliet": "secret", "romeo": "secret"}, **options) as server:
                await server.start(direct_tls_port=0)
                async with asyncio.timeout(20):
                    return await scenario(server)

        return asyncio.run(main())

    return run


@pytest.fixture
def closing():
    """Close a writer and wait until it is closed, whatever the other side did."""

    async def close(writer: asyncio.StreamWriter) -> None:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    return close
