"""Finds the keys of a connection: in key logs, by an RSA private key, or from the session that is resumed.

Where there is none it says why, in words for the timeline. Left out: what the keys then open.
"""

from typing import Final

import msgspec

from xmppscope.tls.cbc import tls12_opener
from xmppscope.tls.direction import Epoch
from xmppscope.tls.handshake import TLS13, Handshake
from xmppscope.tls.keylog import MASTER, PREMASTER, KeyStore
from xmppscope.tls.names import version_name
from xmppscope.tls.openers import NullOpener, Opener, Tls13Opener
from xmppscope.tls.resumption import ResumptionCache
from xmppscope.tls.schedule12 import SideKeys, extended_master_secret, key_block, master_secret
from xmppscope.tls.schedule13 import HASH_SIZES, next_secret, record_keys
from xmppscope.tls.suites import Suite

_TLS10: Final = 0x0301

# "The SSLKEYLOGFILE Format for TLS" (RFC 9850) §2.1, by sender (True is the client) and epoch.
_LABELS: Final = {
    (True, Epoch.EARLY): "CLIENT_EARLY_TRAFFIC_SECRET",
    (True, Epoch.HANDSHAKE): "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    (True, Epoch.TRAFFIC): "CLIENT_TRAFFIC_SECRET_0",
    (False, Epoch.HANDSHAKE): "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    (False, Epoch.TRAFFIC): "SERVER_TRAFFIC_SECRET_0",
}


class Missing(msgspec.Struct, gc=False):
    """Why there is no key; `key` tells that one may still be added, `hello` that a hello may still arrive."""

    reason: str
    key: bool = False
    hello: bool = False


class KeyFinder:
    """Makes openers from what `KeyStore` and `ResumptionCache` know."""

    def __init__(self, keys: KeyStore, cache: ResumptionCache) -> None:
        self.keys = keys
        self._cache = cache

    def opener(self, handshake: Handshake, client: bool, epoch: Epoch, generation: int) -> Opener | Missing:
        """Return what opens the records of one side in *epoch*, or why there is nothing."""
        chosen = handshake.suite
        reason = _obstacle(handshake)
        if reason is not None or chosen is None:
            return reason or Missing("the ServerHello is not in the capture", hello=True)
        if handshake.tls13:
            secret = self._traffic_secret(handshake, chosen, client, epoch, generation)
            return secret if isinstance(secret, Missing) else Tls13Opener(chosen, *record_keys(chosen, secret))
        return self._tls12_opener(handshake, chosen, client)

    def remember(self, handshake: Handshake) -> None:
        """Keep the master secret for sessions that resume this one, once it is known."""
        if handshake.master is not None and handshake.server_hello is not None:
            self._cache.remember(handshake.master, handshake.server_hello.session_id, handshake.tickets)

    def _traffic_secret(
        self, handshake: Handshake, chosen: Suite, client: bool, epoch: Epoch, generation: int
    ) -> bytes | Missing:
        random = _client_random(handshake)
        label = _LABELS.get((client, epoch))
        secrets = self.keys.lookup(random)
        if secrets is None or label is None:
            return self._no_key(random, "")
        secret = secrets.get(label)
        if secret is None or len(secret) != HASH_SIZES.get(chosen.prf):
            return Missing(f"key log lacks {label} for client random {shown(random)}", key=True)
        known = handshake.traffic
        for step in range(generation):
            # Only the last two generations are ever asked for, so only they are kept.
            if (client, step + 1) not in known and (client, step + 2) not in known:
                known[client, step + 1] = next_secret(chosen, known.get((client, step), secret))
                known.pop((client, step - 1), None)
        return known[client, generation] if generation else secret

    def _tls12_opener(self, handshake: Handshake, chosen: Suite, client: bool) -> Opener | Missing:
        keys = self._side_keys(handshake, chosen)
        if isinstance(keys, Missing):
            return NullOpener(chosen, None) if chosen.cipher == "NULL" else keys
        etm = handshake.server_hello is not None and handshake.server_hello.encrypt_then_mac
        return tls12_opener(chosen, keys[not client], handshake.version or 0, etm)

    def _side_keys(self, handshake: Handshake, chosen: Suite) -> tuple[SideKeys, SideKeys] | Missing:
        hello = handshake.server_hello
        if handshake.keys is None and hello is not None:
            master = self._master(handshake, chosen)
            if isinstance(master, Missing):
                return master
            handshake.master = master
            random = _client_random(handshake)
            handshake.keys = key_block(hello.version, chosen, master, random, hello.random)
        self.remember(handshake)
        return handshake.keys or Missing("the ServerHello is not in the capture", hello=True)

    def _master(self, handshake: Handshake, chosen: Suite) -> bytes | Missing:
        random = _client_random(handshake)
        secrets = self.keys.lookup(random) or {}
        if MASTER in secrets:
            return secrets[MASTER]
        premaster = secrets.get(PREMASTER) or self._decrypted_premaster(handshake)
        if premaster is not None:
            return _master_of(handshake, chosen, premaster)
        return self._resumed_master(handshake) or self._no_key(random, chosen.exchange)

    def _decrypted_premaster(self, handshake: Handshake) -> bytes | None:
        encrypted = handshake.encrypted_premaster
        if not encrypted:
            return None
        logged = self.keys.premaster(encrypted)
        if logged is not None:
            return logged
        return next((found for key in self.keys.rsa_keys if (found := key.premaster(encrypted)) is not None), None)

    def _resumed_master(self, handshake: Handshake) -> bytes | None:
        offered, chosen = handshake.client_hello, handshake.server_hello
        if offered is None or chosen is None or handshake.full:
            return None
        master = None
        if offered.session_id and offered.session_id == chosen.session_id:
            master = self._cache.by_session_id(offered.session_id)
        if master is None and offered.session_ticket:
            master = self._cache.by_ticket(offered.session_ticket)
        return master

    def _no_key(self, random: bytes, exchange: str) -> Missing:
        reason = f"no key for client random {shown(random)}"
        if self.keys.logs:
            reason += f" in {_count(self.keys.logs, 'key log')} with {_count(self.keys.sessions, 'session')}"
        if self.keys.rsa_keys and exchange == "RSA":
            reason += f", {_count(len(self.keys.rsa_keys), 'RSA key')} does not fit"
        elif self.keys.rsa_keys:
            reason += ", and an RSA key opens only RSA key exchange"
        return Missing(reason, key=True)


def shown(random: bytes) -> str:
    """Return the beginning of a client random, as messages name it."""
    return f"{random[:4].hex()}…"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _client_random(handshake: Handshake) -> bytes:
    return b"" if handshake.client_hello is None else handshake.client_hello.random


def _master_of(handshake: Handshake, chosen: Suite, premaster: bytes) -> bytes | Missing:
    hello = handshake.server_hello
    if hello is None:
        return Missing("the ServerHello is not in the capture", hello=True)
    if not hello.extended_master_secret:
        return master_secret(hello.version, chosen.prf, premaster, _client_random(handshake), hello.random)
    transcript = handshake.transcript
    if transcript is None:
        return Missing("handshake messages that the extended master secret needs are not in the capture")
    return extended_master_secret(hello.version, chosen.prf, premaster, transcript)


def _obstacle(handshake: Handshake) -> Missing | None:
    """Return what makes looking for keys useless."""
    offered, chosen, suite = handshake.client_hello, handshake.server_hello, handshake.suite
    if offered is None and chosen is None:
        return Missing("TLS began before the capture")
    if chosen is None or suite is None or (chosen.retry and chosen.version == TLS13):
        return Missing("the ServerHello is not in the capture", hello=True)
    if offered is None:
        return Missing("the ClientHello is not in the capture", hello=True)
    if not _TLS10 <= chosen.version <= TLS13:
        return Missing(f"{version_name(chosen.version)} is not decrypted")
    if not suite.cipher or suite.tls13 != (chosen.version == TLS13):
        return Missing(f"{suite.name} is not decrypted")
    return Missing("TLS compression is not undone") if chosen.compression else None
