"""XMPP addresses, split and compared, never prepared: an observer shows what was sent (RFC 7622 §3)."""

from typing import NamedTuple


class Jid(NamedTuple):
    """An address in its three parts; an absent part is the empty string."""

    localpart: str
    domainpart: str
    resourcepart: str

    @classmethod
    def parse(cls, text: str) -> "Jid":
        """Split *text* by the rule of RFC 7622 §3.1: the resource first, at the first slash, then the localpart."""
        rest, _, resource = text.partition("/")
        local, at, domain = rest.partition("@")
        return cls(local, domain, resource) if at else cls("", rest, resource)

    @property
    def bare(self) -> str:
        """The address without its resourcepart."""
        return f"{self.localpart}@{self.domainpart}" if self.localpart else self.domainpart

    def __str__(self) -> str:
        """Return the address as text."""
        return f"{self.bare}/{self.resourcepart}" if self.resourcepart else self.bare


def bare(text: str) -> str:
    """Return the address *text* without its resourcepart."""
    return text.partition("/")[0]


def domain(text: str) -> str:
    """Return the domainpart of the address *text*."""
    return Jid.parse(text).domainpart
