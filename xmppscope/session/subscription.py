"""The nine states of a presence subscription, and what takes one into another (RFC 6121 appendix A).

A state is told from the user's side. `Subscription` holds it as three facts: whether the user gets the contact's
presence, whether the contact gets the user's, and which requests are open. A roster shows all of that but a request of
the contact's ("Pending In"), which only the presence stanza shows. The tables are those of A.2 and A.3; what they do
not list changes nothing.
"""

from enum import Enum
from typing import Final

ROSTER_STATES: Final = {"none": "None", "to": "To", "from": "From", "both": "Both"}


class Subscription(Enum):
    """A state of RFC 6121 §A.1, by its name there."""

    NONE = "None"
    NONE_OUT = "None + Pending Out"
    NONE_IN = "None + Pending In"
    NONE_BOTH = "None + Pending Out+In"
    TO = "To"
    TO_IN = "To + Pending In"
    FROM = "From"
    FROM_OUT = "From + Pending Out"
    BOTH = "Both"


S = Subscription

OUTBOUND: Final[dict[tuple[Subscription, str], Subscription]] = {
    # A.2.1: the user asks for the contact's presence.
    (S.NONE, "subscribe"): S.NONE_OUT,
    (S.NONE_IN, "subscribe"): S.NONE_BOTH,
    (S.FROM, "subscribe"): S.FROM_OUT,
    # A.2.2: the user wants it no longer.
    (S.NONE_OUT, "unsubscribe"): S.NONE,
    (S.NONE_BOTH, "unsubscribe"): S.NONE_IN,
    (S.TO, "unsubscribe"): S.NONE,
    (S.TO_IN, "unsubscribe"): S.NONE_IN,
    (S.FROM_OUT, "unsubscribe"): S.FROM,
    (S.BOTH, "unsubscribe"): S.FROM,
    # A.2.3: the user grants a request.
    (S.NONE_IN, "subscribed"): S.FROM,
    (S.NONE_BOTH, "subscribed"): S.FROM_OUT,
    (S.TO_IN, "subscribed"): S.BOTH,
    # A.2.4: the user refuses a request, or takes back what was granted.
    (S.NONE_IN, "unsubscribed"): S.NONE,
    (S.NONE_BOTH, "unsubscribed"): S.NONE_OUT,
    (S.TO_IN, "unsubscribed"): S.TO,
    (S.FROM, "unsubscribed"): S.NONE,
    (S.FROM_OUT, "unsubscribed"): S.NONE_OUT,
    (S.BOTH, "unsubscribed"): S.TO,
}
"""What the user sends."""

INBOUND: Final[dict[tuple[Subscription, str], Subscription]] = {
    # A.3.1: the contact asks for the user's presence.
    (S.NONE, "subscribe"): S.NONE_IN,
    (S.NONE_OUT, "subscribe"): S.NONE_BOTH,
    (S.TO, "subscribe"): S.TO_IN,
    # A.3.2: the contact wants it no longer.
    (S.NONE_IN, "unsubscribe"): S.NONE,
    (S.NONE_BOTH, "unsubscribe"): S.NONE_OUT,
    (S.TO_IN, "unsubscribe"): S.TO,
    (S.FROM, "unsubscribe"): S.NONE,
    (S.FROM_OUT, "unsubscribe"): S.NONE_OUT,
    (S.BOTH, "unsubscribe"): S.TO,
    # A.3.3: the contact grants the user's request.
    (S.NONE_OUT, "subscribed"): S.TO,
    (S.NONE_BOTH, "subscribed"): S.TO_IN,
    (S.FROM_OUT, "subscribed"): S.BOTH,
    # A.3.4: the contact refuses it, or takes back what was granted.
    (S.NONE_OUT, "unsubscribed"): S.NONE,
    (S.NONE_BOTH, "unsubscribed"): S.NONE_IN,
    (S.TO, "unsubscribed"): S.NONE,
    (S.TO_IN, "unsubscribed"): S.NONE_IN,
    (S.FROM_OUT, "unsubscribed"): S.FROM,
    (S.BOTH, "unsubscribed"): S.FROM,
}
"""What the contact sends."""

TYPES: Final = frozenset({"subscribe", "subscribed", "unsubscribe", "unsubscribed"})

_PENDING_IN: Final = {S.NONE: S.NONE_IN, S.NONE_OUT: S.NONE_BOTH, S.TO: S.TO_IN}
_SHOWN: Final = {waiting: state for state, waiting in _PENDING_IN.items()}
_WAITING: Final = frozenset(_PENDING_IN.values())
_ASKING: Final = {S.NONE: S.NONE_OUT, S.FROM: S.FROM_OUT}


def from_roster(subscription: str, ask: str | None, before: Subscription | None) -> Subscription | None:
    """Return the state that a roster item shows; a request of the contact's stays open, as it was *before*.

    None for values that RFC 6121 §2.1.2.5 does not know.
    """
    name = ROSTER_STATES.get(subscription)
    if name is None:
        return None
    state = Subscription(name)
    if ask == "subscribe":
        state = _ASKING.get(state, state)
    return _PENDING_IN.get(state, state) if before in _WAITING else state


def in_roster(state: Subscription) -> Subscription:
    """Return *state* as a roster shows it: without a request of the contact's (§A.1)."""
    return _SHOWN.get(state, state)
