"""Finding a server, against a DNS server on loopback: what it says, and what is said of it."""

import asyncio
import errno
import socket
from collections.abc import Iterator

import dns.asyncresolver
import dns.message
import dns.rcode
import dns.resolver
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.proxy.dns_server import DnsServer, free_port, serving
from xmppscope.model.errors import XmppscopeError
from xmppscope.proxy.host import Target
from xmppscope.proxy.lookup import Address, SystemLookup
from xmppscope.proxy.resolve import Addresses, Resolver, Route
from xmppscope.proxy.srv import Service
from xmppscope.proxy.upstream import ADVICE

CLIENT = "_xmpp-client._tcp.a.test"
QUICK = 0.5


@pytest.fixture
def dns_server() -> Iterator[DnsServer]:
    with serving() as server:
        yield server


def find(resolver: Resolver, domain: str, service: Service = "xmpp-client") -> Route:
    return asyncio.run(resolver.find(domain, service))


def addresses(resolver: Resolver, host: str, port: int = 5222) -> Addresses:
    return asyncio.run(resolver.addresses(Target(host, port)))


def lowest(low: int, high: int) -> int:
    return low


class SystemOf:
    """Stands for the system's lookup."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, outcome: list[str] | Exception) -> None:
        async def look_up(_: SystemLookup, host: str) -> list[str]:
            self.asked.append(host)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        self.asked: list[str] = []
        monkeypatch.setattr(SystemLookup, "addresses", look_up)


def without_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    def unconfigured(*_: object, **__: object) -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.asyncresolver, "Resolver", unconfigured)


def test_srv_by_priority(dns_server: DnsServer) -> None:
    dns_server.add(CLIENT, "SRV", "20 0 5222 backup.a.test.", "10 0 15222 xmpp.a.test.")
    route = find(Resolver(dns_server.address), "A.test")
    assert route == Route([Target("xmpp.a.test", 15222), Target("backup.a.test", 5222)], f"SRV {CLIENT}: 2 targets")
    assert route.advice == ""
    assert dns_server.asked == [(CLIENT, "SRV", "udp")]


def test_srv_by_weight(dns_server: DnsServer) -> None:
    dns_server.add(CLIENT, "SRV", "1 10 1 one.test.", "1 0 2 two.test.", "1 10 3 three.test.")
    assert find(Resolver(dns_server.address, randint=lowest), "a.test").targets[0] == Target("two.test", 2)
    route = find(Resolver(dns_server.address, randint=lambda low, high: high), "a.test")
    assert route.targets[-1] == Target("two.test", 2)


@pytest.mark.parametrize(
    ("service", "port", "how"),
    [
        ("xmpp-client", 5222, "no SRV for a.test: port 5222"),
        ("xmpps-client", 5223, "no SRV for direct TLS to a.test: port 5223"),
        ("xmpp-server", 5269, "no SRV for a.test: port 5269"),
        ("xmpps-server", 5270, "no SRV for direct TLS to a.test: port 5270"),
    ],
)
def test_no_srv(dns_server: DnsServer, service: Service, port: int, how: str) -> None:
    assert find(Resolver(dns_server.address), "a.test", service) == Route([Target("a.test", port)], how)
    assert dns_server.asked == [(f"_{service}._tcp.a.test", "SRV", "udp")]


def test_no_data_is_no_srv_either(dns_server: DnsServer) -> None:
    dns_server.add(CLIENT, "TXT", '"nothing here"')
    assert find(Resolver(dns_server.address), "a.test").how == "no SRV for a.test: port 5222"


def test_kinds_are_never_exchanged(dns_server: DnsServer) -> None:
    dns_server.add("_xmpps-client._tcp.a.test", "SRV", "1 1 443 tls.a.test.")
    resolver = Resolver(dns_server.address)
    assert find(resolver, "a.test").targets == [Target("a.test", 5222)]
    route = find(resolver, "a.test", "xmpps-client")
    assert route == Route([Target("tls.a.test", 443)], "SRV _xmpps-client._tcp.a.test: 1 target")


def test_not_offered(dns_server: DnsServer) -> None:
    dns_server.add(CLIENT, "SRV", "0 0 0 .")
    route = find(Resolver(dns_server.address), "a.test")
    assert route == Route(refused=f"SRV {CLIENT}: not offered (its target is the root)")
    assert route.advice == ADVICE


def test_a_root_among_others_counts_for_nothing(dns_server: DnsServer) -> None:
    dns_server.add(CLIENT, "SRV", "0 0 0 .", "5 0 5222 xmpp.a.test.")
    assert find(Resolver(dns_server.address), "a.test").targets == [Target("xmpp.a.test", 5222)]


def test_an_alias_is_followed(dns_server: DnsServer) -> None:
    dns_server.add(CLIENT, "CNAME", "_xmpp-client._tcp.hosted.test.")
    dns_server.add("_xmpp-client._tcp.hosted.test", "SRV", "1 1 5222 xmpp.hosted.test.")
    assert find(Resolver(dns_server.address), "a.test").targets == [Target("xmpp.hosted.test", 5222)]


def test_a_truncated_answer_is_asked_for_over_tcp(dns_server: DnsServer) -> None:
    dns_server.add(CLIENT, "SRV", *(f"1 {number} 5222 xmpp-{number}.a.test." for number in range(300)))
    dns_server.truncated.add(CLIENT)
    route = find(Resolver(dns_server.address), "a.test")
    assert len(route.targets) == len(set(route.targets)) == 16
    assert route.how == f"SRV {CLIENT}: 300 targets, the first 16 are tried"
    assert dns_server.asked == [(CLIENT, "SRV", "udp"), (CLIENT, "SRV", "tcp")]


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED])
def test_a_server_that_fails(dns_server: DnsServer, rcode: dns.rcode.Rcode) -> None:
    dns_server.rcodes |= {CLIENT: rcode, "a.test": rcode}
    resolver = Resolver(dns_server.address)
    words = f"DNS server {dns_server.address} answered {dns.rcode.to_text(rcode)}"
    assert find(resolver, "a.test") == Route([Target("a.test", 5222)], f"SRV for a.test unknown ({words}): port 5222")
    assert addresses(resolver, "a.test") == Addresses([], f"cannot be looked up: {words}")


def test_a_server_that_is_silent(dns_server: DnsServer) -> None:
    dns_server.silent |= {CLIENT, "a.test"}
    resolver = Resolver(dns_server.address, seconds=QUICK)
    words = f"DNS server {dns_server.address} did not answer in"
    assert find(resolver, "a.test").how == f"SRV for a.test unknown ({words} 0.3 s): port 5222"
    assert addresses(resolver, "a.test").trouble == f"cannot be looked up: {words} 0.2 s"
    assert dns_server.asked.count((CLIENT, "SRV", "udp")) > 1  # a datagram may get lost


def test_a_server_that_answers_nonsense(dns_server: DnsServer) -> None:
    dns_server.add(CLIENT, "SRV", "1 1 5222 xmpp.a.test.")
    dns_server.broken.add(CLIENT)
    how = find(Resolver(dns_server.address, seconds=QUICK), "a.test").how
    # dnspython passes over datagrams that are no answer, and goes on waiting.
    assert how == f"SRV for a.test unknown (DNS server {dns_server.address} did not answer in 0.3 s): port 5222"
    dns_server.truncated.add(CLIENT)
    how = find(Resolver(dns_server.address, seconds=QUICK), "a.test").how
    assert how == f"SRV for a.test unknown (DNS server {dns_server.address} gave an answer that is no use): port 5222"


def test_a_server_that_is_not_there() -> None:
    server = f"127.0.0.1:{free_port()}"
    how = find(Resolver(server, seconds=QUICK), "a.test").how
    assert how.startswith(f"SRV for a.test unknown (DNS server {server} ")
    assert how.endswith("): port 5222")


def test_no_dns_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    without_dns(monkeypatch)
    system = SystemOf(monkeypatch, ["127.0.0.1"])
    resolver = Resolver()
    words = "SRV for a.test unknown (this system has no DNS server): port 5222, address as the system knows it"
    assert find(resolver, "a.test") == Route([Target("a.test", 5222)], words)
    assert addresses(resolver, "a.test") == Addresses([Address(socket.AF_INET, "127.0.0.1", 5222)])
    assert system.asked == ["a.test"]


def test_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unreachable(_: object, name: str, *__: object, **___: object) -> None:
        error = OSError(errno.ENETUNREACH, "Network is unreachable")
        raise dns.resolver.NoNameservers(
            request=dns.message.make_query(name, "SRV"), errors=[("192.0.2.53", False, 53, error, None)]
        )

    monkeypatch.setattr(dns.asyncresolver.Resolver, "resolve", unreachable)
    how = find(Resolver("192.0.2.53"), "a.test").how
    words = "DNS server 192.0.2.53:53 cannot be asked: network is unreachable"
    assert how == f"SRV for a.test unknown ({words}): port 5222"


@pytest.mark.parametrize(
    ("domain", "target", "how"),
    [
        ("127.0.0.1", Target("127.0.0.1", 5222), "127.0.0.1 is an address: port 5222"),
        ("[::1]", Target("::1", 5222), "::1 is an address: port 5222"),
        ("localhost", Target("localhost", 5222), "localhost needs no SRV: port 5222"),
    ],
)
def test_what_needs_no_srv(dns_server: DnsServer, domain: str, target: Target, how: str) -> None:
    assert find(Resolver(dns_server.address), domain) == Route([target], how)
    assert dns_server.asked == []


def test_an_international_domain(dns_server: DnsServer) -> None:
    dns_server.add("_xmpp-client._tcp.xn--bcher-kva.test", "SRV", "1 1 5222 xmpp.xn--bcher-kva.test.")
    dns_server.add("xmpp.xn--bcher-kva.test", "A", "127.0.0.9")
    resolver = Resolver(dns_server.address)
    assert find(resolver, "Bücher.test").targets == [Target("xmpp.xn--bcher-kva.test", 5222)]
    assert addresses(resolver, "xmpp.bücher.test").found == [Address(socket.AF_INET, "127.0.0.9", 5222)]


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        ("", '"" is not a domain that can be looked up: it is empty'),
        ("a" * 64, f'"{"a" * 64}" is not a domain that can be looked up: it has a label of more than 63 bytes'),
        ("a." * 150, f'"{"a." * 40}…" is not a domain that can be looked up: it has more than 253 bytes'),
        ("a\x1b[2J", '"a\\x1b[2J" is not a domain that can be looked up: it has characters that no host name has'),
        ("a b", '"a b" is not a domain that can be looked up: it has characters that no host name has'),
        ("a@b", '"a@b" is not a domain that can be looked up: it has characters that no host name has'),
    ],
)
def test_hostile_domains(dns_server: DnsServer, domain: str, words: str) -> None:
    assert find(Resolver(dns_server.address), domain) == Route(refused=words)
    assert addresses(Resolver(dns_server.address), domain).found == []
    assert dns_server.asked == []


def test_a_domain_too_long_for_srv_has_none(dns_server: DnsServer) -> None:
    domain = "a." * 120 + "test"
    route = find(Resolver(dns_server.address), domain)
    assert route == Route([Target(domain, 5222)], f"no SRV for {domain}: port 5222")
    assert dns_server.asked == []


@given(st.text(max_size=300))
def test_no_domain_raises(domain: str) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        without_dns(monkeypatch)
        route = find(Resolver(), domain)
    assert bool(route.targets) is not bool(route.refused)
    assert bool(route.targets) is bool(route.how)


def test_addresses_by_turns(dns_server: DnsServer) -> None:
    dns_server.add("a.test", "A", "127.0.0.1", "127.0.0.2", "127.0.0.3")
    dns_server.add("a.test", "AAAA", "::1")
    found = addresses(Resolver(dns_server.address), "a.test", 7)
    ips = [address.ip for address in found.found]
    assert (ips[0], sorted(ips[1:])) == ("::1", ["127.0.0.1", "127.0.0.2", "127.0.0.3"])
    assert {address.port for address in found.found} == {7}
    assert found.trouble == ""


def test_addresses_behind_an_alias(dns_server: DnsServer) -> None:
    dns_server.add("www.test", "CNAME", "a.test.")
    dns_server.add("a.test", "A", "127.0.0.1")
    assert addresses(Resolver(dns_server.address), "www.test").found == [Address(socket.AF_INET, "127.0.0.1", 5222)]


def test_addresses_are_bounded(dns_server: DnsServer) -> None:
    dns_server.add("a.test", "A", *(f"127.0.1.{number}" for number in range(200)))
    dns_server.truncated.add("a.test")
    assert len(addresses(Resolver(dns_server.address), "a.test").found) == 16


@pytest.mark.parametrize(
    ("host", "trouble"),
    [
        ("nowhere.test", "does not exist (NXDOMAIN)"),
        ("empty.test", "has no address"),
        ("a..test", "is not a name that can be looked up: it has an empty label"),
    ],
)
def test_no_address(dns_server: DnsServer, host: str, trouble: str) -> None:
    dns_server.add("empty.test", "TXT", '"nothing here"')
    assert addresses(Resolver(dns_server.address), host) == Addresses([], trouble)


def test_addresses_need_no_lookup(dns_server: DnsServer) -> None:
    assert addresses(Resolver(dns_server.address), "::1").found == [Address(socket.AF_INET6, "::1", 5222)]
    assert addresses(Resolver(dns_server.address), "192.0.2.1").found == [Address(socket.AF_INET, "192.0.2.1", 5222)]
    assert dns_server.asked == []


def test_localhost_is_the_systems_even_with_a_server_named(
    dns_server: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = SystemOf(monkeypatch, ["::1", "127.0.0.1"])
    found = addresses(Resolver(dns_server.address), "localhost").found
    assert [address.family for address in found] == [socket.AF_INET6, socket.AF_INET]
    assert (system.asked, dns_server.asked) == (["localhost"], [])


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "has no address"),
        (
            socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
            "cannot be looked up: temporary failure in name resolution",
        ),
        (TimeoutError(), "cannot be looked up: the system did not answer in 2 s"),
    ],
)
def test_what_the_system_does_not_know(monkeypatch: pytest.MonkeyPatch, error: Exception, trouble: str) -> None:
    SystemOf(monkeypatch, error)
    assert addresses(Resolver(), "a.test") == Addresses([], trouble)


def test_a_bad_resolver_option() -> None:
    with pytest.raises(XmppscopeError, match=r"^--resolver 127\.0\.0\.1:x: "):
        Resolver("127.0.0.1:x")
