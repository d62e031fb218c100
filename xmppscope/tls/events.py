"""What the TLS layer tells: plaintext, handshake facts, and what could not be read.

Times are nanoseconds since the Unix epoch, packets are positions as in `model.wire`: `time` and `packet` of the record
with the first byte, `end_time` and `end_packet` of the last. `side` is who sent it.
"""

from typing import Protocol, TypedDict

import msgspec

from xmppscope.model.wire import Side
from xmppscope.tls.hello import ClientHello, ServerHello
from xmppscope.tls.messages import CertificateRequest


class Plaintext(msgspec.Struct, gc=False):
    """The content of one record of application data, after its tag or MAC was verified."""

    side: Side
    data: bytes
    time: int
    packet: int
    end_time: int
    end_packet: int


class Stamped(Protocol):
    """Anything that came in packets."""

    time: int
    packet: int
    end_time: int
    end_packet: int


class About(TypedDict):
    """Who sent something, and when."""

    side: Side
    time: int
    packet: int
    end_time: int
    end_packet: int


def about(side: Side, item: Stamped) -> About:
    """Return the fields that every `TlsFact` has."""
    return {
        "side": side,
        "time": item.time,
        "packet": item.packet,
        "end_time": item.end_time,
        "end_packet": item.end_packet,
    }


class TlsFact(msgspec.Struct, kw_only=True):
    """What all other events have."""

    side: Side
    time: int
    packet: int
    end_time: int
    end_packet: int


class HelloSeen(TlsFact):
    """A ClientHello, ServerHello or HelloRetryRequest (a ServerHello whose `retry` is set)."""

    hello: ClientHello | ServerHello


class CertificatesSeen(TlsFact):
    """A Certificate message: the chain in DER, leaf first; empty if a client had none to show."""

    chain: list[bytes]


class CertificateHidden(TlsFact):
    """The server's TLS 1.3 handshake cannot be read, for want of its key; a certificate in it stays unseen."""


class CertificateRequested(TlsFact):
    """The server asks for a certificate of the client."""

    request: CertificateRequest


class Established(TlsFact):
    """The handshake is done: both Finished messages were seen, or application data decrypts.

    `side` is who completed it. `version` is spelled as in the contract (``TLSv1.3``), `suite` is the IANA name, `group`
    the number of the key exchange group. `early_data` tells that 0-RTT data was accepted.
    """

    version: str
    suite: str
    resumed: bool
    group: int | None = None
    alpn: str | None = None
    early_data: bool = False


class KeyUpdated(TlsFact):
    """The side goes on with its next traffic key (RFC 8446 §4.6.3); `requested` if it asks the peer to do the same."""

    requested: bool


class AlertSeen(TlsFact):
    """An alert other than close_notify.

    `level` (1 warning, 2 fatal) and `description` are the numbers of RFC 8446 §6; both are None if the alert is
    encrypted and cannot be read, which may also hide a close_notify.
    """

    level: int | None
    description: int | None
    encrypted: bool


class CloseNotify(TlsFact):
    """The side will send no more (RFC 8446 §6.1)."""


class Hole(TlsFact):
    """Bytes are missing from the capture.

    `lost` counts them; `length` is how many bytes of plaintext are missing, None where that cannot be known.
    """

    lost: int
    length: int | None = None


class Undecryptable(TlsFact):
    """Something could not be read: told once per side and reason, the rest is only counted.

    `data` is the beginning of the first record concerned, header included, `length` the length of that record.
    """

    reason: str
    data: bytes
    length: int


class NotTls(TlsFact):
    """Bytes that are no TLS record where one would begin; `data` is everything from there on."""

    data: bytes


TlsEvent = (
    Plaintext
    | HelloSeen
    | CertificatesSeen
    | CertificateHidden
    | CertificateRequested
    | Established
    | KeyUpdated
    | AlertSeen
    | CloseNotify
    | Hole
    | Undecryptable
    | NotTls
)
