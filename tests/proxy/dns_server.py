"""A small DNS server on loopback, UDP and TCP on one port: what a test puts into it is what it answers."""

import contextlib
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

LOOPBACK = "127.0.0.1"


@dataclass
class DnsServer:
    """`records` maps (name, type) to what stands in a zone file; whatever name is not in it does not exist."""

    port: int = 0
    records: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    rcodes: dict[str, dns.rcode.Rcode] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    truncated: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def add(self, name: str, rdtype: str, *data: str) -> None:
        self.records.setdefault((name, rdtype), []).extend(data)

    def answer(self, wire: bytes, transport: str) -> bytes | None:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, rdtype = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, rdtype, transport))
        if name in self.silent:
            return None
        response = dns.message.make_response(query)
        response.set_rcode(self.rcodes.get(name, dns.rcode.NOERROR))
        if name in self.truncated and transport == "udp":
            response.flags |= dns.flags.TC
            return response.to_wire()
        self._fill(response, name, rdtype)
        wire = response.to_wire(max_size=65_535)
        return wire[:-3] if name in self.broken else wire

    def _fill(self, response: dns.message.Message, name: str, rdtype: str) -> None:
        if name not in {known for known, _ in self.records} and response.rcode() == dns.rcode.NOERROR:
            response.set_rcode(dns.rcode.NXDOMAIN)
        while alias := self.records.get((name, "CNAME")):
            response.answer.append(self._rrset(name, "CNAME", alias))
            name = alias[0].removesuffix(".")
        if found := self.records.get((name, rdtype)):
            response.answer.append(self._rrset(name, rdtype, found))

    @staticmethod
    def _rrset(name: str, rdtype: str, data: list[str]) -> dns.rrset.RRset:
        return dns.rrset.from_text_list(dns.name.from_text(name), 60, "IN", rdtype, data)


@contextlib.contextmanager
def serving() -> Iterator[DnsServer]:
    """Run a server for as long as the context lasts."""
    server = DnsServer()

    class Datagram(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, sock = self.request
            if (answer := server.answer(wire, "udp")) is not None:
                sock.sendto(answer, self.client_address)

    class Stream(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            (length,) = struct.unpack("!H", self.rfile.read(2))
            if (answer := server.answer(self.rfile.read(length), "tcp")) is not None:
                self.wfile.write(struct.pack("!H", len(answer)) + answer)

    with _both(Datagram, Stream) as servers:
        server.port = servers[0].server_address[1]
        threads = [threading.Thread(target=one.serve_forever, args=(0.01,), daemon=True) for one in servers]
        for thread in threads:
            thread.start()
        yield server
        for one, thread in zip(servers, threads, strict=True):
            one.shutdown()
            thread.join()


@contextlib.contextmanager
def _both(
    datagram: type[socketserver.BaseRequestHandler], stream: type[socketserver.BaseRequestHandler]
) -> Iterator[tuple[socketserver.UDPServer, socketserver.TCPServer]]:
    """A server for each transport on the same port: a free one of TCP may be taken in UDP, so look on."""
    while True:
        tcp = socketserver.TCPServer((LOOPBACK, 0), stream)
        try:
            udp = socketserver.UDPServer(tcp.server_address, datagram)
        except OSError:
            tcp.server_close()
            continue
        with tcp, udp:
            yield udp, tcp
        return


def free_port() -> int:
    """A port of UDP and TCP where nobody listens."""
    with socket.socket() as one:
        one.bind((LOOPBACK, 0))
        return int(one.getsockname()[1])
