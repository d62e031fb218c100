"""The SSL contexts of both legs: what the proxy is to a client, and what it is to a server.

A context is kept and used again for connections of the same names, ALPN and versions, since making one takes far longer
than finding it. All contexts have in common: their secrets are written down, they agree only on cipher
suites that the analyzer and other readers of a recording can open, and no session is resumed by a ticket. A session of
TLS 1.2 can still be resumed by its id, which the `ssl` module cannot forbid; its secrets are written down as well.
Names in a server's certificate are not checked here but by the rules of XMPP (`xmppscope.tls.identity`).
"""

import ssl
import warnings
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from xmppscope.proxy.authority import Authority
from xmppscope.proxy.credentials import Credential, TrustedFile
from xmppscope.proxy.leaf import LIFETIME, SKEW, LeafNames, mint
from xmppscope.proxy.secrets import TlsSecrets

CLIENT_CONTEXTS: Final = 256
SERVER_CONTEXTS: Final = 16
"""How many contexts are kept. One towards servers has all authorities of the system in it, which is a megabyte."""

MOST_SESSIONS: Final = 1024
"""A context that remembers more sessions of TLS 1.2 is replaced; OpenSSL's own bound is twenty times that."""

# What `xmppscope.tls.openers` decrypts, best first. TLS 1.3 has suites of its own, all of which are.
_CIPHERS: Final = (
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:ECDHE+AESCCM:DHE+AESCCM:ECDHE+AES:DHE+AES:RSA+AES"
    ":!aNULL:!eNULL:!PSK:!SRP:!aDSS"
)
# OpenSSL takes the signatures of TLS 1.1 and older, which are made with SHA-1, for insecure.
_ANY_STRENGTH: Final = ":@SECLEVEL=0"


class _Kept(NamedTuple):
    context: ssl.SSLContext
    since: datetime
    until: datetime


class _Contexts:
    """Contexts by what they are for; the one that was not asked for longest goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()

    def find(self, key: Hashable, now: datetime) -> ssl.SSLContext | None:
        kept = self._kept.get(key)
        if kept is None or not kept.since <= now < kept.until:
            return None
        if kept.context.session_stats()["number"] > MOST_SESSIONS:
            return None
        self._kept.move_to_end(key)
        return kept.context

    def keep(self, key: Hashable, kept: _Kept) -> ssl.SSLContext:
        self._kept[key] = kept
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return kept.context


def _now() -> datetime:
    return datetime.now(UTC)


class ClientLegs:
    """Contexts in which the proxy is the server of a client.

    It shows a leaf certificate of *authority*, or the *certificate* whose file and whose key's file are given. All leaf
    certificates have one key, made for this run. A peer that is asked for a certificate, as servers ask one another,
    may have none; one that it shows must lead to an authority of the system or to one in *authority_file*.
    """

    def __init__(
        self,
        authority: Authority,
        secrets: TlsSecrets,
        certificate: tuple[str, str] | None = None,
        authority_file: str | None = None,
        *,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._authority = authority
        self._secrets = secrets
        self._own = None if certificate is None else Credential.load(*certificate, any_strength=True)
        self._trusted = None if authority_file is None else TrustedFile(authority_file)
        self._clock = clock
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._key_pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self._contexts = _Contexts(CLIENT_CONTEXTS)

    def context(
        self,
        names: LeafNames,
        alpn: str | None,
        minimum: ssl.TLSVersion,
        maximum: ssl.TLSVersion,
        *,
        asks: bool = False,
    ) -> ssl.SSLContext:
        """Return the context to meet a client with: for these names, choosing *alpn*, within these versions.

        With *asks* the client is asked for its certificate.
        """
        key = (names if self._own is None else None, alpn, minimum, maximum, asks)
        now = self._clock()
        found = self._contexts.find(key, now)
        if found is not None:
            return found
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.num_tickets = 0
        # Whether the user's own certificate is strong enough is for the client to say.
        _restrict(context, minimum, maximum, any_strength=self._own is not None)
        if alpn is not None:
            context.set_alpn_protocols([alpn])
        if asks:
            context.verify_mode = ssl.CERT_OPTIONAL
            _trust(context, self._trusted, ssl.Purpose.CLIENT_AUTH)
        # The certificate comes last, since OpenSSL measures it by the strength that is set.
        (self._own or self._leaf(names, now)).load_into(context)
        self._secrets.watch(context)
        # Renewed a day early: a handshake may take its time, and a client's clock may be fast.
        return self._contexts.keep(key, _Kept(context, now - SKEW, now + LIFETIME - timedelta(days=1)))

    def _leaf(self, names: LeafNames, now: datetime) -> Credential:
        certificate = mint(self._authority, names, self._key.public_key(), now)
        return Credential(certificate.public_bytes(serialization.Encoding.PEM), self._key_pem)


class ServerLegs:
    """Contexts in which the proxy is the client of a server.

    The server's chain must lead to an authority of the system or to one in *authority_file*, which may also hold the
    server's own certificate; *insecure* lets every chain pass. *client_certificate* names the files of a certificate
    and its key, for servers that ask for one.
    """

    def __init__(
        self,
        secrets: TlsSecrets,
        authority_file: str | None = None,
        *,
        insecure: bool = False,
        client_certificate: tuple[str, str] | None = None,
    ) -> None:
        self._secrets = secrets
        self._trusted = None if authority_file is None else TrustedFile(authority_file)
        self._insecure = insecure
        self._own = None if client_certificate is None else Credential.load(*client_certificate, any_strength=insecure)
        self._contexts = _Contexts(SERVER_CONTEXTS)

    def context(self, alpn: tuple[str, ...], minimum: ssl.TLSVersion, maximum: ssl.TLSVersion) -> ssl.SSLContext:
        """Return the context to meet a server with: offering *alpn*, within these versions."""
        key = (alpn, minimum, maximum)
        now = _now()
        found = self._contexts.find(key, now)
        if found is not None:
            return found
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        _restrict(context, minimum, maximum, any_strength=self._insecure)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        self._trust(context)
        if self._own is not None:
            self._own.load_into(context)
        self._secrets.watch(context)
        return self._contexts.keep(
            key, _Kept(context, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
        )

    def _trust(self, context: ssl.SSLContext) -> None:
        if self._insecure:
            context.verify_mode = ssl.CERT_NONE
            return
        context.verify_mode = ssl.CERT_REQUIRED
        _trust(context, self._trusted, ssl.Purpose.SERVER_AUTH)


def _trust(context: ssl.SSLContext, trusted: TrustedFile | None, purpose: ssl.Purpose) -> None:
    context.load_default_certs(purpose)
    if trusted is not None:
        trusted.load_into(context)
        # What the user names is trusted as it is: an authority that another one issued, or a server's certificate.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN


def _restrict(context: ssl.SSLContext, minimum: ssl.TLSVersion, maximum: ssl.TLSVersion, *, any_strength: bool) -> None:
    any_strength = any_strength or minimum < ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS + _ANY_STRENGTH if any_strength else _CIPHERS)
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
    with warnings.catch_warnings():
        # Python warns of TLS 1.1 and older; whether to use them is decided by the two ends.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = minimum
        context.maximum_version = maximum
