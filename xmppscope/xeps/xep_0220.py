"""Server dialback (XEP-0220): what each answer said of which pair of domains.

An answer swaps the addresses of its request (§2.1), so what is kept has those of the request. Whether a key fits its
stream cannot be seen without the secret behind it (XEP-0185).
"""

from typing import Final, Literal, cast

import msgspec

from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.namespaces import DIALBACK

MOST_ANSWERS: Final = 1000
"""How many answers of a connection are kept; a server may serve any number of domains on one stream (§2.6)."""

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


class Dialback:
    """Follows the dialback answers on one connection; `forgotten` counts those that were not kept."""

    def __init__(self) -> None:
        self.answers: list[DialbackAnswer] = []
        self.forgotten = 0

    def take(self, element: Element, entry: int) -> None:
        """Take `<db:result/>` or `<db:verify/>`; without a type it is a request (§2.1, §2.2)."""
        attrs = element.attrs
        outcome = attrs.get("type")
        if outcome is None:
            return
        if len(self.answers) >= MOST_ANSWERS:
            self.forgotten += 1
            return
        step = cast(Step, element.local)
        identity = attrs.get("id") if step == "verify" else None
        self.answers.append(DialbackAnswer(step, outcome, entry, attrs.get("to"), attrs.get("from"), identity))
