"""Whatever comes, the server ends with an answer of the protocol and never with an exception of Python."""

import asyncio
import base64
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from xmppscope.demo.accounts import Accounts
from xmppscope.demo.errors import StreamError
from xmppscope.demo.reader import StreamReader
from xmppscope.demo.scram import ScramError, ServerExchange, derive
from xmppscope.demo.stream import Host, ServerStream

HEADER = (
    b"<?xml version='1.0'?><stream:stream to='verona.example' version='1.0' xmlns='jabber:client' "
    b"xmlns:stream='http://etherx.jabber.org/streams'>"
)
KEYS = derive("secret", b"salt", 4096, "sha256")

ADDRESSES = st.sampled_from(
    [
        "",
        "verona.example",
        "juliet@verona.example",
        "juliet@verona.example/x",
        "romeo@verona.example",
        "a@b",
        "@",
        "é/é",
    ]
)
TYPES = st.sampled_from(
    [
        "get",
        "set",
        "result",
        "error",
        "chat",
        "groupchat",
        "headline",
        "unavailable",
        "probe",
        "subscribe",
        "subscribed",
        "unsubscribe",
        "unsubscribed",
        "\u202e",
    ]
)
CONTENTS = st.lists(
    st.sampled_from(
        [
            "<query xmlns='jabber:iq:roster'/>",
            "<query xmlns='jabber:iq:roster'><item jid='romeo@verona.example' subscription='remove'/></query>",
            "<query xmlns='jabber:iq:roster'><item jid='romeo@verona.example'><group/></item></query>",
            "<query xmlns='jabber:iq:roster'><item jid='romeo@verona.example'/></query>",
            "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>x</resource></bind>",
            "<query xmlns='http://jabber.org/protocol/disco#info' node='n'/>",
            "<ping xmlns='urn:xmpp:ping'/>",
            "<priority>٣</priority>",
            "<priority/>",
            "<a xmlns='' xml:lang='x' xmlns:y='z' y:b='&#13;'>&lt;<![CDATA[]]&gt;]]></a>",
        ]
    ),
    max_size=2,
).map("".join)
STANZAS = st.builds(
    "<{0} to='{1}' type='{2}' {3}>{4}</{0}>".format,
    st.sampled_from(["message", "presence", "iq"]),
    ADDRESSES,
    TYPES,
    st.sampled_from(["id='1'", ""]),
    CONTENTS,
)
NONZAS = st.builds(
    "<{} xmlns='urn:xmpp:sm:3' previd='{}' h='{}' resume='true'/>".format,
    st.sampled_from(["enable", "resume", "r", "a", "unheard-of"]),
    st.sampled_from(["", "a"]),
    st.sampled_from(["0", "1", "5", "x", ""]),
)


class Void:
    """A line into nowhere."""

    unique = None

    def write(self, data: bytes) -> None:
        data.decode()

    def close(self) -> None:
        """Nothing to close."""

    def start_tls(self, *_arguments, **_options) -> None:
        """No TLS."""


@given(st.binary(max_size=60), st.booleans())
def test_bytes(data: bytes, behind_a_header: bool) -> None:
    reader = StreamReader(HEADER if behind_a_header else b"")
    reader.feed(data)
    with suppress(StreamError):
        while reader.next() is not None:
            pass


@given(st.lists(st.text("nypca=,rsi3D2C\0\x7fé", max_size=20), min_size=2, max_size=2), st.booleans())
def test_scram(messages: list[str], plus: bool) -> None:
    exchange = ServerExchange("sha256", lambda _: KEYS, {"tls-server-end-point": b""}, plus=plus)
    with suppress(ScramError):
        exchange.first(messages[0])
        assert not exchange.final(messages[1])


ACCOUNTS = Accounts("verona.example")
for name in ("juliet", "romeo"):
    ACCOUNTS.add(name, "secret")


@settings(max_examples=60)
@given(st.lists(STANZAS | NONZAS, max_size=12))
def test_stanzas_and_nonzas(elements: list[str]) -> None:
    async def main() -> None:
        host = Host(ACCOUNTS, None, None, b"", hold=60)
        streams = []
        for username in ("juliet", "romeo"):
            stream = ServerStream(host, direct_tls=False)
            streams.append(stream)
            stream.connected(Void())
            stream.secured()
            plain = base64.b64encode(f"\0{username}\0secret".encode())
            auth = b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" + plain + b"</auth>"
            bind = b"<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
            stream.received(HEADER + auth + HEADER + bind)
        for number, element in enumerate(elements):
            streams[number % 2].received(element.encode())
        for stream in streams:
            stream.ended("")
        ACCOUNTS.forget_sessions()

    asyncio.run(main())
