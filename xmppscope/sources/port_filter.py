"""A capture filter for TCP ports, as the program that Linux runs on each packet before it is copied to us.

Spec: "The BSD Packet Filter" (McCanne and Jacobson 1993) and Documentation/networking/filter.rst of Linux, whose
extensions are used: loads relative to the network header, and the ethertype, so that one program fits every link layer.
Whatever might hold the ports further in passes: later fragments, IPv6 extension headers, VLAN tags, PPPoE, MPLS.
"""

from struct import Struct
from typing import Final

MOST_PORTS: Final = 32
"""Jumps reach 255 instructions; few people name more ports."""

_NETWORK: Final = 0xFFF00000  # SKF_NET_OFF: offsets from here on count from the network header
_ETHERTYPE: Final = 0xFFFFF000  # SKF_AD_OFF + SKF_AD_PROTOCOL

_LOAD_BYTE: Final = 0x30
_LOAD_SHORT: Final = 0x28
_LOAD_SHORT_BEYOND: Final = 0x48  # of the index register
_LOAD_HEADER_SIZE: Final = 0xB1  # the index register becomes 4 * (byte & 0x0f)
_IF_EQUAL: Final = 0x15
_IF_ANY_BIT: Final = 0x45
_RETURN: Final = 0x06

_ALL: Final = 0xFFFFFFFF
_TCP: Final = 6
_IPV4: Final = 0x0800
_IPV6: Final = 0x86DD
_OUTER: Final = (0x8100, 0x88A8, 0x8847, 0x8848, 0x8864)
_EXTENSIONS: Final = (0, 43, 44, 60)  # hop-by-hop, routing, fragment, destination options
_TUNNELS: Final = (4, 41, 47)  # IP in IP, IPv6 in IP, GRE

_instruction = Struct("=HBBI").pack


class _Program:
    """Instructions whose jumps name labels, until all are known."""

    def __init__(self) -> None:
        self._code: list[tuple[int, int, str]] = []
        self._labels: dict[str, int] = {}

    def load(self, code: int, value: int) -> None:
        self._code.append((code, value, ""))

    def jump(self, code: int, value: int, label: str) -> None:
        """Go to *label* if the comparison holds, else on."""
        self._code.append((code, value, label))

    def label(self, name: str) -> None:
        self._labels[name] = len(self._code)

    def end(self, label: str, captured: int) -> None:
        """Keep *captured* bytes of the packets that come to *label*."""
        self.label(label)
        self.load(_RETURN, captured)

    def assemble(self) -> bytes:
        """Return the program; a jump counts from the instruction behind it."""
        return b"".join(
            _instruction(code, self._labels[label] - at - 1 if label else 0, 0, value)
            for at, (code, value, label) in enumerate(self._code)
        )


def program(ports: tuple[int, ...]) -> bytes:
    """Return the program that keeps packets from or to one of these TCP ports."""
    made = _Program()
    made.load(_LOAD_SHORT, _ETHERTYPE)
    made.jump(_IF_EQUAL, _IPV4, "ipv4")
    made.jump(_IF_EQUAL, _IPV6, "ipv6")
    for outer in _OUTER:
        made.jump(_IF_EQUAL, outer, "keep")
    made.load(_RETURN, 0)
    made.label("ipv6")
    made.load(_LOAD_BYTE, _NETWORK + 6)
    for protocol in (*_EXTENSIONS, *_TUNNELS):
        made.jump(_IF_EQUAL, protocol, "keep")
    made.jump(_IF_EQUAL, _TCP, "ipv6 ports")
    made.load(_RETURN, 0)
    made.label("ipv6 ports")
    for offset in (40, 42):
        made.load(_LOAD_SHORT, _NETWORK + offset)
        for port in ports:
            made.jump(_IF_EQUAL, port, "keep")
    made.load(_RETURN, 0)
    made.label("ipv4")
    made.load(_LOAD_BYTE, _NETWORK + 9)
    for protocol in _TUNNELS:
        made.jump(_IF_EQUAL, protocol, "keep")
    made.jump(_IF_EQUAL, _TCP, "ipv4 ports")
    made.load(_RETURN, 0)
    made.label("ipv4 ports")
    made.load(_LOAD_SHORT, _NETWORK + 6)
    made.jump(_IF_ANY_BIT, 0x1FFF, "keep")
    made.load(_LOAD_HEADER_SIZE, _NETWORK)
    for offset in (0, 2):
        made.load(_LOAD_SHORT_BEYOND, _NETWORK + offset)
        for port in ports:
            made.jump(_IF_EQUAL, port, "keep")
    made.load(_RETURN, 0)
    made.end("keep", _ALL)
    return made.assemble()
