"""The headers of IPv4 (RFC 791), IPv6 (RFC 8200) and TCP (RFC 9293), for every packet that is not the commonest kind.

Checksums are not verified: a machine that captures its own traffic sees packets before the network card fills them in.
Offsets are into the frame; *wire* is the length that the frame had on the wire, of which the snap length may have kept
less. Every function raises struct.error where a header is cut short, `MalformedError` where it cannot be true.
"""

from struct import Struct
from typing import Final, NamedTuple

import msgspec

from xmppscope.model.segment import Segment

IPV4_IN_IP: Final = 4
TCP: Final = 6
UDP: Final = 17
IPV6_IN_IP: Final = 41

_FRAGMENT: Final = 44
_AUTHENTICATION: Final = 51
EXTENSIONS: Final = frozenset({0, 43, 60, _AUTHENTICATION, 135, 139, 140})
"""Hop-by-hop options, routing, destination options, authentication (RFC 4302, in IPv4 too), mobility, HIP, Shim6."""

_ipv4 = Struct(">BxHHHxBxx8s").unpack_from
_ipv6 = Struct(">B3xHBx32s").unpack_from
_extension = Struct(">BB").unpack_from
_fragment = Struct(">BxHI").unpack_from
_tcp = Struct(">4sIIBB").unpack_from


class MalformedError(ValueError):
    """A header that contradicts itself; the message is the reason. It never leaves the package."""


class Fragment(NamedTuple):
    """Which part of a datagram a packet carries; `offset` is in bytes."""

    identification: int
    offset: int
    more: bool


class Datagram(msgspec.Struct, gc=False):
    """What IP carries: `protocol` in frame bytes `at` to `end`, which may lie beyond the bytes that were captured.

    `addresses` is the source, then the destination address. `fragment` is None where the datagram is whole.
    """

    protocol: int
    addresses: bytes
    at: int
    end: int
    fragment: Fragment | None


def ipv4(data: bytes, at: int, wire: int) -> Datagram:
    """Read the IPv4 header at *at*."""
    version, total, identification, flags, protocol, addresses = _ipv4(data, at)
    size = (version & 15) << 2
    if version >> 4 != 4 or size < 20:
        raise MalformedError("its IPv4 header has no valid version and length")
    # A card that cuts large sends into segments (TSO) is handed packets with a total length of 0; Wireshark, too, then
    # takes all that is there.
    end = min(at + total, wire) if total else wire
    if end < at + size:
        raise MalformedError("its IPv4 total length is less than its header")
    fragment = None
    if flags & 0x3FFF:
        fragment = Fragment(identification, (flags & 0x1FFF) << 3, bool(flags & 0x2000))
    return Datagram(protocol, addresses, at + size, end, fragment)


def ipv6(data: bytes, at: int, wire: int) -> Datagram:
    """Read the IPv6 header at *at* and the extension headers that follow it."""
    version, length, protocol, addresses = _ipv6(data, at)
    if version >> 4 != 6:
        raise MalformedError("its IPv6 header has another version")
    # RFC 2675 §3: "The Payload Length field in the IPv6 header must be set to zero in every packet that carries the
    # Jumbo Payload option"; large sends before segmentation have zero as well. Both reach to the end of the frame.
    end = min(at + 40 + length, wire) if length else wire
    protocol, at, fragment = extensions(data, protocol, at + 40)
    if at > end:
        raise MalformedError("its IPv6 extension headers are longer than its payload")
    return Datagram(protocol, addresses, at, end, fragment)


def extensions(data: bytes, protocol: int, at: int) -> tuple[int, int, Fragment | None]:
    """Step over extension headers, up to and including a fragment header that says there is more than this packet.

    Returns the protocol behind them, where it begins, and the fragment.
    """
    while True:
        if protocol == _AUTHENTICATION:
            protocol, length = _extension(data, at)
            at += 8 + (length << 2)
        elif protocol in EXTENSIONS:
            protocol, length = _extension(data, at)
            at += 8 + (length << 3)
        elif protocol == _FRAGMENT:
            protocol, position, identification = _fragment(data, at)
            at += 8
            # RFC 6946 §4: a fragment header with offset 0 and no more fragments to come marks a whole packet, which is
            # taken by itself whatever other fragments have the same identification.
            if position & 0xFFF9:
                return protocol, at, Fragment(identification, position & 0xFFF8, bool(position & 1))
        else:
            return protocol, at, None


def segment(data: bytes, time: int, packet: int, datagram: Datagram) -> Segment:
    """Read the TCP header that *datagram* begins with and make the segment."""
    ports, seq, ack, offset, flags = _tcp(data, datagram.at)
    start = datagram.at + (offset >> 4 << 2)
    if offset < 0x50 or start > datagram.end:
        raise MalformedError("its TCP header has no valid length")
    payload = data[start : datagram.end]
    return Segment(
        time, packet, datagram.addresses + ports, seq, ack, flags, payload, datagram.end - start - len(payload)
    )
