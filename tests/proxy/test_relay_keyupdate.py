"""Peers that change their keys in mid-stream (RFC 8446 §4.6.3): sealed by hand here, since `ssl` cannot do it."""

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from tests.proxy.conftest import World
from tests.proxy.outcome import Run
from tests.proxy.peers import Peer, Script
from tests.proxy.relay_harness import Pieces
from tests.proxy.words import AUTH, CLOSE, END_OF_FEATURES, HEADER, LOGIN_FEATURES, MESSAGE, REPLY, RESPONSE

KEY_UPDATE, APPLICATION, HANDSHAKE, ALERT = b"\x18\x00\x00\x01", 23, 22, 21
CLOSE_NOTIFY = b"\x01\x00"


def expand(secret: bytes, label: str, length: int) -> bytes:
    """HKDF-Expand-Label with an empty context (RFC 8446 §7.1)."""
    name = b"tls13 " + label.encode()
    info = length.to_bytes(2) + bytes([len(name)]) + name + b"\x00"
    return HKDFExpand(SHA384(), length, info).derive(secret)


class Sealer:
    """Seals records of TLS_AES_256_GCM_SHA384 as one side, from the record with this number on."""

    def __init__(self, secret: bytes, number: int) -> None:
        self._secret = secret
        self._number = number

    def seal(self, kind: int, content: bytes) -> bytes:
        key, nonce = expand(self._secret, "key", 32), expand(self._secret, "iv", 12)
        nonce = (int.from_bytes(nonce) ^ self._number).to_bytes(12)
        self._number += 1
        header = b"\x17\x03\x03" + (len(content) + 17).to_bytes(2)
        return header + AESGCM(key).encrypt(nonce, content + bytes([kind]), header)

    def update(self, *, asks: bool) -> bytes:
        """Return a KeyUpdate, and go on with the next generation of keys."""
        record = self.seal(HANDSHAKE, KEY_UPDATE + bytes([asks]))
        self._secret, self._number = expand(self._secret, "traffic upd", 48), 0
        return record


def logged(context: ssl.SSLContext, path: Path) -> ssl.SSLContext:
    context.keylog_filename = str(path)
    return context


def secret(path: Path, label: str) -> bytes:
    (line,) = (line for line in path.read_text().splitlines() if line.startswith(label))
    return bytes.fromhex(line.split()[2])


@pytest.mark.parametrize("asks", [False, True])
@pytest.mark.parametrize("size", [0, 1])
def test_a_client_changes_its_keys(world: World, play: Run, tmp_path: Path, asks: bool, size: int) -> None:
    def changing(peer: Peer) -> Script:
        yield from peer.secure(logged(world.client(), tmp_path / "keys"))
        peer.say(HEADER)
        yield from peer.hear(END_OF_FEATURES)
        sealer = Sealer(secret(tmp_path / "keys", "CLIENT_TRAFFIC_SECRET_0"), 1)
        for _ in range(3):
            peer.raw(sealer.update(asks=asks) + sealer.seal(APPLICATION, MESSAGE))
            yield from peer.hear(REPLY)
        peer.raw(sealer.seal(APPLICATION, CLOSE))
        yield from peer.hear(CLOSE)
        peer.raw(sealer.seal(ALERT, CLOSE_NOTIFY))
        peer.end()

    def host(peer: Peer) -> Script:
        yield from peer.secure(world.server())
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(RESPONSE + LOGIN_FEATURES)
        for _ in range(3):
            yield from peer.hear(MESSAGE)
            peer.say(REPLY)
        yield from peer.hear(CLOSE)
        peer.say(CLOSE)
        peer.close()

    outcome = play(changing, host, direct_tls=True, pieces=Pieces((size,)))
    assert outcome.server.secured == HEADER + 3 * MESSAGE + CLOSE
    assert outcome.client.secured == RESPONSE + LOGIN_FEATURES + 3 * REPLY + CLOSE
    assert outcome.client.fault is None
    assert (outcome.relay.done, outcome.server.goodbye, outcome.client.goodbye) == (True, True, True)
    updates = [entry for entry in outcome.entries if entry.kind == "tls" and "key" in entry.summary]
    assert [(entry.leg, entry.sender) for entry in updates] == [("client", "initiating")] * 3
    assert outcome.summary.undecrypted == 0


@pytest.mark.parametrize("asks", [False, True])
@pytest.mark.parametrize("size", [0, 1])
def test_a_server_changes_its_keys(world: World, play: Run, tmp_path: Path, asks: bool, size: int) -> None:
    def patient(peer: Peer) -> Script:
        yield from peer.secure(world.client())
        peer.say(HEADER)
        for _ in range(3):
            yield from peer.hear(REPLY)
            peer.say(AUTH)
        peer.say(CLOSE)
        yield from peer.hear(CLOSE)
        peer.close()

    def changing(peer: Peer) -> Script:
        context = logged(world.server(), tmp_path / "keys")
        context.num_tickets = 0
        yield from peer.secure(context)
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(RESPONSE + LOGIN_FEATURES)
        sealer = Sealer(secret(tmp_path / "keys", "SERVER_TRAFFIC_SECRET_0"), 1)
        for _ in range(3):
            peer.raw(sealer.update(asks=asks) + sealer.seal(APPLICATION, REPLY))
            yield from peer.hear(AUTH)
        yield from peer.hear(CLOSE)
        peer.raw(sealer.seal(APPLICATION, CLOSE) + sealer.seal(ALERT, CLOSE_NOTIFY))
        peer.end()

    outcome = play(patient, changing, direct_tls=True, pieces=Pieces((size,)))
    assert outcome.server.secured == HEADER + 3 * AUTH + CLOSE
    assert outcome.client.secured == RESPONSE + LOGIN_FEATURES + 3 * REPLY + CLOSE
    assert outcome.server.fault is None
    assert (outcome.relay.done, outcome.server.goodbye, outcome.client.goodbye) == (True, True, True)
    updates = [entry for entry in outcome.entries if entry.kind == "tls" and "key" in entry.summary]
    assert [(entry.leg, entry.sender) for entry in updates] == [("server", "receiving")] * 3
