"""Peers whose certificate the proxy could not verify: they are asked for none the next time.

With `--s2s` the proxy asks an initiating server for its certificate (RFC 6120 §13.7.2, XEP-0178 §3), so that it is
seen. The `ssl` module knows no way to look at one that does not hold: the handshake fails. Such a server comes again,
and is then let in without, as it is by a receiving server that does not ask.
"""

from collections import OrderedDict
from typing import Final

_MOST: Final = 1024


class Strangers:
    """The addresses of such peers, the latest ones."""

    def __init__(self) -> None:
        self._hosts: OrderedDict[str, None] = OrderedDict()

    def add(self, peer: str) -> None:
        """Remember *peer*, an address with a port that is of no account."""
        self._hosts[_host(peer)] = None
        if len(self._hosts) > _MOST:
            self._hosts.popitem(last=False)

    def __contains__(self, peer: str) -> bool:
        """Whether *peer* comes from an address that was remembered."""
        return _host(peer) in self._hosts


def _host(peer: str) -> str:
    return peer.rpartition(":")[0]
