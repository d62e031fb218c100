"""What a server says of channel binding, held against the mechanisms that it offers (XEP-0440 §3)."""

from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, table
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.element import Element
from xmppscope.model.timeline import RECEIVING
from xmppscope.session.seen import Seen

_BINDINGS: Final = names.expanded("urn:xmpp:sasl-cb:0", "sasl-channel-binding")
_END_POINT: Final = "tls-server-end-point"


def _offer(mechanisms: tuple[str, ...], types: tuple[str, ...]) -> str:
    listed = "".join(f"<mechanism>{one}</mechanism>" for one in mechanisms)
    bindings = "".join(f"<channel-binding type='{one}'/>" for one in types)
    shown = f"<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>{bindings}</sasl-channel-binding>" if types else ""
    offer = f"<authentication xmlns='urn:xmpp:sasl:2'>{listed}</authentication>"
    return f"S: <stream:features>{offer}{shown}</stream:features>"


_PLUS: Final = ("SCRAM-SHA-1", "SCRAM-SHA-1-PLUS")
_RIGHT: Final = _offer(_PLUS, (_END_POINT, "tls-exporter"))

INCONSISTENT: Final = Rule(
    "cb-types-inconsistent", "sasl", "warning", "XEP-0440 §3",
    needs="an offer of SASL2 that no proxy has changed",
    what="An offer of SASL2 has a mechanism with channel binding (-PLUS) and names no type of channel binding, or "
    "names types and has no such mechanism.",
    why="This is what a stripped offer looks like: the client must end the login.",
    wrong=talk(_offer(_PLUS, ()), after="secure"),
    right=talk(_RIGHT, after="secure"),
)  # fmt: skip
END_POINT: Final = Rule(
    "cb-no-server-end-point", "sasl", "warning", "XEP-0440 §3",
    needs="an offer that no proxy has changed",
    what="The types of channel binding that a server names are without tls-server-end-point.",
    why="It is the one type that every server must have, so that a client which knows no other can tell a stripped "
    "offer from a poor one.",
    wrong=talk(_offer(_PLUS, ("tls-exporter",)), after="secure"),
    right=talk(_RIGHT, after="secure"),
)  # fmt: skip


class BindingChecker(Checker):
    """Looks at offers."""

    RULES = (INCONSISTENT, END_POINT)

    def features(self, seen: Seen) -> None:
        """Take an offer."""
        element = seen.element
        if element is None or seen.entry.sender != RECEIVING:
            return
        offer = element.child(names.AUTHENTICATION)
        bindings = element.child(_BINDINGS) or (None if offer is None else offer.child(_BINDINGS))
        types = {one.attrs.get("type", "") for one in bindings.children} if bindings is not None else set()
        if types and _END_POINT not in types:
            self.report(END_POINT, f"channel binding by {', '.join(sorted(types))[:80]} only")
        if offer is not None:
            self._compare(offer, types)

    def _compare(self, offer: Element, types: set[str]) -> None:
        plus = any(one.text.strip().endswith("-PLUS") for one in offer.children if one.name == names.SASL2_MECHANISM)
        if plus and not types:
            self.report(INCONSISTENT, "-PLUS mechanisms, and no type of channel binding")
        elif types and not plus:
            self.report(INCONSISTENT, "types of channel binding, and no -PLUS mechanism")

    ELEMENTS = table({names.FEATURES: features})
