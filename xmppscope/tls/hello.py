"""Parses the hello messages of a TLS handshake and its EncryptedExtensions (RFC 8446 §4.1, §4.3.1).

Bodies come without the four bytes of the handshake header. A body that does not have the form of its message raises
`HandshakeError`. Values are reported as sent: unknown and GREASE (RFC 8701) numbers stay in the lists, and nothing is
judged. Left out: the SSL 2.0 compatible ClientHello (RFC 5246 §E.2) and extensions that tell an XMPP debugger nothing.
"""

from dataclasses import dataclass
from typing import Final, TypedDict

from xmppscope.tls.messages import (
    CertificateRequest,
    parse_certificate,
    parse_certificate_request,
    parse_server_key_exchange_group,
)
from xmppscope.tls.vectors import HandshakeError, Reader

__all__ = [
    "SUPPORTED_VERSIONS",
    "CertificateRequest",
    "ClientHello",
    "EncryptedExtensions",
    "HandshakeError",
    "ServerHello",
    "parse_certificate",
    "parse_certificate_request",
    "parse_client_hello",
    "parse_encrypted_extensions",
    "parse_server_hello",
    "parse_server_key_exchange_group",
]

# Extension numbers: IANA, "TLS ExtensionType Values".
SERVER_NAME: Final = 0
SUPPORTED_GROUPS: Final = 10
SIGNATURE_ALGORITHMS: Final = 13
ALPN: Final = 16
ENCRYPT_THEN_MAC: Final = 22
EXTENDED_MASTER_SECRET: Final = 23
SESSION_TICKET: Final = 35
PRE_SHARED_KEY: Final = 41
EARLY_DATA: Final = 42
SUPPORTED_VERSIONS: Final = 43
KEY_SHARE: Final = 51

# RFC 8446 §4.1.3: "the HelloRetryRequest message uses the same structure as the ServerHello, but with Random set to
# the special value of the SHA-256 of "HelloRetryRequest""
RETRY_RANDOM: Final = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")

# RFC 8446 §4.1.3: "TLS 1.3 servers which negotiate TLS 1.2 or below […] MUST set the last 8 bytes of their Random value
# specially in their ServerHello."
_DOWNGRADED: Final = frozenset((b"DOWNGRD\x01", b"DOWNGRD\x00"))


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What a client offers (RFC 8446 §4.1.2).

    `versions` are those of the supported_versions extension, or `legacy_version` alone where that is absent. `psk`
    tells that pre-shared keys (TLS 1.3 tickets) are offered, `session_ticket` holds a ticket of TLS 1.2 or older
    (empty if one is only asked for, None if not even that; RFC 5077 §3.2). `signatures` are signature schemes,
    `key_shares` the groups for which a key share came along.
    """

    legacy_version: int
    random: bytes
    session_id: bytes
    suites: list[int]
    compression: bytes
    extensions: dict[int, bytes]
    versions: list[int]
    sni: str | None
    alpn: list[str]
    groups: list[int]
    key_shares: list[int]
    signatures: list[int]
    early_data: bool
    psk: bool
    extended_master_secret: bool
    encrypt_then_mac: bool
    session_ticket: bytes | None


@dataclass(frozen=True, slots=True)
class ServerHello:
    """What a server chose (RFC 8446 §4.1.3), or a HelloRetryRequest where `retry` is true (§4.1.4).

    `version` is the negotiated one; `group` is that of the key share, or the one that a retry asks for; before TLS 1.3
    the group stands in the ServerKeyExchange. `psk_index` counts from 0 in the keys that the client offered.
    `session_ticket` tells that the server will send a ticket (RFC 5077 §3.2), `downgraded` that its random says it
    could have spoken a later version.
    """

    version: int
    legacy_version: int
    random: bytes
    session_id: bytes
    suite: int
    compression: int
    extensions: dict[int, bytes]
    alpn: str | None
    group: int | None
    psk_index: int | None
    retry: bool
    extended_master_secret: bool
    encrypt_then_mac: bool
    session_ticket: bool
    downgraded: bool


class EncryptedExtensions(TypedDict):
    """What a TLS 1.3 server answers under encryption (RFC 8446 §4.3.1): the protocol it chose, 0-RTT taken or not."""

    alpn: str | None
    early_data: bool


def parse_client_hello(body: bytes) -> ClientHello:
    """Parse the body of a ClientHello (RFC 8446 §4.1.2); raise `HandshakeError` if it is malformed."""
    reader = Reader(body, "ClientHello")
    legacy_version = reader.number(2)
    random = reader.take(32)
    session_id = _session_id(reader)
    suites = reader.numbers(2)
    compression = reader.vector(1, least=1)
    extensions = _extensions(reader, "ClientHello")
    return ClientHello(
        legacy_version=legacy_version,
        random=random,
        session_id=session_id,
        suites=suites,
        compression=compression,
        extensions=extensions,
        versions=_numbers(extensions, SUPPORTED_VERSIONS, "supported_versions", size=1) or [legacy_version],
        sni=_server_name(extensions.get(SERVER_NAME)),
        alpn=_protocols(extensions.get(ALPN)),
        groups=_numbers(extensions, SUPPORTED_GROUPS, "supported_groups"),
        key_shares=_key_shares(extensions.get(KEY_SHARE)),
        signatures=_numbers(extensions, SIGNATURE_ALGORITHMS, "signature_algorithms"),
        early_data=EARLY_DATA in extensions,
        psk=PRE_SHARED_KEY in extensions,
        extended_master_secret=EXTENDED_MASTER_SECRET in extensions,
        encrypt_then_mac=ENCRYPT_THEN_MAC in extensions,
        session_ticket=extensions.get(SESSION_TICKET),
    )


def parse_server_hello(body: bytes) -> ServerHello:
    """Parse the body of a ServerHello or HelloRetryRequest; raise `HandshakeError` if it is malformed."""
    reader = Reader(body, "ServerHello")
    legacy_version = reader.number(2)
    random = reader.take(32)
    session_id = _session_id(reader)
    suite = reader.number(2)
    compression = reader.number(1)
    extensions = _extensions(reader, "ServerHello")
    version = _number(extensions, SUPPORTED_VERSIONS, "supported_versions")
    return ServerHello(
        version=legacy_version if version is None else version,
        legacy_version=legacy_version,
        random=random,
        session_id=session_id,
        suite=suite,
        compression=compression,
        extensions=extensions,
        alpn=_chosen_protocol(extensions.get(ALPN)),
        group=_chosen_group(extensions.get(KEY_SHARE), random == RETRY_RANDOM),
        psk_index=_number(extensions, PRE_SHARED_KEY, "pre_shared_key"),
        retry=random == RETRY_RANDOM,
        extended_master_secret=EXTENDED_MASTER_SECRET in extensions,
        encrypt_then_mac=ENCRYPT_THEN_MAC in extensions,
        session_ticket=SESSION_TICKET in extensions,
        downgraded=random[-8:] in _DOWNGRADED,
    )


def parse_encrypted_extensions(body: bytes) -> EncryptedExtensions:
    """Parse the body of EncryptedExtensions (RFC 8446 §4.3.1); raise `HandshakeError` if it is malformed."""
    reader = Reader(body, "EncryptedExtensions")
    if not reader.left:
        raise HandshakeError("EncryptedExtensions is empty")
    extensions = _extensions(reader, "EncryptedExtensions")
    return {"alpn": _chosen_protocol(extensions.get(ALPN)), "early_data": EARLY_DATA in extensions}


def _session_id(reader: Reader) -> bytes:
    session_id = reader.vector(1)
    if len(session_id) > 32:
        raise HandshakeError(f"a session id of {len(session_id)} bytes where 32 is the most")
    return session_id


def _extensions(reader: Reader, what: str) -> dict[int, bytes]:
    # RFC 8446 §4.1.2: "The presence of extensions can be detected by determining whether there are bytes following
    # the compression_methods field at the end of the ClientHello."
    extensions: dict[int, bytes] = {}
    if not reader.left:
        return extensions
    block = Reader(reader.vector(2), f"extension block of {what}")
    reader.finish()
    while block.left:
        number = block.number(2)
        data = block.vector(2)
        # RFC 8446 §4.2: "There MUST NOT be more than one extension of the same type in a given extension block."
        if number in extensions:
            raise HandshakeError(f"{what} has extension {number} twice")
        extensions[number] = data
    return extensions


def _numbers(extensions: dict[int, bytes], number: int, name: str, size: int = 2) -> list[int]:
    data = extensions.get(number)
    if data is None:
        return []
    reader = Reader(data, name)
    numbers = reader.numbers(size)
    reader.finish()
    return numbers


def _number(extensions: dict[int, bytes], number: int, name: str) -> int | None:
    data = extensions.get(number)
    if data is None:
        return None
    reader = Reader(data, name)
    value = reader.number(2)
    reader.finish()
    return value


def _server_name(data: bytes | None) -> str | None:
    # RFC 6066 §3: "The ServerNameList MUST NOT contain more than one name of the same name_type." The only type is
    # host_name, 0; the name is ASCII, and what is not shows as escapes.
    if data is None:
        return None
    reader = Reader(data, "server_name")
    names = Reader(reader.vector(2, least=1), "server_name")
    reader.finish()
    found = None
    while names.left:
        kind = names.number(1)
        name = names.vector(2, least=1)
        if kind == 0 and found is None:
            found = _text(name)
    return found


def _protocols(data: bytes | None) -> list[str]:
    if data is None:
        return []
    reader = Reader(data, "application_layer_protocol_negotiation")
    names = Reader(reader.vector(2, least=2), "application_layer_protocol_negotiation")
    reader.finish()
    return [_text(name) for name in names.vectors(1, least=1)]


def _chosen_protocol(data: bytes | None) -> str | None:
    # RFC 7301 §3.1: "the "ProtocolNameList" MUST contain exactly one "ProtocolName"."
    if data is None:
        return None
    protocols = _protocols(data)
    if len(protocols) != 1:
        raise HandshakeError(f"the server chose {len(protocols)} application protocols where exactly one is due")
    return protocols[0]


def _key_shares(data: bytes | None) -> list[int]:
    if data is None:
        return []
    reader = Reader(data, "key_share")
    shares = Reader(reader.vector(2), "key_share")
    reader.finish()
    groups = []
    while shares.left:
        groups.append(shares.number(2))
        shares.vector(2, least=1)
    return groups


def _chosen_group(data: bytes | None, retry: bool) -> int | None:
    # RFC 8446 §4.2.8: a server's share is a group and its key, a retry's the selected group alone.
    if data is None:
        return None
    reader = Reader(data, "key_share")
    group = reader.number(2)
    if not retry:
        reader.vector(2, least=1)
    reader.finish()
    return group


def _text(data: bytes) -> str:
    return data.decode("ascii", "backslashreplace")
