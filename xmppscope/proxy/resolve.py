"""Finds where the server of an XMPP domain is: SRV records, then addresses (RFC 6120 §3.2, RFC 2782, XEP-0368).

Only records of the kind that the client speaks are asked for; STARTTLS and direct TLS are never exchanged silently.
Whatever the domain and whatever the DNS answers, the outcome is a `Route` or `Addresses`, with words for the timeline.
Nothing is kept: who changes a record wants to see the change.
"""

import asyncio
import itertools
import os
import random
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver
from dns.rdtypes.IN.SRV import SRV

from xmppscope.model.plaintext import cut, quote
from xmppscope.proxy.host import LOCALHOST, NotAHostError, Target, dns_name, literal, shown
from xmppscope.proxy.lookup import Address, SystemLookup
from xmppscope.proxy.srv import PORTS, RandInt, Service, Srv, ordered
from xmppscope.proxy.upstream import ADVICE, parse_nameserver

_SECONDS: Final = 5.0
_FOR_SRV: Final = 0.6  # of them; the rest is for addresses
_TRIES: Final = 5  # in all that time: a datagram may get lost
_TARGETS: Final = 16
_ADDRESSES: Final = 16
_SHOWN: Final = 80
_DIRECT: Final = frozenset({"xmpps-client", "xmpps-server"})


@dataclass(frozen=True, slots=True)
class Route:
    """Where to go for a domain: `targets` in order, and `how` they were found.

    Without targets `refused` tells why there are none, and `advice` what to do.
    """

    targets: list[Target] = field(default_factory=list)
    how: str = ""
    refused: str = ""

    @property
    def advice(self) -> str:
        """What to do if there is nowhere to go."""
        return ADVICE if self.refused else ""


class Addresses(NamedTuple):
    """The addresses of a target, in the order to try them; without any, what is the `trouble` with its host."""

    found: list[Address]
    trouble: str = ""


class Resolver:
    """Asks the DNS: the server that *nameserver* names (``HOST[:PORT]``), else what the system is set up for.

    *seconds* bounds SRV and address look-ups of one domain together.
    """

    def __init__(
        self, nameserver: str | None = None, *, seconds: float = _SECONDS, randint: RandInt = random.randint
    ) -> None:
        self._nameserver = None if nameserver is None else parse_nameserver(nameserver)
        self._seconds = seconds
        self._randint = randint
        self._system = SystemLookup()

    async def find(self, domain: str, service: Service) -> Route:
        """Return where the *service* of an XMPP domain is."""
        port = PORTS[service]
        address = literal(domain)
        if address is not None:
            return Route([Target(str(address), port)], f"{address} is an address: port {port}")
        try:
            name = dns_name(domain)
        except NotAHostError as error:
            return Route(refused=f"{quote(domain, _SHOWN)} is not a domain that can be looked up: it {error}")
        if name == LOCALHOST:
            return Route([Target(name, port)], f"{name} needs no SRV: port {port}")
        limit = self._seconds * _FOR_SRV
        question = f"_{service}._tcp.{name}"
        try:
            answer = await self._ask(question, "SRV", limit)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.name.NameTooLong):  # no record has such a name
            kind = "direct TLS to " if service in _DIRECT else ""
            return Route([Target(name, port)], f"no SRV for {kind}{name}: port {port}")
        except (dns.exception.DNSException, TimeoutError) as error:
            # RFC 6120 §3.2.1: "If the initiating entity does not receive a response to its SRV query, it SHOULD attempt
            # the fallback process".
            how = f"SRV for {name} unknown ({self._words(error, limit)}): port {port}"
            return Route([Target(name, port)], how if self._nameserver else f"{how}, address as the system knows it")
        return self._route(question, [record for record in answer if isinstance(record, SRV)])

    async def addresses(self, target: Target) -> Addresses:
        """Return the addresses of a target, IPv6 and IPv4 by turns."""
        address = literal(target.host)
        if address is not None:
            return _found([str(address)], target.port)
        try:
            name = dns_name(target.host)
        except NotAHostError as error:
            return Addresses([], f"is not a name that can be looked up: it {error}")
        limit = self._seconds * (1 - _FOR_SRV)
        if self._nameserver is not None and name != LOCALHOST:
            return await self._by_dns(name, target.port, limit)
        try:
            async with asyncio.timeout(limit):
                return _found(await self._system.addresses(name), target.port)
        except TimeoutError:
            return Addresses([], f"cannot be looked up: the system did not answer in {limit:.2g} s")
        except OSError as error:
            return Addresses([], _system_words(error))

    async def _by_dns(self, name: str, port: int, limit: float) -> Addresses:
        questions = (self._ask(name, rdtype, limit) for rdtype in ("AAAA", "A"))
        answers = await asyncio.gather(*questions, return_exceptions=True)
        found = [str(record) for answer in answers if isinstance(answer, dns.resolver.Answer) for record in answer]
        if found:
            return _found(found, port)
        errors = [error for error in answers if isinstance(error, BaseException)]
        for error in errors:
            if not isinstance(error, dns.exception.DNSException | TimeoutError):
                raise error
        if any(isinstance(error, dns.resolver.NXDOMAIN) for error in errors):
            return Addresses([], "does not exist (NXDOMAIN)")
        telling = [error for error in errors if not isinstance(error, dns.resolver.NoAnswer)]
        return Addresses([], f"cannot be looked up: {self._words(telling[0], limit)}" if telling else "has no address")

    async def _ask(self, name: str, rdtype: Literal["SRV", "AAAA", "A"], limit: float) -> dns.resolver.Answer:
        resolver = dns.asyncresolver.Resolver(configure=self._nameserver is None)
        if self._nameserver is not None:
            resolver.nameservers, resolver.port = [self._nameserver[0]], self._nameserver[1]
        resolver.timeout = self._seconds / _TRIES
        try:
            # dnspython counts by the wall clock, which may be set, and does not count its own pauses.
            async with asyncio.timeout(limit):
                return await resolver.resolve(f"{name}.", rdtype, lifetime=limit, search=False)
        except dns.exception.Timeout as error:
            raise TimeoutError from error

    def _route(self, question: str, answer: list[SRV]) -> Route:
        records = [
            Srv(srv.priority, srv.weight, srv.port, srv.target.to_text(omit_final_dot=True).removesuffix("."))
            for srv in answer
        ]
        there = ordered((record for record in records if record.host), self._randint)
        if not there:
            # RFC 2782: "A Target of "." means that the service is decidedly not available at this domain."
            return Route(refused=f"SRV {question}: not offered (its target is the root)")
        count = "1 target" if len(there) == 1 else f"{len(there)} targets"
        more = f", the first {_TARGETS} are tried" if len(there) > _TARGETS else ""
        return Route(
            [Target(record.host, record.port) for record in there[:_TARGETS]], f"SRV {question}: {count}{more}"
        )

    def _words(self, error: BaseException, limit: float) -> str:
        """Return why the DNS gave no answer within *limit* seconds."""
        server = "DNS" if self._nameserver is None else f"DNS server {shown(*self._nameserver)}"
        if isinstance(error, dns.resolver.NoResolverConfiguration):
            return "this system has no DNS server"
        if isinstance(error, TimeoutError):
            return f"{server} did not answer in {limit:.2g} s"
        last = error.kwargs["errors"][-1][3] if isinstance(error, dns.resolver.NoNameservers) else error
        if isinstance(last, str):
            return f"{server} answered {last}"
        if isinstance(last, OSError) and last.errno:
            return f"{server} cannot be asked: {_lower(os.strerror(last.errno))}"
        return f"{server} gave an answer that is no use"


def _found(ips: Iterable[str], port: int) -> Addresses:
    """Order addresses as RFC 8305 §4 wants: families by turns, beginning with that of the first."""
    families: dict[socket.AddressFamily, list[Address]] = {}
    for ip in ips:
        family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        families.setdefault(family, []).append(Address(family, ip, port))
    turns = itertools.chain.from_iterable(itertools.zip_longest(*families.values()))
    return Addresses([address for address in turns if address is not None][:_ADDRESSES])


def _system_words(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        # EAI_NODATA is not to be had everywhere.
        if error.errno in {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}:
            return "has no address"
        return f"cannot be looked up: {_lower(cut(error.strerror or str(error), _SHOWN))}"
    return f"cannot be looked up: {_lower(str(error))}"


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]
