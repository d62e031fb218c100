"""What an offer that requires STARTTLS holds beside it, and what follows <proceed/> (RFC 6120 §5.3.1, §5.4.3)."""

from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.preambles import SASL, STARTTLS
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.namespaces import DIALBACK_FEATURE
from xmppscope.model.timeline import RECEIVING
from xmppscope.session.seen import Seen

_TLS: Final = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'"
_REQUIRED: Final = f"<starttls {_TLS}><required/></starttls>"
_PROCEED: Final = f"S: <proceed {_TLS}/>"

EXTRA: Final = Rule(
    "starttls-extra-features", "tls", "warning", "RFC 6120 §5.3.1",
    what="Features that require STARTTLS offer something else to be chosen beside it.",
    why="Nothing else can be chosen before TLS, and inside TLS it is offered again; in the clear the list can be "
    "altered on the way.",
    wrong=talk(
        f"S: <stream:features>{_REQUIRED}<mechanisms {SASL}><mechanism>SCRAM-SHA-1</mechanism></mechanisms>"
        "</stream:features>",
        after="header",
    ),
    right=talk(f"S: <stream:features>{_REQUIRED}</stream:features>", after="header"),
)  # fmt: skip
BETWEEN: Final = Rule(
    "data-between-proceed-and-tls", "tls", "error", "RFC 6120 §5.4.3.1",
    needs="the receiving entity's stream from its header on, without a hole",
    what="The receiving entity sends an element in the clear behind its own <proceed/>.",
    why="The byte behind <proceed/> is the first one of TLS: the handshake fails, or what is in between is taken for "
    "part of the protected stream.",
    wrong=talk(
        f"C: {STARTTLS}", _PROCEED, "S: <message from='capulet.example'><body>Wait</body></message>", after="offer"
    ),
    right=talk(f"C: {STARTTLS}", _PROCEED, after="offer"),
)  # fmt: skip

_TELLS: Final = frozenset({DIALBACK_FEATURE, "http://jabber.org/protocol/caps", "urn:xmpp:stream-limits:0"})
"""Namespaces of features that tell something, and are not there to be chosen."""


class StarttlsChecker(Checker):
    """Follows STARTTLS from the offer to the first byte of TLS."""

    RULES = (EXTRA, BETWEEN)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._proceed = 0
        self.rest()

    def features(self, seen: Seen) -> None:
        """Take an offer."""
        element, entry = seen.element, seen.entry
        if element is None or entry.sender != RECEIVING or entry.protection != "none" or not self.course.tcp:
            return
        starttls = element.child(names.STARTTLS)
        if starttls is None or starttls.child(names.REQUIRED) is None:
            return
        more = [child.local for child in element.children if child.name != names.STARTTLS and child.ns not in _TELLS]
        if more:
            self.report(EXTRA, f"STARTTLS is required, and yet there is {', '.join(more[:4])[:80]}")

    def nonza(self, seen: Seen) -> None:
        """Take an element; behind <proceed/> it must be inside TLS."""
        entry = seen.entry
        if entry.sender != RECEIVING:
            return
        if entry.protection != "none":
            self._proceed = 0
            self.rest()
        elif self._proceed:
            if self.course.whole(RECEIVING) and self.course.tcp:
                self.report(BETWEEN, "an element in the clear behind <proceed/>", [self._proceed, entry.entry])
            self._proceed = 0
            self.rest()
        elif seen.element is not None and seen.element.name == names.PROCEED:
            self._proceed = entry.entry
            self.rest(now=False)

    def header(self, seen: Seen) -> None:
        """Take a header, with which a stream begins anew."""
        if seen.entry.sender == RECEIVING:
            self._proceed = 0
            self.rest()

    KINDS = table({"nonza": nonza, "stream-open": header})
    ELEMENTS = table({names.FEATURES: features, **dict.fromkeys(names.STANZAS, nonza)})
