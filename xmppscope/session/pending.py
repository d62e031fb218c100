"""The store of iq requests that wait for their answer: bounded, first come first served, with addresses compared.

Addresses are compared without regard to case in their bare part, which RFC 7622 §3.2 and §3.3 map away; what stands in
the capture is never changed.
"""

from typing import Final

import msgspec

from xmppscope.model.jid import bare

MOST_PENDING: Final = 4096
"""How many unanswered requests one store remembers; beyond that it forgets the older ones."""

_MOST_FORMS: Final = 4096
_MOST_COMPARED: Final = 8

Key = tuple[str, ...]
"""An id and what else tells requests apart."""


class Request(msgspec.Struct, gc=False):
    """A request: its entry number, when its last byte came (ns), and its addresses as sent, empty where absent.

    `peer` is the address that tells requests apart, `own` the other one: on a client's connection the client's.
    """

    entry: int
    end_time: int
    own: str
    peer: str


class Forms(dict[str, str]):
    """The form in which each address is compared, remembered; the forms in *own* all become the empty one."""

    def __init__(self, own: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.own = own

    def __missing__(self, address: str) -> str:
        """Find the form of an address that was not seen before."""
        form = plain_form(address)
        if form in self.own:
            form = ""
        if len(self) >= _MOST_FORMS:
            self.clear()
        self[address] = form
        return form


class Pending:
    """Unanswered requests by key; `forgotten` counts those that were dropped because there were too many."""

    def __init__(self) -> None:
        self.forgotten = 0
        self._requests: dict[Key, list[Request]] = {}
        self._count = 0

    def add(self, key: Key, request: Request) -> None:
        """Remember *request*; where its key is in use already, behind the older ones."""
        same = self._requests.get(key)
        if same is None:
            self._requests[key] = [request]
        else:
            same.append(request)
        self._count += 1
        if self._count > MOST_PENDING:
            self._forget()

    def take(self, key: Key, own: str, peer: str) -> Request | None:
        """Remove and return the request of *key* whose peer is spelled exactly like that, or else the oldest.

        One whose own address names another account does not fit.
        """
        same = self._requests.get(key)
        if same is None:
            return None
        place = 0
        if len(same) > 1:
            place = _best(same[:_MOST_COMPARED], own, peer)
        elif _is_same_account(same[0].own, own):
            del self._requests[key]
        else:
            return None
        if place < 0:
            return None
        self._count -= 1
        return same.pop(place)

    def merge(self, forms: Forms) -> None:
        """Note that *forms* has changed: requests to one's own addresses now share one key per id."""
        for key in list(self._requests):
            if forms[key[1]] != key[1]:
                together = key[0], forms[key[1]]
                self._requests[together] = sorted(
                    self._requests.pop(key) + self._requests.pop(together, []), key=lambda request: request.entry
                )

    def _forget(self) -> None:
        """Drop the older half of the keys at once, so that in the mean a request costs no search for the oldest."""
        keys = list(self._requests)
        for key in keys[: (len(keys) + 1) // 2]:
            dropped = len(self._requests.pop(key))
            self._count -= dropped
            self.forgotten += dropped


def plain_form(address: str) -> str:
    """Return *address* with its bare part in lower case."""
    front, slash, resource = address.partition("/")
    return front.lower() + slash + resource


def _best(requests: list[Request], own: str, peer: str) -> int:
    """Return the place of the request that fits best, -1 if none does."""
    fitting = [place for place, one in enumerate(requests) if _is_same_account(one.own, own)]
    return next((place for place in fitting if requests[place].peer == peer), fitting[0] if fitting else -1)


def _is_same_account(one: str, other: str) -> bool:
    return one == other or not one or not other or bare(one).lower() == bare(other).lower()
