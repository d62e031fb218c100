"""A frame led through its layers: link, IP, fragments, tunnels, to the TCP segment that it carries, if it does.

This is the way for every frame that the readers' hot loops pass over. Frames that carry no TCP yield nothing; one
whose headers contradict themselves, or are cut by the snap length, yields a notice (once, then counted).
"""

from struct import Struct, error
from typing import Final

from xmppscope.capture import ip, link, scapy_fallback
from xmppscope.capture.fragments import Fragments
from xmppscope.capture.ip import Datagram, MalformedError
from xmppscope.capture.sink import Sink, number

MAX_WIRE: Final = 1 << 19
"""No frame is longer than this, whatever a capture claims: the largest sends before segmentation are half a MiB."""

MAX_DEPTH: Final = 8
"""How many IP headers may stand inside one another."""

_port = Struct(">H").unpack_from


class Dissector:
    """Takes the frames of one capture file and puts segments and notices into its *sink*."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._fragments = Fragments(sink)
        self._unknown_links: set[int] = set()

    def frame(self, link_type: int, time: int, packet: int, data: bytes, wire: int) -> None:
        """Take a frame: its captured bytes, and the length that it is said to have had on the wire."""
        wire = max(len(data), min(wire, MAX_WIRE))
        try:
            find = link.LINKS.get(link_type)
            if find is None:
                self._unusual_link(link_type, time, packet, data, wire)
                return
            protocol, at = find(data)
            if protocol in (link.IPV4, link.IPV6):
                self._internet(protocol, time, packet, data, at, wire, 0)
            elif protocol in scapy_fallback.ETHERTYPES:
                self._tunnel(scapy_fallback.ETHERTYPES[protocol], time, packet, data[at:], wire - at, 0)
        except error:
            if wire > len(data):
                text = f": packet {number(packet)} is left out: the snap length cuts its headers; give a larger one"
                self._sink.once("packets left out, their headers cut by the snap length", text, packet)
            else:
                self._damaged("its headers are cut short", packet)
        except MalformedError as reason:
            self._damaged(str(reason), packet)

    def close(self) -> None:
        """Give up incomplete fragments at the end of the capture."""
        self._fragments.close()

    def _damaged(self, reason: str, packet: int) -> None:
        self._sink.once("packets left out as damaged", f": packet {number(packet)} is left out: {reason}", packet)

    def _internet(self, protocol: int, time: int, packet: int, data: bytes, at: int, wire: int, depth: int) -> None:
        if depth == MAX_DEPTH:
            raise MalformedError(f"it has more than {MAX_DEPTH} IP headers inside one another")
        read = ip.ipv4 if protocol == link.IPV4 else ip.ipv6
        datagram = read(data, at, wire)
        if datagram.fragment is not None:
            if datagram.protocol not in _WANTED:
                return
            part = data[datagram.at : datagram.end]
            whole = self._fragments.add(
                datagram.addresses, datagram.protocol, datagram.fragment, datagram.end - datagram.at, part, time, packet
            )
            if whole is None:
                return
            upper, wire, data = whole
            datagram = Datagram(upper, datagram.addresses, 0, wire, None)
        self._upper(datagram, time, packet, data, depth)

    def _upper(self, datagram: Datagram, time: int, packet: int, data: bytes, depth: int) -> None:
        """Go on with what a whole datagram carries."""
        protocol, at, end = datagram.protocol, datagram.at, datagram.end
        if protocol == ip.TCP:
            self._sink.events.append(ip.segment(data, time, packet, datagram))
        elif protocol in ip.EXTENSIONS:
            protocol, at, fragment = ip.extensions(data, protocol, at)
            if fragment is not None or at > end:
                raise MalformedError("its IPv6 extension headers make no sense")
            self._upper(Datagram(protocol, datagram.addresses, at, end, None), time, packet, data, depth)
        elif protocol == ip.UDP:
            name = scapy_fallback.UDP_PORTS.get(_port(data, at + 2)[0])
            if name is not None:
                self._tunnel(name, time, packet, data[at + 8 : end], end - at - 8, depth)
        elif protocol in _IP_IN_IP:
            self._internet(_IP_IN_IP[protocol], time, packet, data, at, end, depth + 1)
        elif protocol in scapy_fallback.IP_PROTOCOLS:
            name = scapy_fallback.IP_PROTOCOLS[protocol]
            self._tunnel(name, time, packet, data[at:end], end - at, depth)

    def _unusual_link(self, link_type: int, time: int, packet: int, data: bytes, wire: int) -> None:
        layer = None if link_type in self._unknown_links else scapy_fallback.link_layer(link_type)
        if layer is None:
            self._unknown_links.add(link_type)
            text = (
                f": link type {link_type} is not known; its packets are left out, the first is packet {number(packet)}"
            )
            self._sink.once(f"packets of the unknown link type {link_type}", text, packet)
            return
        self._slow(f"link type {link_type} ({layer.__name__})", packet)
        self._found(scapy_fallback.internet(layer, data), time, packet, len(data), wire, 0)

    def _tunnel(self, name: tuple[str, str], time: int, packet: int, data: bytes, wire: int, depth: int) -> None:
        self._slow(name[1], packet)
        inner = scapy_fallback.internet(scapy_fallback.layer(name), data)
        self._found(inner, time, packet, len(data), wire, depth + 1)

    def _found(self, inner: bytes | None, time: int, packet: int, captured: int, wire: int, depth: int) -> None:
        """Go on with the IP packet that scapy found, *inner*; what was not captured is missing at its end."""
        if inner:
            protocol = link.IPV6 if inner[0] >> 4 == 6 else link.IPV4
            self._internet(protocol, time, packet, inner, 0, len(inner) + wire - captured, depth)

    def _slow(self, what: str, packet: int) -> None:
        text = f": scapy takes {what} apart from packet {number(packet)} on: slow, some thousand packets a second"
        self._sink.once(f"packets of {what} taken apart by scapy", text, packet, "info")


_IP_IN_IP: Final = {ip.IPV4_IN_IP: link.IPV4, ip.IPV6_IN_IP: link.IPV6}
# What is worth putting together: TCP, what may carry it, and IPv6 headers that may stand before it.
_WANTED: Final = frozenset({ip.TCP, ip.UDP, *_IP_IN_IP, *scapy_fallback.IP_PROTOCOLS, *ip.EXTENSIONS})
