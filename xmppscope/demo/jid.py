"""Addresses (RFC 7622), as far as a demo needs them: split, checked for what can never be one, compared in lower case.

The full PRECIS preparation of internationalised addresses is left out.
"""

from dataclasses import dataclass
from typing import Final

_PART_BOUND: Final = 1023  # RFC 7622 §3.1: no part "can exceed 1023 octets"
_NOT_IN_LOCALPART: Final = frozenset("\"&'/:<>@ ")  # RFC 7622 §3.3.1


class JidError(ValueError):
    """A text is no address."""


@dataclass(frozen=True, slots=True)
class Jid:
    """An address: `localpart@domainpart/resourcepart`, where the first and the last may be empty."""

    localpart: str
    domainpart: str
    resourcepart: str = ""

    @classmethod
    def parse(cls, text: str) -> "Jid":
        """Read an address; raise `JidError` if the text is none."""
        bare, slash, resourcepart = text.partition("/")
        localpart, at, domainpart = bare.rpartition("@")
        empty = (at and not localpart) or (slash and not resourcepart) or not domainpart
        if empty or _NOT_IN_LOCALPART & set(localpart) or "@" in domainpart:
            raise JidError(text)
        made = cls(localpart.lower(), domainpart.lower().removesuffix("."), resourcepart)
        for part in (localpart, domainpart, resourcepart):
            if len(part.encode()) > _PART_BOUND or not part.isprintable():
                raise JidError(text)
        return made

    @property
    def bare(self) -> str:
        """The address without its resourcepart, as text."""
        return f"{self.localpart}@{self.domainpart}" if self.localpart else self.domainpart

    def __str__(self) -> str:
        return f"{self.bare}/{self.resourcepart}" if self.resourcepart else self.bare
