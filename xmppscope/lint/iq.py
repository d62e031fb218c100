"""The form of an iq (RFC 6120 §8.2.3)."""

from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, table
from xmppscope.lint.rule import Rule, talk
from xmppscope.session.seen import Seen

ID_MISSING: Final = Rule(
    "iq-id-missing", "iq", "error", "RFC 6120 §8.2.3",
    what="An iq without 'id'.",
    why="An answer is found by the id of its request: without one, nobody knows what is answered.",
    wrong=talk("C: <iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>"),
    right=talk("C: <iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>"),
)  # fmt: skip
TYPE: Final = Rule(
    "iq-type", "iq", "error", "RFC 6120 §8.2.3",
    what="The type of an iq is not get, set, result or error, or there is none.",
    why="The receiver must answer with bad-request.",
    wrong=talk("C: <iq type='ask' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>"),
    right=talk("C: <iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>"),
)  # fmt: skip
REQUEST: Final = Rule(
    "iq-request-children", "iq", "error", "RFC 6120 §8.2.3",
    what="An iq of type get or set without exactly one child element.",
    why="The child is what is asked; none or two cannot be answered.",
    wrong=talk("C: <iq type='get' id='p1'/>"),
    right=talk("C: <iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>"),
)  # fmt: skip
RESULT: Final = Rule(
    "iq-result-children", "iq", "error", "RFC 6120 §8.2.3",
    what="An iq of type result with more than one child element.",
    why="Receivers read the first and miss the rest, or refuse all.",
    wrong=talk(
        "C: <iq type='get' id='p1'><query xmlns='jabber:iq:version'/></iq>",
        "S: <iq type='result' id='p1'><query xmlns='jabber:iq:version'/><time xmlns='urn:xmpp:time'/></iq>",
    ),
    right=talk(
        "C: <iq type='get' id='p1'><query xmlns='jabber:iq:version'/></iq>",
        "S: <iq type='result' id='p1'><query xmlns='jabber:iq:version'/></iq>",
    ),
)  # fmt: skip


class IqChecker(Checker):
    """Looks at each iq once."""

    RULES = (ID_MISSING, TYPE, REQUEST, RESULT)

    def iq(self, seen: Seen) -> None:
        """Take an iq."""
        entry, element = seen.entry, seen.element
        if element is None:
            return
        if entry.id is None:
            self.report(ID_MISSING, "an iq without id")
        kind, children = entry.type, len(element.children)
        if kind in ("get", "set"):
            if children != 1:
                self.report(REQUEST, f"a request with {children or 'no'} child elements")
        elif kind == "result":
            if children > 1:
                self.report(RESULT, f"a result with {children} child elements")
        elif kind != "error":
            self.report(TYPE, "an iq without type" if kind is None else f'"{kind[:40]}" is no iq type')

    ELEMENTS = table(dict.fromkeys(names.IQS, iq))
