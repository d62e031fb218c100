"""The subscriptions between a user and a contact (RFC 6121 §A): nine states, and what each stanza makes of them.

The tables leave out what changes nothing. Pre-approval (§3.4) is not offered, so a `subscribed` that nobody asked for
is not kept.
"""

from enum import Enum
from typing import Final


class State(Enum):
    """Subscription, as the roster shows it, and what is pending, of which the roster shows only `ask`."""

    NONE = ("none", False, False)
    NONE_OUT = ("none", True, False)
    NONE_IN = ("none", False, True)
    NONE_OUT_IN = ("none", True, True)
    TO = ("to", False, False)
    TO_IN = ("to", False, True)
    FROM = ("from", False, False)
    FROM_OUT = ("from", True, False)
    BOTH = ("both", False, False)

    def __init__(self, subscription: str, pending_out: bool, pending_in: bool) -> None:
        self.subscription = subscription
        self.pending_out = pending_out
        self.pending_in = pending_in

    @property
    def receives(self) -> bool:
        """Whether the user receives the contact's presence."""
        return self.subscription in ("to", "both")

    @property
    def shares(self) -> bool:
        """Whether the contact receives the user's presence."""
        return self.subscription in ("from", "both")


KINDS: Final = ("subscribe", "subscribed", "unsubscribe", "unsubscribed")

# RFC 6121 §A.2: what the user sends; `subscribed` and `unsubscribed` without an entry are not routed either.
OUTBOUND: Final[dict[tuple[State, str], State]] = {
    (State.NONE, "subscribe"): State.NONE_OUT,
    (State.NONE_IN, "subscribe"): State.NONE_OUT_IN,
    (State.FROM, "subscribe"): State.FROM_OUT,
    (State.NONE_OUT, "unsubscribe"): State.NONE,
    (State.NONE_OUT_IN, "unsubscribe"): State.NONE_IN,
    (State.TO, "unsubscribe"): State.NONE,
    (State.TO_IN, "unsubscribe"): State.NONE_IN,
    (State.FROM_OUT, "unsubscribe"): State.FROM,
    (State.BOTH, "unsubscribe"): State.FROM,
    (State.NONE_IN, "subscribed"): State.FROM,
    (State.NONE_OUT_IN, "subscribed"): State.FROM_OUT,
    (State.TO_IN, "subscribed"): State.BOTH,
    (State.NONE_IN, "unsubscribed"): State.NONE,
    (State.NONE_OUT_IN, "unsubscribed"): State.NONE_OUT,
    (State.TO_IN, "unsubscribed"): State.TO,
    (State.FROM, "unsubscribed"): State.NONE,
    (State.FROM_OUT, "unsubscribed"): State.NONE_OUT,
    (State.BOTH, "unsubscribed"): State.TO,
}

# RFC 6121 §A.3: what comes from the contact; what has no entry is not delivered.
INBOUND: Final[dict[tuple[State, str], State]] = {
    (State.NONE, "subscribe"): State.NONE_IN,
    (State.NONE_OUT, "subscribe"): State.NONE_OUT_IN,
    (State.TO, "subscribe"): State.TO_IN,
    (State.NONE_IN, "unsubscribe"): State.NONE,
    (State.NONE_OUT_IN, "unsubscribe"): State.NONE_OUT,
    (State.TO_IN, "unsubscribe"): State.TO,
    (State.FROM, "unsubscribe"): State.NONE,
    (State.FROM_OUT, "unsubscribe"): State.NONE_OUT,
    (State.BOTH, "unsubscribe"): State.TO,
    (State.NONE_OUT, "subscribed"): State.TO,
    (State.NONE_OUT_IN, "subscribed"): State.TO_IN,
    (State.FROM_OUT, "subscribed"): State.BOTH,
    (State.NONE_OUT, "unsubscribed"): State.NONE,
    (State.NONE_OUT_IN, "unsubscribed"): State.NONE_IN,
    (State.TO, "unsubscribed"): State.NONE,
    (State.TO_IN, "unsubscribed"): State.NONE_IN,
    (State.FROM_OUT, "unsubscribed"): State.FROM,
    (State.BOTH, "unsubscribed"): State.FROM,
}


def is_routed(state: State, kind: str) -> bool:
    """Tell whether what the user sends in *state* goes on to the contact."""
    return kind in ("subscribe", "unsubscribe") or (state, kind) in OUTBOUND


def is_granted_already(state: State, kind: str) -> bool:
    """Tell whether the server answers a request itself, because the contact may see the user's presence already."""
    return kind == "subscribe" and state.shares
