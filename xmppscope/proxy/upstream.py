"""Addresses that the user writes: where to go (``--upstream``), where to listen, which DNS server to ask.

What cannot be one is refused at once, in a line that shows how to write it. Names are looked up later, by `resolve`.
"""

import difflib
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final, Literal, get_args

from xmppscope.model.errors import XmppscopeError
from xmppscope.model.plaintext import cut, quote
from xmppscope.model.timeline import ConnectionKind
from xmppscope.proxy.host import LOCALHOST, NotAHostError, Target, dns_name, literal
from xmppscope.proxy.srv import PORTS, service_of

Mode = Literal["same", "starttls", "tls", "plain"]

ADVICE: Final = "name the server: --upstream HOST:PORT"
"""What to do where the proxy cannot find out by itself where to go."""

_MODES: Final[dict[str, Mode]] = {mode: mode for mode in get_args(Mode) if mode != "same"}
_COMPONENT_PORT: Final = 5347  # XEP-0114 names none; this is what servers and components come with
_DNS_PORT: Final = 53
_LOOPBACK: Final = "127.0.0.1"
_SHOWN: Final = 80
_MOST: Final = 65_535
_FORM: Final = "write HOST:PORT, or starttls:, tls: or plain: and then HOST:PORT"


@dataclass(frozen=True, slots=True)
class Upstream:
    """The server that was named; in the mode `same` the proxy speaks to it as the client speaks to the proxy."""

    mode: Mode
    host: str
    port: int | None

    def port_for(self, kind: ConnectionKind, *, direct_tls: bool = False) -> int:
        """Return the port named, else the usual one; *direct_tls* is how the client came, for the mode `same`."""
        if self.port is not None:
            return self.port
        if kind == "component":
            return _COMPONENT_PORT
        return PORTS[service_of(kind, direct_tls=self.mode == "tls" or (self.mode == "same" and direct_tls))]

    def target(self, kind: ConnectionKind, *, direct_tls: bool = False) -> Target:
        """Return host and port to dial."""
        return Target(self.host, self.port_for(kind, direct_tls=direct_tls))


@dataclass(frozen=True, slots=True)
class _Option:
    """The value of an option as the user wrote it, and how it is to be written."""

    name: str
    text: str
    form: str

    def wrong(self, problem: str, advice: str = "") -> XmppscopeError:
        written = cut(self.text, _SHOWN) or '""'
        return XmppscopeError(f"{self.name} {written}: {problem}; {advice or self.form}")

    def port(self, text: str, least: int = 1) -> int:
        if not text:
            raise self.wrong("no port behind the colon")
        if text.isascii() and text.isdigit() and len(text) <= len(str(_MOST)) and least <= int(text) <= _MOST:
            return int(text)
        raise self.wrong(f"{quote(text, _SHOWN)} is not a port ({least} to {_MOST})")

    def host(self, text: str) -> str:
        if not text:
            raise self.wrong("no host")
        if "@" in text:
            raise self.wrong("a JID is not a host")
        address = literal(text)
        if address is not None:
            return str(address)
        try:
            dns_name(text)
        except NotAHostError as error:
            raise self.wrong(f"the host {error}") from error
        return text

    def split(self, text: str) -> tuple[str, str | None]:
        """Return the host's text and the port's, None where no colon stands before one."""
        if not text.isprintable() or any(character.isspace() for character in text):
            raise self.wrong("white space or an invisible character in it")
        if text.startswith("["):
            inside, bracket, rest = text[1:].partition("]")
            if not bracket or not isinstance(literal(inside), IPv6Address) or (rest and not rest.startswith(":")):
                raise self.wrong("not an IPv6 address in brackets", "write [::1]:5222")
            return inside, rest[1:] if rest else None
        if isinstance(literal(text), IPv6Address):
            raise self.wrong("an IPv6 address needs brackets", f"write [{text}]:PORT")
        host, colon, port = text.partition(":")
        return host, port if colon else None


def parse_upstream(text: str) -> Upstream:
    """Return what ``--upstream`` names: ``[starttls:|tls:|plain:]HOST[:PORT]``."""
    option = _Option("--upstream", text, _FORM)
    mode: Mode = "same"
    head, colon, rest = text.partition(":")
    if "://" in text:
        raise option.wrong("a URL is not an address")
    if colon and head.lower() in _MODES:
        mode = _MODES[head.lower()]
    else:
        rest = text
        if not text.startswith("[") and text.count(":") == 2 and literal(text) is None:
            raise option.wrong(f"{quote(head + ':', _SHOWN)} is none of starttls:, tls:, plain:", _meant(text))
    host, port = option.split(rest)
    if host.isdecimal():
        raise option.wrong("a port without a host")
    return Upstream(mode, option.host(host), None if port is None else option.port(port))


def parse_listen(text: str) -> tuple[str, int]:
    """Return host and port of ``--listen HOST:PORT``; a port alone means this machine alone, port 0 any free one."""
    option = _Option("--listen", text, "write HOST:PORT, for instance 127.0.0.1:5322")
    host, port = option.split(text)
    if port is None:
        if not host.isdecimal():
            raise option.wrong("no port", f"write {cut(text, _SHOWN)}:5322, or :0 for any free port" if text else "")
        host, port = "", host
    if host == "*":
        raise option.wrong("* is not an address", "write 0.0.0.0 for all of IPv4, [::] for all of IPv6")
    return option.host(host or _LOOPBACK), option.port(port, least=0)


def parse_nameserver(text: str) -> tuple[str, int]:
    """Return address and port of ``--resolver HOST[:PORT]``, which names a DNS server by its address."""
    option = _Option("--resolver", text, "write ADDRESS:PORT, for instance 127.0.0.1:5353")
    host, port = option.split(text)
    address = literal(_LOOPBACK if host.lower() == LOCALHOST else option.host(host))
    if address is None:
        raise option.wrong("a name cannot be looked up before there is a DNS server", "give its address")
    return str(address), _DNS_PORT if port is None else option.port(port)


def _meant(text: str) -> str:
    """Return a question with the way of connecting that comes closest, if one does."""
    head, _, rest = text.partition(":")
    close = difflib.get_close_matches(head.lower(), list(_MODES), 1)
    return f"did you mean {cut(f'{close[0]}:{rest}', _SHOWN)}?" if close else ""
