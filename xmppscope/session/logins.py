"""The SASL attempts of one connection: mechanism, profile, and how each ended (RFC 6120 §6, XEP-0388).

What the messages of a mechanism say is for `sasl_messages`; here an attempt only begins and ends. An answer whose
beginning was not captured makes an attempt without a mechanism.
"""

from collections.abc import Callable
from typing import Final, Literal

import msgspec

from xmppscope.model.element import Element
from xmppscope.model.namespaces import SASL, SASL2
from xmppscope.model.timeline import INITIATING, RECEIVING, Sender
from xmppscope.session.triggers import expanded

MOST_ATTEMPTS: Final = 100
"""How many attempts of a connection are kept; later ones take the place of the last."""

Profile = Literal["sasl", "sasl2"]
Outcome = Literal["success", "failure", "unfinished"]


class Attempt(msgspec.Struct, omit_defaults=True):
    """One attempt to log in; `entries` are those that begin and end it."""

    profile: Profile
    outcome: Outcome = "unfinished"
    mechanism: str | None = None
    condition: str | None = None
    entries: list[int] = msgspec.field(default_factory=list)


class Logins:
    """Follows the attempts of one connection; `forgotten` counts those that were not kept."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.forgotten = 0

    def take(self, sender: Sender, element: Element, entry: int) -> None:
        """Take an element that `HANDLERS` names; *entry* is its number."""
        HANDLERS[element.name](self, sender, element, entry)

    def _begin(self, sender: Sender, element: Element, entry: int) -> None:
        if sender == INITIATING:
            mechanism = element.attrs.get("mechanism")
            self._add(Attempt(_profile(element), mechanism=mechanism, entries=[entry]))

    def _succeed(self, sender: Sender, element: Element, entry: int) -> None:
        if sender == RECEIVING:
            self._end(element, entry).outcome = "success"

    def _fail(self, sender: Sender, element: Element, entry: int) -> None:
        if sender != RECEIVING:
            return
        why = condition(element)
        if why == "aborted" and not self._is_open(element):
            return  # an abort that nothing had begun before
        attempt = self._end(element, entry)
        attempt.outcome, attempt.condition = "failure", why

    def _is_open(self, element: Element) -> bool:
        last = self.attempts[-1] if self.attempts else None
        return last is not None and last.outcome == "unfinished" and last.profile == _profile(element)

    def _end(self, element: Element, entry: int) -> Attempt:
        """Return the attempt that *element* ends."""
        attempt = self.attempts[-1] if self._is_open(element) else self._add(Attempt(_profile(element)))
        attempt.entries.append(entry)
        return attempt

    def _add(self, attempt: Attempt) -> Attempt:
        if len(self.attempts) >= MOST_ATTEMPTS:
            del self.attempts[-1]
            self.forgotten += 1
        self.attempts.append(attempt)
        return attempt


def condition(failure: Element) -> str | None:
    """Return the condition of a `<failure/>`; RFC 6120 §6.5 and XEP-0388 §2.6.2 share the names and their namespace."""
    return next((child.local for child in failure.children if child.ns == SASL and child.local != "text"), None)


def _profile(element: Element) -> Profile:
    return "sasl2" if element.ns == SASL2 else "sasl"


HANDLERS: Final[dict[str, Callable[[Logins, Sender, Element, int], None]]] = {
    expanded(SASL, "auth"): Logins._begin,
    expanded(SASL, "success"): Logins._succeed,
    expanded(SASL, "failure"): Logins._fail,
    expanded(SASL2, "authenticate"): Logins._begin,
    expanded(SASL2, "success"): Logins._succeed,
    expanded(SASL2, "failure"): Logins._fail,
}
"""What begins or ends an attempt, by expanded name."""
