"""SRV records: the services of XMPP, their ports, and the order in which targets are tried (RFC 2782, XEP-0368).

The records are handed in; asking for them is the business of `resolve`.
"""

from collections.abc import Callable, Iterable
from itertools import accumulate, groupby
from typing import Final, Literal, NamedTuple

from xmppscope.model.timeline import ConnectionKind

Service = Literal["xmpp-client", "xmpps-client", "xmpp-server", "xmpps-server"]

PORTS: Final[dict[Service, int]] = {
    "xmpp-client": 5222,
    "xmpps-client": 5223,
    "xmpp-server": 5269,
    "xmpps-server": 5270,
}
"""Where a service is if no SRV record says otherwise: RFC 6120 §14.7, and by custom those of direct TLS."""

RandInt = Callable[[int, int], int]
"""Gives a number between two, both included, as `random.randint` does."""


class Srv(NamedTuple):
    """One SRV record; `host` has no final dot, so that the root is the empty text."""

    priority: int
    weight: int
    port: int
    host: str


def service_of(kind: ConnectionKind, *, direct_tls: bool) -> Service:
    """Return the service that an initiating entity asks for; what is not known to be a server is a client."""
    if kind == "s2s":
        return "xmpps-server" if direct_tls else "xmpp-server"
    return "xmpps-client" if direct_tls else "xmpp-client"


def ordered(records: Iterable[Srv], randint: RandInt) -> list[Srv]:
    """Return the records in the order to try them: by priority, and by chance as the weights have it within one."""
    found: list[Srv] = []
    for _, same in groupby(sorted(records, key=lambda srv: srv.priority), key=lambda srv: srv.priority):
        found += _weighed(list(same), randint)
    return found


def _weighed(records: list[Srv], randint: RandInt) -> list[Srv]:
    # RFC 2782: "To select a target to be contacted next, arrange all SRV RRs (that have not been ordered yet) in any
    # order, except that all those with weight 0 are placed at the beginning of the list. […] choose a uniform random
    # number between 0 and the sum computed (inclusive), and select the RR whose running sum value is the first in the
    # selected order which is greater than or equal to the random number selected."
    left = sorted(records, key=lambda srv: srv.weight > 0)
    chosen: list[Srv] = []
    while left:
        sums = list(accumulate(srv.weight for srv in left))
        number = randint(0, sums[-1])
        chosen.append(left.pop(next(place for place, running in enumerate(sums) if running >= number)))
    return chosen
