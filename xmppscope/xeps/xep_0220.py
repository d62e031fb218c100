"""Server dialback (XEP-0220): what each answer said of which pair of domains, and which requests belong together.

An answer swaps the addresses of its request (§2.1), so what is kept has those of the request. A key goes over up to
three connections: the originating server sends it in a result request, the receiving server asks with it at the
authoritative server. The pair of domains and the key tell that both are about the same; a verification is caused by the
request, and each answer by the request that it answers. Whether a key fits its stream cannot be seen without the secret
behind it (XEP-0185). What an error means, that a stream serves another pair of domains, and what nobody asked for is
noted.
"""

from typing import Final, Literal, NamedTuple, cast

import msgspec

from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.namespaces import DIALBACK
from xmppscope.xeps.descriptor import Extension, Met

MOST_ANSWERS: Final = 1000
"""How many answers of a connection are kept; a server may serve any number of domains on one stream (§2.6)."""

MOST_REQUESTS: Final = 4096
"""How many requests of all connections wait for their answers; the oldest are forgotten first."""

Step = Literal["result", "verify"]

NAMES: Final = frozenset(f"{DIALBACK}{SEPARATOR}{step}" for step in ("result", "verify"))


class DialbackAnswer(msgspec.Struct, omit_defaults=True, rename={"from_": "from"}, gc=False):
    """An answer: `from_` and `to` are those of the request, `id` that of the stream whose key was verified."""

    step: Step
    outcome: str
    entry: int
    from_: str | None = None
    to: str | None = None
    id: str | None = None


class Asked(NamedTuple):
    """A request, and the id of the stream that it was sent on; that of a verification is of no account."""

    entry: int
    stream: str = ""


class DialbackRequests:
    """The requests on all connections, by what the answers and the verifications of their keys have in common."""

    def __init__(self) -> None:
        self.forgotten = 0
        self._asked: dict[tuple[str, ...], Asked] = {}

    def add(self, key: tuple[str, ...], asked: Asked) -> None:
        """Remember the request for what *key* stands for."""
        self._asked[key] = asked
        if len(self._asked) > MOST_REQUESTS:
            del self._asked[next(iter(self._asked))]
            self.forgotten += 1

    def find(self, key: tuple[str, ...]) -> Asked | None:
        """Return the latest request."""
        return self._asked.get(key)


class Dialback:
    """Follows the dialback answers on one connection; `forgotten` counts those that were not kept."""

    def __init__(self) -> None:
        self.answers: list[DialbackAnswer] = []
        self.forgotten = 0

    def take(self, met: Met, element: Element, requests: DialbackRequests) -> None:
        """Take `<db:result/>` or `<db:verify/>`; without a type it is a request (§2.1, §2.2)."""
        attrs, entry = element.attrs, met.entry
        step = cast(Step, element.local)
        from_, to, identity = attrs.get("from"), attrs.get("to"), attrs.get("id") if step == "verify" else None
        outcome = attrs.get("type")
        if outcome is None:
            _ask(met, step, (from_ or "", to or "", identity or ""), element.text.strip(), requests)
            return
        _answer(met, requests.find((str(entry.connection), step, to or "", from_ or "", identity or "")), element)
        if len(self.answers) >= MOST_ANSWERS:
            self.forgotten += 1
            return
        self.answers.append(DialbackAnswer(step, outcome, entry.entry, to, from_, identity))


def _ask(met: Met, step: Step, about: tuple[str, str, str], secret: str, requests: DialbackRequests) -> None:
    """Take a request; a verification is asked for by the one whom the key was sent to (§2.1.2)."""
    entry, negotiation = met.entry, met.place.about.negotiation
    requests.add((str(entry.connection), step, *about), Asked(entry.entry))
    from_, to, identity = about
    if step == "verify":
        cause = requests.find((to, from_, secret))
        if cause is not None:
            met.link("cause", cause.entry)
            if cause.stream and identity != cause.stream:
                met.note("the id is not that of the stream that the key was sent on: it cannot hold", "XEP-0220 §2.1.2")
        return
    if secret:
        requests.add((from_, to, secret), Asked(entry.entry, negotiation.identity))
    pair = (negotiation.origin or from_, negotiation.domain or to)
    if met.sent and (from_, to) != pair:
        met.note("another pair of domains than that of the header: several share this stream", "XEP-0220 §2.6")


def _answer(met: Met, asked: Asked | None, element: Element) -> None:
    about = met.place.about
    if asked is not None:
        met.link("cause", asked.entry)
    elif about.from_start and not about.lost:
        met.note("nobody has asked for this on this connection", "XEP-0220 §3.1")
    outcome = element.attrs.get("type")
    if outcome == "invalid":
        met.note(_INVALID[element.local], "XEP-0220 §2.2")
    elif outcome == "error":
        conditions = [one.local for child in element.children if child.local == "error" for one in child.children]
        for condition in conditions[:1]:
            if condition in _ERRORS:
                met.note(_ERRORS[condition], "XEP-0220 §2.5")


_INVALID: Final = {
    "result": "the authoritative server does not know the key: the claim counts as false, and the stream is closed",
    "verify": "another secret, another stream id, or somebody who is not that domain",
}
_ERRORS: Final = {
    "item-not-found": "the domain asked for is not served there",
    "remote-connection-failed": "the receiving server cannot connect to the server of the domain that was claimed",
    "remote-server-not-found": "the receiving server finds no server of the domain that was claimed: see the DNS",
    "remote-server-timeout": "the server of the domain that was claimed did not answer the receiving server",
    "policy-violation": "TLS is wanted before dialback",
    "not-authorized": "a certificate for the domain is wanted, and there was none",
    "forbidden": "the server of the domain that was claimed does not know the key",
    "not-acceptable": "the receiving server could not make sure of the domain that was claimed",
}


def _dialback(met: Met, element: Element) -> None:
    met.of(Dialback).take(met, element, met.capture.of(DialbackRequests))


EXTENSION: Final = Extension(
    number="0220",
    title="Server Dialback",
    namespaces=(DIALBACK,),
    nonzas=dict.fromkeys(NAMES, _dialback),
    tracker=Dialback,
)
