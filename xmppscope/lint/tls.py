"""STARTTLS, direct TLS, and white space where a negotiation allows none (RFC 6120 §5, RFC 7590, XEP-0368)."""

from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.preambles import CLIENT_FIRST, OFFER, OPEN, OPENED, SASL
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.element import Element
from xmppscope.model.namespaces import BIND
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry
from xmppscope.session.seen import Seen

_TLS: Final = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'"
_PLAIN_OFFER: Final = (
    f"S: <stream:features><mechanisms {SASL}><mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features>"
)
_REQUIRED: Final = f"S: <stream:features><starttls {_TLS}><required/></starttls></stream:features>"

ABSENT: Final = Rule(
    "starttls-absent", "tls", "warning", "RFC 7590 §3.1",
    needs="the first features of a connection that is not encrypted, both headers of version 1.0 or later",
    what="A server offers no STARTTLS on an unencrypted connection. Features after authentication may leave it out.",
    why="Everything is readable on the way. If the server is known to offer it, somebody in between has taken it out.",
    wrong=talk(_PLAIN_OFFER, after="header"),
    right=talk(OFFER, after="header"),
)  # fmt: skip
BYPASSED: Final = Rule(
    "starttls-required-bypassed", "tls", "error", "RFC 6120 §5.3.1",
    needs="both directions from their headers on, without a hole",
    what="The initiating entity authenticates or binds without TLS although the server requires STARTTLS.",
    why="The server must refuse; a password that was sent has been readable on the way all the same.",
    wrong=talk(_REQUIRED, f"C: <auth {SASL} mechanism='SCRAM-SHA-1'>{CLIENT_FIRST}</auth>", after="header"),
    right=talk(_REQUIRED, f"C: <starttls {_TLS}/>", after="header"),
)  # fmt: skip
OVER_TLS: Final = Rule(
    "starttls-over-tls", "tls", "error", "XEP-0368 §3",
    needs="what is inside the TLS of the connection, from its first stream header on",
    what="A <starttls/> command on a connection that began with direct TLS.",
    why="There is TLS already: the server must not offer it again, and the client must not ask.",
    wrong=talk(OPEN, OPENED, _PLAIN_OFFER, f"C: <starttls {_TLS}/>", after="tls"),
    right=talk(OPEN, OPENED, _PLAIN_OFFER, after="tls"),
)  # fmt: skip
WHITE_SPACE: Final = Rule(
    "negotiation-whitespace", "tls", "error", "RFC 6120 §5.3.3",
    needs="both directions from their headers on, without a hole",
    what="White space between elements from <starttls/> to <proceed/>, from <auth/> to <success/>, or inside SASL2; "
    "a line feed right behind <auth/> counts. Of what the server sends, only what follows a challenge is judged: "
    "earlier it need not have known that a negotiation had begun.",
    why="There each byte counts: behind <proceed/> a line feed is read as the beginning of TLS, and some "
    "mechanisms protect the bytes that follow.",
    wrong=talk(f"C: <auth {SASL} mechanism='SCRAM-SHA-1'>{CLIENT_FIRST}</auth>\n", after="offer"),
    right=talk(f"C: <auth {SASL} mechanism='SCRAM-SHA-1'>{CLIENT_FIRST}</auth>", after="offer"),
)  # fmt: skip

_BEGINS: Final = {names.STARTTLS: "STARTTLS", names.AUTH: "SASL", names.AUTHENTICATE: "SASL2"}
_ENDS: Final = frozenset(
    {names.PROCEED, names.TLS_FAILURE, names.SUCCESS, names.FAILURE, names.SASL2_SUCCESS, names.SASL2_FAILURE}
)
_GOES_ON: Final = frozenset({names.RESPONSE, names.SASL2_RESPONSE, names.ABORT})
_CHALLENGES: Final = {names.CHALLENGE: "SASL", names.SASL2_CHALLENGE: "SASL2"}
_BIND: Final = names.expanded(BIND, "bind")
_MOST_STREAMS: Final = 16
_MOST_SPACES: Final = 16


class TlsChecker(Checker):
    """Follows what is offered in the clear, and the negotiations that allow no white space."""

    RULES = (ABSENT, BYPASSED, OVER_TLS, WHITE_SPACE)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._logins: dict[int, int] = {}
        self._running = ""
        self._challenged = ""
        self._spaces: list[tuple[int, str]] = []
        self.rest()

    def features(self, seen: Seen) -> None:
        """Take stream features."""
        element, entry, course = seen.element, seen.entry, self.course
        if element is None or entry.sender != RECEIVING or entry.protection != "none" or not course.tcp:
            return
        login = self._logins.get(entry.stream)
        if login is not None:
            self._bypassed(element, login)
        first = course.about.from_start or element.child(names.MECHANISMS) is not None
        later = len(course.features(1)) > 1
        if entry.stream != 1 or later or not first or element.child(names.STARTTLS) is not None:
            return
        if course.kind in ("c2s", "s2s") and course.modern and course.whole(RECEIVING):
            self.report(ABSENT, "no STARTTLS is offered on an unencrypted connection")

    def login(self, seen: Seen) -> None:
        """Take what authenticates."""
        self._note_login(seen.entry)

    def bind(self, seen: Seen, _bind: Element) -> None:
        """Take an iq with a resource binding."""
        if seen.entry.type == "set":
            self._note_login(seen.entry)

    def _note_login(self, entry: Entry) -> None:
        if entry.sender == INITIATING and entry.protection == "none" and entry.stream not in self._logins:
            if len(self._logins) < _MOST_STREAMS:
                self._logins[entry.stream] = entry.entry
            for features in self.course.features(entry.stream)[:1]:
                self._bypassed(features, entry.entry)

    def _bypassed(self, features: Element, login: int) -> None:
        starttls = features.child(names.STARTTLS)
        if (
            starttls is not None
            and starttls.child(names.REQUIRED) is not None
            and self.course.whole()
            and self.course.aligned
            and self.course.tcp
        ):
            self.report(BYPASSED, "TLS is required, and was not begun", [login])

    def nonza(self, seen: Seen) -> None:
        """Take a step of a negotiation."""
        element, entry = seen.element, seen.entry
        if element is None:
            return
        if entry.sender == INITIATING:
            self._running = _BEGINS.get(element.name, self._running if element.name in _GOES_ON else "")
            self.rest(now=not self._running)
            if element.name == names.STARTTLS and entry.protection != "none":
                self._over_tls()
        elif element.name in _ENDS:
            self._running = self._challenged = ""
            self._judge_spaces()
        else:
            self._challenged = _CHALLENGES.get(element.name, self._challenged)

    def _over_tls(self) -> None:
        header = self.course.sides[INITIATING].first_header
        if header is not None and header.protection != "none" and self.course.from_start(INITIATING):
            self.report(OVER_TLS, "TLS is asked for inside direct TLS")

    def header(self, seen: Seen) -> None:
        """Take a header: whatever ran before is over, and how it ended was not seen."""
        self._spaces.clear()
        if seen.entry.sender == INITIATING:
            self._running = ""
        else:
            self._challenged = ""

    def stanza(self, seen: Seen) -> None:
        """Take a stanza: who sends one knows that the negotiation is over, even if the capture lacks the answer."""
        if seen.entry.sender == INITIATING:
            self._running = ""
            self.rest()

    def space(self, seen: Seen) -> None:
        """Take white space between elements."""
        running = self._running if seen.entry.sender == INITIATING else self._challenged
        if running and self.course.whole() and self.course.tcp and len(self._spaces) < _MOST_SPACES:
            self._spaces.append((seen.entry.entry, running))

    def _judge_spaces(self) -> None:
        """Report white space once it is known that the answer, which allows it, had not come before and been lost."""
        spaces, self._spaces = self._spaces, []
        if self.course.whole():
            for entry, running in spaces:
                self.report(WHITE_SPACE, f"white space while {running} is negotiated", [entry])

    def ended(self) -> None:
        """Judge what is left."""
        self._judge_spaces()

    KINDS = table({"nonza": nonza, "stream-open": header, "keepalive": space})
    ELEMENTS = table(
        {names.FEATURES: features, names.AUTH: login, names.AUTHENTICATE: login, **dict.fromkeys(names.STANZAS, stanza)}
    )
    PAYLOADS = table({_BIND: bind})
