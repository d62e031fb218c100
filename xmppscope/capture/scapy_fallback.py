"""Unusual link types and tunnels, taken apart by scapy as far as the first IP header, which then goes our own way.

scapy is loaded when the first such packet comes, and only the layers that it needs: loading all takes a second, and
dissecting runs at some thousand packets a second. The tables name every protocol that is handed to it; traffic that
is none of these never pays for it.
"""

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Final

from xmppscope.capture.ip import MalformedError

if TYPE_CHECKING:
    from scapy.packet import Packet

_ETHERNET: Final = ("scapy.layers.l2", "Ether")
_MPLS: Final = ("scapy.contrib.mpls", "MPLS")
_VXLAN: Final = ("scapy.layers.vxlan", "VXLAN")
_NSH: Final = ("scapy.contrib.nsh", "NSH")

ETHERTYPES: Final = {
    0x6558: _ETHERNET,  # transparent Ethernet bridging
    0x8847: _MPLS,
    0x8848: _MPLS,
    0x8864: ("scapy.layers.ppp", "PPPoE"),
    0x88E7: ("scapy.layers.l2", "Dot1AH"),  # provider backbone bridges
    0x894F: _NSH,
}
"""By ethertype: module and class of the layer that follows."""

IP_PROTOCOLS: Final = {
    47: ("scapy.layers.l2", "GRE"),
    97: ("scapy.contrib.etherip", "EtherIP"),
    137: _MPLS,
}
"""By IP protocol number."""

UDP_PORTS: Final = {
    1701: ("scapy.layers.l2tp", "L2TP"),
    2152: ("scapy.contrib.gtp", "GTP_U_Header"),
    4789: _VXLAN,
    4790: _VXLAN,
    6081: ("scapy.contrib.geneve", "GENEVE"),
    6635: _MPLS,
    8472: _VXLAN,  # the port of Linux before one was assigned
}
"""By UDP destination port."""

_layers: dict[tuple[str, str], type["Packet"]] = {}


def layer(name: tuple[str, str]) -> type["Packet"]:
    """Load the layer class *name*, and IP with what is tunnelled in it, so that scapy finds its way to it."""
    found = _layers.get(name)
    if found is None:
        _load("scapy.layers.inet", "scapy.layers.inet6", "scapy.layers.ppp")
        found = _layers[name] = getattr(import_module(name[0]), name[1])
    return found


def link_layer(link: int) -> type["Packet"] | None:
    """Return the layer class of a link type, None where scapy does not know it."""
    _load("scapy.layers.all")
    found: type[Packet] | None = import_module("scapy.config").conf.l2types.num2layer.get(link)
    return found


def internet(outermost: type["Packet"], data: bytes) -> bytes | None:
    """Return the bytes from the first IP or IPv6 header on, None where there is none; raises `MalformedError`."""
    try:
        packet: Packet | None = outermost(data)
    except Exception as error:  # a dissector may raise anything on bytes that it did not foresee
        raise MalformedError(f"scapy cannot take it apart ({type(error).__name__})") from error
    ip = (layer(("scapy.layers.inet", "IP")), layer(("scapy.layers.inet6", "IPv6")))
    while packet:
        if isinstance(packet, ip):
            return bytes(packet.original)
        packet = packet.payload
    return None


def _load(*modules: str) -> None:
    # scapy tells of what it meets through its own logger, on standard error, which is not ours to write to.
    logging.getLogger("scapy").setLevel(logging.CRITICAL)
    for module in modules:
        import_module(module)
