"""Many clients at once, and their server, over direct TLS, in one event loop."""

import asyncio
import ssl
from pathlib import Path

from tests.integration.certificates import Issued
from tests.integration.raw import (
    AUTH,
    BIND_REQUEST,
    CLOSE,
    FEATURES_END,
    MECHANISMS,
    RESOURCES,
    SUCCESS,
    bound,
    header,
    response,
)

PATIENCE = 60.0


async def hear(reader: asyncio.StreamReader, what: str) -> str:
    """Wait for *what*; return everything up to its end."""
    return (await asyncio.wait_for(reader.readuntil(what.encode()), PATIENCE)).decode()


class Crowd:
    """*size* clients of *domain* that all are logged in before one of them says a word; each hears its own word back.

    `together` is how many there were then, `answered` what each has heard, `failed` what went wrong.
    """

    def __init__(self, domain: str, size: int) -> None:
        self.together = 0
        self.answered: dict[int, str] = {}
        self.failed: list[BaseException] = []
        self._domain, self._size = domain, size
        self._all_there = asyncio.Event()
        self._served = asyncio.Semaphore(0)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Let a client in, and send back what it says."""
        for heard, answer in (
            (">", response(self._domain) + MECHANISMS),
            ("</auth>", SUCCESS),
            ("version='1.0'>", response(self._domain) + RESOURCES),
            ("</iq>", bound(self._domain)),
        ):
            await hear(reader, heard)
            writer.write(answer.encode())
        writer.write((await hear(reader, "</message>")).encode())
        await hear(reader, CLOSE)
        writer.write(CLOSE.encode())
        writer.close()
        await writer.wait_closed()
        self._served.release()

    async def take_part(self, number: int, port: int, context: ssl.SSLContext) -> None:
        """Be one of the clients."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=context, server_hostname=self._domain, ssl_handshake_timeout=PATIENCE
        )
        for said, answer in (
            (header(self._domain), FEATURES_END),
            (AUTH, SUCCESS),
            (header(self._domain), FEATURES_END),
            (BIND_REQUEST, "</iq>"),
        ):
            writer.write(said.encode())
            await hear(reader, answer)
        self.together += 1
        if self.together == self._size:
            self._all_there.set()
        await asyncio.wait_for(self._all_there.wait(), PATIENCE)
        writer.write(f"<message id='m{number}'><body>one of many</body></message>".encode())
        self.answered[number] = await hear(reader, "</message>")
        writer.write(CLOSE.encode())
        await hear(reader, CLOSE)
        writer.close()
        await writer.wait_closed()

    async def run(self, port: int, ca_file: Path) -> None:
        """Let all of them take part, by way of *port*."""
        context = ssl.create_default_context(cafile=str(ca_file))
        ends = await asyncio.gather(
            *(self.take_part(number, port, context) for number in range(self._size)), return_exceptions=True
        )
        self.failed = [end for end in ends if end is not None]
        for _ in range(self._size - len(self.failed)):
            await asyncio.wait_for(self._served.acquire(), PATIENCE)


def serving(issued: Issued) -> ssl.SSLContext:
    """Return the context of the server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    return context
