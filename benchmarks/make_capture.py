"""Make a realistic capture of many clients at one server, and say how many stanzas are in it.

    python -m benchmarks.make_capture big.pcap
    python -m benchmarks.make_capture --tls 1.3 --stanzas 100000 tls.pcap     (writes tls.keys, too)

Connections overlap in time and packets interleave. The conversations are seeded, so that the same arguments give the
same stanzas; TLS bytes differ from run to run. What is in the file is written beside it, as NAME.json.
"""

import argparse
import heapq
import json
import random
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.conversation import CLIENT, DOMAIN, SERVER, Conversation, Step, Write
from benchmarks.packets import Flow, PacketFile
from benchmarks.tls_ends import Contexts, Ends

START = 1_795_000_000_000_000_000
AT_ONCE = 200
PER_CONNECTION = 300


class Client:
    """One connection on its way: its conversation, its packets and, from some point on, its TLS."""

    def __init__(self, steps: Iterator[Step], flow: Flow, contexts: Contexts | None) -> None:
        self._steps = steps
        self._flow = flow
        self._contexts = contexts
        self._ends: Ends | None = None
        self.write: Write | None = None
        self.stanzas = 0

    def advance(self) -> bool:
        """Take up the next write, with a TLS handshake on the way if it is time; say whether there is one."""
        for step in self._steps:
            if isinstance(step, Write):
                self.write = step
                return True
            assert self._contexts is not None
            self._ends = Ends(self._contexts)
            for side, flight in self._ends.handshake():
                self._flow.data(side, flight)
        return False

    def send(self) -> None:
        """Put the write that was taken up on the wire."""
        assert self.write is not None
        self.stanzas += self.write.stanzas
        data = self.write.data
        self._flow.data(self.write.side, self._ends.write(self.write.side, data) if self._ends else data)

    def close(self) -> None:
        """End TLS and TCP."""
        for side in (CLIENT, SERVER) if self._ends else ():
            assert self._ends is not None
            self._flow.data(side, self._ends.close(side))
        self._flow.close()


def make(path: Path, stanzas: int, *, tls: str | None = None, seed: int = 1) -> dict[str, Any]:
    """Write the capture to *path* and its key log beside it; return what is in it."""
    keylog = path.with_suffix(".keys")
    keylog.unlink(missing_ok=True)
    contexts = Contexts(tls, DOMAIN, keylog) if tls else None
    count = max(1, stanzas // PER_CONNECTION)
    shares = [stanzas // count + (number < stanzas % count) for number in range(count)]
    with path.open("wb") as file:
        packets = PacketFile(file, START)
        found = _run(packets, shares, contexts, seed)
        packets.flush()
    facts = {"stanzas": found, "connections": count, "packets": packets.packets, "bytes": packets.size, "tls": tls}
    path.with_suffix(".json").write_text(json.dumps(facts) + "\n")
    return facts


def _run(packets: PacketFile, shares: list[int], contexts: Contexts | None, seed: int) -> int:
    """Let the clients come and go, AT_ONCE of them at a time, ordered by the time of each one's next write."""
    chance = random.Random(seed)
    waiting: list[tuple[int, int, Client]] = []
    newcomers = iter(enumerate(shares))
    stanzas = 0
    while True:
        while len(waiting) < AT_ONCE and (newcomer := next(newcomers, None)):
            number, share = newcomer
            client = _connect(packets, number, share, contexts, seed)
            heapq.heappush(waiting, (packets.clock + chance.randrange(2_000_000_000), number, client))
        if not waiting:
            return stanzas
        due, number, client = heapq.heappop(waiting)
        packets.clock = max(packets.clock, due)
        if client.write is not None:
            client.send()
        if client.advance() and client.write is not None:
            heapq.heappush(waiting, (packets.clock + int(client.write.pause * 1e9), number, client))
        else:
            client.close()
            stanzas += client.stanzas


def _connect(packets: PacketFile, number: int, share: int, contexts: Contexts | None, seed: int) -> Client:
    address = struct.pack(">I", (10 << 24) + 0x10000 + number)
    ports = (32768 + number * 7 % 28000, 5222)
    flow = Flow(packets, (address, b"\xc0\x00\x02\x0a"), ports, (number * 2654435761 + 12345) & 0xFFFFFFFF)
    flow.open()
    return Client(iter(Conversation(number, share, seed, tls=contexts is not None)), flow, contexts)


def main() -> None:
    """Read the command line, make the capture and print what is in it."""
    parser = argparse.ArgumentParser(description="Make a realistic XMPP capture.")
    parser.add_argument("path", type=Path)
    parser.add_argument("--stanzas", type=int, default=500_000, help="how many message, presence and iq at least")
    parser.add_argument("--tls", choices=("1.2", "1.3"), help="STARTTLS with this version; the key log goes beside it")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    started = time.perf_counter()
    facts = make(options.path, options.stanzas, tls=options.tls, seed=options.seed)
    print(json.dumps(facts | {"seconds": round(time.perf_counter() - started, 1)}))


if __name__ == "__main__":
    main()
