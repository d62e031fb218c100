"""Link layers: where in a frame the network layer begins, and which protocol it is, as an ethertype.

Spec: the LINKTYPE_ descriptions of the tcpdump group, IEEE 802.3 and 802.1Q, RFC 1042 (SNAP). What is not in `LINKS`
goes to scapy. Frame check sequences need no care: the length in the IP header cuts them off.
"""

from collections.abc import Callable
from struct import Struct
from typing import Any, Final, NamedTuple

IPV4: Final = 0x0800
IPV6: Final = 0x86DD

NULL: Final = 0
ETHERNET: Final = 1
LOOP: Final = 108
SLL: Final = 113
SLL2: Final = 276
RAW: Final = (12, 14, 101)
RAW_IPV4: Final = 228
RAW_IPV6: Final = 229

# 802.1Q, 802.1ad, and the types that switches used for outer tags before 802.1ad fixed one.
_TAGS: Final = frozenset({0x8100, 0x88A8, 0x9100, 0x9200})
_SMALLEST_TYPE: Final = 0x0600
_SNAP: Final = b"\xaa\xaa\x03\x00\x00\x00"
# AF_INET6 is 10 on Linux, 24 on NetBSD and OpenBSD, 28 on FreeBSD, 30 on macOS; AF_INET is 2 everywhere.
_FAMILIES: Final = {2: IPV4, 10: IPV6, 24: IPV6, 28: IPV6, 30: IPV6}

_short = Struct(">H").unpack_from
_long = Struct(">I").unpack_from
_byte = Struct(">B").unpack_from


def _untag(protocol: int, data: bytes, at: int) -> tuple[int, int]:
    """Step over VLAN tags, however many are stacked; *at* is where what *protocol* names begins."""
    while protocol in _TAGS:
        (protocol,) = _short(data, at + 2)
        at += 4
    return protocol, at


def _ethernet(data: bytes) -> tuple[int, int]:
    protocol, at = _untag(_short(data, 12)[0], data, 14)
    if protocol < _SMALLEST_TYPE and data.startswith(_SNAP, at):
        return _untag(_short(data, at + 6)[0], data, at + 8)
    return protocol, at


def _sll(data: bytes) -> tuple[int, int]:
    return _untag(_short(data, 14)[0], data, 16)


def _sll2(data: bytes) -> tuple[int, int]:
    return _untag(_short(data, 0)[0], data, 20)


def _raw(data: bytes) -> tuple[int, int]:
    return {4: IPV4, 6: IPV6}.get(_byte(data, 0)[0] >> 4, 0), 0


def _null(data: bytes) -> tuple[int, int]:
    """Read the address family in the byte order of the machine that captured, whichever that was."""
    (family,) = _long(data, 0)
    if family > 0xFFFF:
        family = int.from_bytes(data[:4], "little")
    return _FAMILIES.get(family, 0), 4


def _loop(data: bytes) -> tuple[int, int]:
    return _FAMILIES.get(_long(data, 0)[0], 0), 4


LINKS: Final[dict[int, Callable[[bytes], tuple[int, int]]]] = {
    NULL: _null,
    ETHERNET: _ethernet,
    LOOP: _loop,
    SLL: _sll,
    SLL2: _sll2,
    RAW_IPV4: lambda _: (IPV4, 0),
    RAW_IPV6: lambda _: (IPV6, 0),
    **dict.fromkeys(RAW, _raw),
}
"""By link type: what finds ethertype and offset of the network layer; it raises struct.error on a short frame."""


class Layout(NamedTuple):
    """How to read the headers of the commonest frame of a link type at one go: IPv4 without options, then TCP.

    `headers` unpacks the link layer's protocol field, IPv4 version and header length, total length, flags and fragment
    offset, protocol, the 12 bytes of addresses and ports, sequence and acknowledgement number, data offset, flags.
    The frame is of that kind if the first of them is `protocol`. `size` is the length of the link layer's header,
    `shortest` that of all headers.
    """

    headers: Callable[[bytes, int], tuple[Any, ...]]
    protocol: bytes
    size: int
    shortest: int


def _layout(link: str, protocol: bytes) -> Layout:
    headers = Struct(f">{link}BxH2xHxB2x12sIIBB")
    size = headers.size - 34
    return Layout(headers.unpack_from, protocol, size, size + 40)


_UNKNOWN: Final = _layout("0s", b"")._replace(shortest=1 << 62)
_ETHERTYPE: Final = b"\x08\x00"
_LAYOUTS: Final = {
    ETHERNET: _layout("12x2s", _ETHERTYPE),
    SLL: _layout("14x2s", _ETHERTYPE),
    SLL2: _layout("2s18x", _ETHERTYPE),
    NULL: _layout("4s", b"\x02\x00\x00\x00"),
    LOOP: _layout("4s", b"\x00\x00\x00\x02"),
    **dict.fromkeys((*RAW, RAW_IPV4), _layout("0s", b"")),
}


def layout(link: int) -> Layout:
    """Return the layout of a link type; for an unusual one, a layout that no frame is long enough for."""
    return _LAYOUTS.get(link, _UNKNOWN)
