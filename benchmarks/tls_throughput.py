"""How many megabytes of plaintext a second the TLS layer decrypts, for large records and for records of stanza size.

    python -m benchmarks.tls_throughput --megabytes 64

The records are OpenSSL's, for both versions with the suite that it prefers. Only `TlsConnection` is measured: no
capture file, no TCP, no XML. Every byte is compared with what was sent.
"""

import argparse
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.conversation import DOMAIN, SERVER
from benchmarks.measure import spread
from benchmarks.packets import SEGMENT
from benchmarks.tls_ends import VERSIONS, Contexts, Ends
from xmppscope.tls.connection import TlsConnection
from xmppscope.tls.events import Plaintext
from xmppscope.tls.keylog import KeyStore
from xmppscope.tls.resumption import ResumptionCache

SIZES = (16384, 1400, 320)


def throughput(version: str, size: int, megabytes: int) -> float:
    """Return megabytes a second for records that carry *size* bytes of plaintext each."""
    with TemporaryDirectory() as folder:
        keylog = Path(folder) / "keys"
        ends = Ends(Contexts(version, DOMAIN, keylog))
        flights = list(ends.handshake())
        keys = KeyStore()
        keys.add(keylog.read_bytes())
    sent = [os.urandom(size) for _ in range(megabytes * 1_000_000 // size)]
    records = b"".join(ends.write(SERVER, data) for data in sent)
    connection = TlsConnection(keys, ResumptionCache())
    for number, (side, flight) in enumerate(flights, 1):
        connection.feed(0 if side == 0 else 1, flight, number, number)
    # As reassembly hands it on: a segment at a time.
    pieces = [records[start : start + SEGMENT] for start in range(0, len(records), SEGMENT)]
    found: list[bytes] = []
    started = time.perf_counter()
    for number, piece in enumerate(pieces, 100):
        found += [event.data for event in connection.feed(SERVER, piece, number, number) if type(event) is Plaintext]
    seconds = time.perf_counter() - started
    if b"".join(found) != b"".join(sent):
        raise RuntimeError(f"TLS {version}, records of {size} bytes: what was decrypted is not what was sent")
    return len(sent) * size / 1e6 / seconds


def main() -> None:
    """Read the command line and print one line for each version and size of record."""
    parser = argparse.ArgumentParser(description="Measure TLS decryption.")
    parser.add_argument("--megabytes", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for version in VERSIONS:
        for size in SIZES:
            rates = [throughput(version, size, options.megabytes) for _ in range(options.rounds)]
            print(f"TLS {version}, records of {size:5} bytes, MB/s: {spread(rates)}")


if __name__ == "__main__":
    main()
