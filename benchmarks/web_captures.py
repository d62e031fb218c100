"""What a stanza costs over BOSH and over WebSocket against the same stanza over plain TCP, in processor time.

    python -m benchmarks.web_captures
    python -m benchmarks.web_captures --stanzas 10000 --runs 1

The same seeded conversations are captured three times. Over WebSocket each stanza is a frame. Over BOSH a session goes
over two TCP connections in turn, every write is one body, and one request is always under way for the server to answer:
there are two HTTP messages for each write, half of them without content. The three take turns, and what it costs to
start the program is taken off.
"""

import argparse
import random
import re
import statistics
import struct
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Protocol

from benchmarks.conversation import CLIENT, DOMAIN, SERVER, Conversation, Write
from benchmarks.make_capture import PER_CONNECTION, START
from benchmarks.measure import read_command, run
from benchmarks.packets import Flow, PacketFile

AT_ONCE: Final = 20
HTTPBIND: Final = "xmlns='http://jabber.org/protocol/httpbind'"
STREAMS: Final = "xmlns:stream='http://etherx.jabber.org/streams'"
_TAG: Final = re.compile(rb"<(/?)[^>]*?(/?)>")
_FIRST: Final = re.compile(rb"<(message|presence|iq)(?=[ />])")
_HEADER: Final = re.compile(rb"(?:<\?xml[^>]*>)?<stream:stream[^>]*>")
_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


class Road(Protocol):
    """How the writes of one client get into the capture."""

    def send(self, write: Write) -> None:
        """Carry one write."""

    def close(self) -> None:
        """End what carries it."""


def elements(data: bytes) -> Iterator[bytes]:
    """Yield the first-level elements of a write."""
    depth = start = 0
    for tag in _TAG.finditer(data):
        depth += -1 if tag[1] else 0 if tag[2] else 1
        if not depth:
            yield data[start : tag.end()]
            start = tag.end()


def standing_alone(data: bytes) -> list[bytes]:
    """Return the elements of a write, each with the namespace declarations that its stream header had."""
    alone = []
    for element in elements(data):
        element = _FIRST.sub(rb"<\1 xmlns='jabber:client'", element, count=1)
        if element.startswith(b"<stream:"):
            element = element.replace(b">", f" {STREAMS}>".encode(), 1)
        alone.append(element)
    return alone


class Plain:
    """TCP, as it is."""

    def __init__(self, packets: PacketFile, number: int) -> None:
        self._flow = flow(packets, number, 5222)

    def send(self, write: Write) -> None:
        """Carry one write."""
        self._flow.data(write.side, write.data)

    def close(self) -> None:
        """End the connection."""
        self._flow.close()


class WebSocket:
    """RFC 7395: one frame for each element."""

    def __init__(self, packets: PacketFile, number: int) -> None:
        self._flow = flow(packets, number, 5280)
        self._random = random.Random(number)
        hello = f"GET /ws HTTP/1.1\r\nHost: {DOMAIN}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        protocol = "Sec-WebSocket-Protocol: xmpp\r\n\r\n"
        accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
        granted = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        self._flow.data(CLIENT, f"{hello}{key}{protocol}".encode())
        self._flow.data(SERVER, f"{granted}{accept}{protocol}".encode())

    def send(self, write: Write) -> None:
        """Carry one write."""
        data = write.data
        space = "xmlns='urn:ietf:params:xml:ns:xmpp-framing'"
        if b"</stream:stream>" in data:
            self._frames(write.side, [f"<close {space}/>".encode()])
            return
        if header := _HEADER.match(data):
            end = (
                f"to='{DOMAIN}'"
                if write.side == CLIENT
                else f"from='{DOMAIN}' id='{self._random.getrandbits(40):x}' xml:lang='en'"
            )
            self._frames(write.side, [f"<open {space} version='1.0' {end}/>".encode()])
            data = data[header.end() :]
        self._frames(write.side, standing_alone(data))

    def _frames(self, side: int, messages: list[bytes]) -> None:
        self._flow.data(side, b"".join(self._frame(side, message) for message in messages))

    def _frame(self, side: int, payload: bytes) -> bytes:
        masked = 0x80 if side == CLIENT else 0
        size = len(payload)
        length = bytes([masked | size]) if size < 126 else bytes([masked | 126]) + struct.pack(">H", size)
        if not masked:
            return b"\x81" + length + payload
        mask = self._random.randbytes(4)
        stretched = (mask * (size // 4 + 1))[:size]
        hidden = (int.from_bytes(payload) ^ int.from_bytes(stretched)).to_bytes(size)
        return b"\x81" + length + mask + hidden

    def close(self) -> None:
        """End the connection."""
        self._flow.close()


class Bosh:
    """XEP-0124 with hold='1' over two TCP connections in turn."""

    def __init__(self, packets: PacketFile, number: int) -> None:
        self._flows = [flow(packets, number * 2 + which, 5280) for which in (0, 1)]
        self._rid = 1_000_000 * (number + 1)
        self._sid = f"sid-{number:08x}-{self._rid:016x}"
        self._asked: deque[Flow] = deque()
        self._turn = 0
        self._created = False

    def send(self, write: Write) -> None:
        """Carry one write, and what it takes beside it."""
        if write.side == CLIENT:
            self._ask(write.data)
            if len(self._asked) > 1:
                self._answer(b"")
        else:
            self._answer(write.data)
            if not self._asked and b"</stream:stream>" not in write.data:
                self._ask(b"")

    def _ask(self, data: bytes) -> None:
        more = f"sid='{self._sid}'" if self._created else f"to='{DOMAIN}' wait='60' hold='1' ver='1.6'"
        if b"</stream:stream>" in data:
            more, data = f"{more} type='terminate'", b""
        elif header := _HEADER.match(data):
            restart = " xmpp:restart='true'" if self._created else " xmpp:version='1.0'"
            more = f"{more} xmlns:xmpp='urn:xmpp:xbosh'{restart}"
            data = data[header.end() :]
        body = self._body(f"rid='{self._rid}' {more}", data)
        self._rid += 1
        head = (
            f"POST /http-bind HTTP/1.1\r\nHost: {DOMAIN}:5280\r\nUser-Agent: {_AGENT}\r\nAccept: */*\r\n"
            "Accept-Language: en\r\nAccept-Encoding: gzip, deflate\r\nContent-Type: text/xml; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\nOrigin: https://web.{DOMAIN}\r\nConnection: keep-alive\r\n\r\n"
        )
        carrier = self._flows[self._turn]
        self._turn ^= 1
        carrier.data(CLIENT, head.encode() + body)
        self._asked.append(carrier)

    def _answer(self, data: bytes) -> None:
        more = STREAMS
        if header := _HEADER.match(data):
            data = data[header.end() :]
            if not self._created:
                more += f" from='{DOMAIN}' sid='{self._sid}' wait='60' hold='1' requests='2' inactivity='60'"
        self._created = True
        if b"</stream:stream>" in data:
            more, data = f"{more} type='terminate'", b""
        body = self._body(more, data)
        head = (
            "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Type: text/xml; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\nAccess-Control-Allow-Headers: Content-Type\r\nConnection: Keep-Alive\r\n"
            "Date: Fri, 20 Nov 2026 09:28:36 GMT\r\n\r\n"
        )
        if self._asked:
            self._asked.popleft().data(SERVER, head.encode() + body)

    def _body(self, attributes: str, data: bytes) -> bytes:
        inside = b"".join(standing_alone(data)).replace(f" {STREAMS}".encode(), b"")
        opening = f"<body {HTTPBIND} {attributes}"
        return f"{opening}>".encode() + inside + b"</body>" if inside else f"{opening}/>".encode()

    def close(self) -> None:
        """End both connections."""
        for one in self._flows:
            one.close()


ROADS: Final[dict[str, type[Plain] | type[WebSocket] | type[Bosh]]] = {
    "tcp": Plain,
    "websocket": WebSocket,
    "bosh": Bosh,
}


def flow(packets: PacketFile, number: int, port: int) -> Flow:
    """Return a TCP connection that has just been opened."""
    address = struct.pack(">I", (10 << 24) + 0x10000 + number)
    opened = Flow(packets, (address, b"\xc0\x00\x02\x0a"), (32768 + number * 7 % 28000, port), number * 7919 + 1)
    opened.open()
    return opened


def make(path: Path, road: str, stanzas: int, seed: int = 1) -> int:
    """Write the capture of conversations over *road*; return how many stanzas are in it."""
    found = 0
    with path.open("wb") as file:
        packets = PacketFile(file, START)
        newcomers = iter(range(max(stanzas // PER_CONNECTION, 1)))
        talking: deque[tuple[Road, Iterator[object]]] = deque()
        while True:
            while len(talking) < AT_ONCE and (number := next(newcomers, None)) is not None:
                newcomer = iter(Conversation(number, min(stanzas, PER_CONNECTION), seed, tls=False))
                talking.append((ROADS[road](packets, number), newcomer))
            if not talking:
                break
            client, steps = talking.popleft()
            step = next(steps, None)
            if not isinstance(step, Write):
                client.close()
                continue
            packets.clock += int(step.pause * 1e9 / AT_ONCE)
            client.send(step)
            found += step.stanzas
            talking.append((client, steps))
        packets.flush()
    return found


def compare(stanzas: int, runs: int) -> None:
    """Measure the three, taking turns, and print what a stanza costs over each."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        output = folder / "output"
        sent = {road: make(folder / f"{road}.pcap", road, stanzas) for road in ROADS}
        make(folder / "start.pcap", "tcp", 1)
        seconds: dict[str, list[float]] = {road: [] for road in ("start", *ROADS)}
        for _ in range(runs):
            for road, found in seconds.items():
                command = read_command(folder / f"{road}.pcap", "--format", "jsonl")
                found.append(run(command, output).processor)
    start = statistics.median(seconds["start"])
    price = {road: (statistics.median(seconds[road]) - start) / sent[road] * 1e6 for road in ROADS}
    print(f"{sent['tcp']} stanzas, processor time of each (start-up of {start:.2f} s taken off)")
    for road, cost in price.items():
        print(f"  {road:10} {cost:7.1f} µs  {cost / price['tcp']:5.2f} times plain TCP")


def main() -> None:
    """Read the command line and run the comparison."""
    parser = argparse.ArgumentParser(description="Compare the roads that a stanza may take.")
    parser.add_argument("--stanzas", type=int, default=30_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    compare(options.stanzas, options.runs)


if __name__ == "__main__":
    main()
