"""Connections as they are on the wire: TLS from the exact byte, an orderly end, a cut, and who does not read."""

import asyncio
import socket
import ssl

import pytest

from xmppscope.demo.line import Line

STARTTLS = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
HEADER = (
    b"<stream:stream to='verona.example' version='1.0' xmlns='jabber:client' "
    b"xmlns:stream='http://etherx.jabber.org/streams'>"
)


class Tls:
    """The client's side of TLS in memory, so that its bytes can be sent at any time."""

    def __init__(self, authority: bytes) -> None:
        context = ssl.create_default_context(cadata=authority.decode())
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="verona.example")
        self.hello = self.step() and self.outgoing.read()

    def step(self) -> bool:
        """Go on with the handshake; return whether it waits for more."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return True
        return False

    async def finish(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while self.step():
            writer.write(self.outgoing.read())
            self.incoming.write(await reader.read(65536) or pytest.fail("no TLS"))
        writer.write(self.outgoing.read())

    async def ask(self, reader, writer, data: bytes) -> bytes:
        """Send bytes under TLS; return what comes back until the features."""
        self.tls.write(data)
        writer.write(self.outgoing.read())
        got = b""
        while b"</stream:features>" not in got:
            try:
                got += self.tls.read(65536)
            except ssl.SSLWantReadError:
                self.incoming.write(await reader.read(65536) or pytest.fail("no features"))
        return got


@pytest.mark.parametrize("between", [b"", b"\n"])
def test_a_client_hello_that_comes_along_with_starttls_is_not_lost(serving, closing, between: bytes) -> None:
    async def scenario(server) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        tls = Tls(server.authority_pem)
        writer.write(HEADER + STARTTLS + between + tls.hello)
        clear = await reader.readuntil(b'<proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>')
        assert clear.count(b"<stream:features>") == 1
        await tls.finish(reader, writer)
        assert b"<mechanism>PLAIN</mechanism>" in await tls.ask(reader, writer, HEADER)
        await closing(writer)

    serving(scenario)


def test_what_is_said_in_the_clear_is_never_taken_as_protected(serving, closing) -> None:
    async def scenario(server) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        auth = b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGp1bGlldABzZWNyZXQ=</auth>"
        writer.write(HEADER + STARTTLS + HEADER + auth)
        clear = await reader.read()
        await closing(writer)
        before, _, after = clear.partition(b'<proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>')
        assert b"<stream:features>" in before
        # The TLS handshake fails; at most an alert (RFC 8446 §5.1: content type 21) comes after the <proceed/>.
        assert after[:1] in (b"", b"\x15")

    serving(scenario)


def test_direct_tls_with_its_protocol_name(serving, closing) -> None:
    async def scenario(server) -> None:
        context = ssl.create_default_context(cadata=server.authority_pem.decode())
        context.set_alpn_protocols(["xmpp-client"])
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", server.direct_tls_port, ssl=context, server_hostname="verona.example"
        )
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "xmpp-client"
        writer.write(HEADER)
        assert b"SCRAM-SHA-256" in await reader.readuntil(b"</stream:features>")
        await closing(writer)

    serving(scenario)


def test_tls_older_than_1_2_is_refused(serving) -> None:
    async def scenario(server) -> None:
        context = ssl.create_default_context(cadata=server.authority_pem.decode())
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.raises(ssl.SSLError, match=r"(?i)version"):
            await asyncio.open_connection(
                "127.0.0.1", server.direct_tls_port, ssl=context, server_hostname="verona.example"
            )

    serving(scenario)


class Owner:
    """Keeps what a line tells."""

    def __init__(self) -> None:
        self.data = b""
        self.reason: str | None = None
        self.there = asyncio.Event()
        self.over = asyncio.Event()

    def connected(self, line: Line) -> None:
        self.line = line
        self.there.set()

    def secured(self) -> None:
        """Nothing to note."""

    def received(self, data: bytes) -> None:
        self.data += data

    def ended(self, reason: str) -> None:
        self.reason = reason
        self.over.set()


async def joined() -> tuple[Owner, socket.socket]:
    """A line, and the socket at its other end, which nobody reads."""
    owner = Owner()
    listener = await asyncio.get_running_loop().create_server(lambda: Line(owner), "127.0.0.1", 0)
    other = socket.create_connection(listener.sockets[0].getsockname())
    await owner.there.wait()
    listener.close()
    return owner, other


def received_until_the_end(other: socket.socket) -> bytes:
    return b"".join(iter(lambda: other.recv(100), b""))


def test_a_cut_is_a_reset() -> None:
    async def scenario() -> None:
        owner, other = await joined()
        owner.line.write(b"said before")
        owner.line.cut()
        await owner.over.wait()
        with other, pytest.raises(ConnectionResetError):
            received_until_the_end(other)
        owner.line.write(b"goes nowhere")
        owner.line.close()
        assert owner.data == b""

    asyncio.run(scenario())


def test_an_orderly_end_waits_for_the_other_side() -> None:
    async def scenario() -> None:
        owner, other = await joined()
        owner.line.write(b"the last word")
        owner.line.close()
        other.sendall(b"comes too late")
        assert (other.recv(100), other.recv(100)) == (b"the last word", b"")
        other.close()
        await owner.over.wait()
        assert (owner.reason, owner.data) == ("", b"")

    asyncio.run(scenario())


def test_the_other_side_need_not_be_waited_for_long(monkeypatch) -> None:
    monkeypatch.setattr("xmppscope.demo.line._LINGER", 0)

    async def scenario() -> None:
        owner, other = await joined()
        with other:
            owner.line.close()
            await owner.over.wait()

    asyncio.run(scenario())


def test_who_does_not_read_is_cut_off() -> None:
    async def scenario() -> None:
        owner, other = await joined()
        with other:
            for _ in range(64):
                owner.line.write(b"x" * 1_000_000)
                if owner.over.is_set():
                    break
                await asyncio.sleep(0)
            await owner.over.wait()
            assert owner.reason == "the other side does not read"

    asyncio.run(scenario())
