"""The server with a client that others have written."""

import asyncio
import ssl

import pytest

from xmppscope.demo import DOMAIN

slixmpp = pytest.importorskip("slixmpp", reason="slixmpp is not installed (pip install slixmpp)")

pytestmark = [
    pytest.mark.real,
    # What slixmpp does with asyncio and its own plugins is not what is tested here.
    pytest.mark.filterwarnings("default::DeprecationWarning", "default::ResourceWarning"),
]


class Someone:
    """A client with what ordinary clients do at a login: roster, presence, stream management."""

    def __init__(self, username: str, authority: str, port: int, mechanism: str | None, newest: ssl.TLSVersion) -> None:
        self.xmpp = slixmpp.ClientXMPP(f"{username}@{DOMAIN}/there", "secret", sasl_mech=mechanism)
        self.xmpp.ca_certs = authority
        self.xmpp.ssl_context.maximum_version = newest
        for plugin in ("xep_0030", "xep_0198", "xep_0199"):
            self.xmpp.register_plugin(plugin)
        self.port = port
        self.heard: asyncio.Queue[str] = asyncio.Queue()
        self.ready, self.resumed = asyncio.Event(), asyncio.Event()
        self.xmpp.add_event_handler("session_start", self.begin)
        self.xmpp.add_event_handler("session_resumed", lambda _: self.resumed.set())
        self.xmpp.add_event_handler("message", lambda message: self.heard.put_nowait(message["body"]))

    def connect(self) -> None:
        self.xmpp.connect("127.0.0.1", self.port)

    async def begin(self, _event) -> None:
        await self.xmpp.get_roster()
        self.xmpp.send_presence()
        self.ready.set()

    def subscription(self, username: str) -> str:
        return self.xmpp.client_roster[f"{username}@{DOMAIN}"]["subscription"]


@pytest.mark.parametrize(
    ("mechanism", "newest"),
    [
        (None, ssl.TLSVersion.TLSv1_3),
        (None, ssl.TLSVersion.TLSv1_2),
        ("SCRAM-SHA-1", ssl.TLSVersion.TLSv1_3),
        ("PLAIN", ssl.TLSVersion.TLSv1_3),
    ],
)
def test_login_roster_subscription_chat_and_resumption(serving, tmp_path, mechanism, newest) -> None:
    async def scenario(server) -> None:
        authority = tmp_path / "authority.pem"
        authority.write_bytes(server.authority_pem)
        juliet, romeo = (Someone(name, str(authority), server.port, mechanism, newest) for name in ("juliet", "romeo"))
        for one in (juliet, romeo):
            one.connect()
            await one.ready.wait()
        juliet.xmpp.send_presence_subscription(f"romeo@{DOMAIN}")
        juliet.xmpp.send_message(f"romeo@{DOMAIN}", "to the account", mtype="chat")
        romeo.xmpp.send_message(f"juliet@{DOMAIN}/there", "to the resource", mtype="chat")
        assert (await romeo.heard.get(), await juliet.heard.get()) == ("to the account", "to the resource")
        assert await juliet.xmpp.plugin["xep_0199"].ping(DOMAIN) > 0
        info = await romeo.xmpp.plugin["xep_0030"].get_info(jid=DOMAIN)
        assert "urn:xmpp:ping" in info["disco_info"]["features"]
        # slixmpp approves requests and asks in return.
        while (juliet.subscription("romeo"), romeo.subscription("juliet")) != ("both", "both"):
            await asyncio.sleep(0.01)
        lost = asyncio.get_running_loop().create_future()
        romeo.xmpp.add_event_handler("disconnected", lambda _: lost.done() or lost.set_result(None))
        romeo.xmpp.transport.abort()
        await lost
        juliet.xmpp.send_message(f"romeo@{DOMAIN}/there", "while away", mtype="chat")
        romeo.connect()
        await romeo.resumed.wait()
        assert await romeo.heard.get() == "while away"
        await juliet.xmpp.disconnect()
        await romeo.xmpp.disconnect()

    serving(scenario)
