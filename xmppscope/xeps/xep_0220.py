"""Server dialback (XEP-0220): what each answer said of which pair of domains, and which requests belong together.

An answer swaps the addresses of its request (§2.1), so what is kept has those of the request. A key goes over up to
three connections: the originating server sends it in a result request, the receiving server asks with it at the
authoritative server. The pair of domains and the key tell that both are about the same; a verification is caused by the
request, and each answer by the request that it answers. Whether a key fits its stream cannot be seen without the secret
behind it (XEP-0185).
"""

from typing import Final, Literal, cast

import msgspec

from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.namespaces import DIALBACK
from xmppscope.model.timeline import Entry
from xmppscope.session.notes import link
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


class DialbackRequests:
    """The requests on all connections, by what the answers and the verifications of their keys have in common."""

    def __init__(self) -> None:
        self.forgotten = 0
        self._entries: dict[tuple[str, ...], int] = {}

    def add(self, key: tuple[str, ...], entry: int) -> None:
        """Remember that *entry* asks for what *key* stands for."""
        self._entries[key] = entry
        if len(self._entries) > MOST_REQUESTS:
            del self._entries[next(iter(self._entries))]
            self.forgotten += 1

    def find(self, key: tuple[str, ...]) -> int | None:
        """Return the latest request."""
        return self._entries.get(key)


class Dialback:
    """Follows the dialback answers on one connection; `forgotten` counts those that were not kept."""

    def __init__(self) -> None:
        self.answers: list[DialbackAnswer] = []
        self.forgotten = 0

    def take(self, entry: Entry, element: Element, requests: DialbackRequests) -> None:
        """Take `<db:result/>` or `<db:verify/>`; without a type it is a request (§2.1, §2.2)."""
        attrs = element.attrs
        step = cast(Step, element.local)
        from_, to, identity = attrs.get("from"), attrs.get("to"), attrs.get("id") if step == "verify" else None
        outcome = attrs.get("type")
        if outcome is None:
            _ask(entry, step, (from_ or "", to or "", identity or ""), element.text.strip(), requests)
            return
        _link(entry, requests, (str(entry.connection), step, to or "", from_ or "", identity or ""))
        if len(self.answers) >= MOST_ANSWERS:
            self.forgotten += 1
            return
        self.answers.append(DialbackAnswer(step, outcome, entry.entry, to, from_, identity))


def _ask(entry: Entry, step: Step, about: tuple[str, ...], secret: str, requests: DialbackRequests) -> None:
    """Take a request; a verification is asked for by the one whom the key was sent to (§2.1.2)."""
    requests.add((str(entry.connection), step, *about), entry.entry)
    from_, to, _ = about
    if step == "verify":
        _link(entry, requests, (to, from_, secret))
    elif secret:
        requests.add((from_, to, secret), entry.entry)


def _link(entry: Entry, requests: DialbackRequests, key: tuple[str, ...]) -> None:
    cause = requests.find(key)
    if cause is not None:
        link(entry, "cause", cause)


def _dialback(met: Met, element: Element) -> None:
    met.of(Dialback).take(met.entry, element, met.capture.of(DialbackRequests))


EXTENSION: Final = Extension(
    number="0220",
    title="Server Dialback",
    namespaces=(DIALBACK,),
    nonzas=dict.fromkeys(NAMES, _dialback),
    tracker=Dialback,
)
