"""SASL2 and Bind 2: what is offered, what may be said meanwhile, and what success must hold (XEP-0388, XEP-0386).

What happens while a login runs is judged within one direction: what stands between two elements of SASL2 of the same
sender was sent while the login ran, whatever the other side had said by then.
"""

import re
from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.sasl2_rules import BIND_UNANSWERED, EMPTY, IDENTIFIER, SECOND, TRAFFIC, USER_AGENT
from xmppscope.model.element import Element
from xmppscope.model.jid import Jid
from xmppscope.model.namespaces import BIND2, SASL2
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry, Sender
from xmppscope.session.seen import Seen

_UUID4: Final = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}")
_AGENT: Final = names.expanded(SASL2, "user-agent")
_IDENTIFIER: Final = names.expanded(SASL2, "authorization-identifier")
_BIND: Final = names.expanded(BIND2, "bind")
_BOUND: Final = names.expanded(BIND2, "bound")


class Sasl2Checker(Checker):
    """Follows the logins of one connection by SASL2."""

    RULES = (EMPTY, TRAFFIC, SECOND, IDENTIFIER, USER_AGENT, BIND_UNANSWERED)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._running: dict[Sender, bool] = {INITIATING: False, RECEIVING: False}
        self._between: dict[Sender, list[Entry]] = {INITIATING: [], RECEIVING: []}
        self._asked_bind = False
        self._done = 0
        self._moved_on = False
        self.rest()

    def features(self, seen: Seen) -> None:
        """Take an offer."""
        element = seen.element
        offer = None if element is None else element.child(names.AUTHENTICATION)
        if offer is not None and offer.child(names.SASL2_MECHANISM) is None:
            self.report(EMPTY, "SASL2 is offered without a mechanism")

    def nonza(self, seen: Seen) -> None:
        """Take any element that is no stanza."""
        element, entry = seen.element, seen.entry
        if element is None:
            return
        if element.ns != SASL2:
            self.other(seen)
            return
        local = element.local
        self._judge(entry.sender)
        if entry.sender == INITIATING:
            self._running[INITIATING] = local != "abort"
            if local == "authenticate":
                self._begin(element, entry)
        else:
            self._running[RECEIVING] = local == "challenge"
            if local == "success":
                self._succeed(element, entry)
            elif local == "failure":
                self._running[INITIATING] = False
        self._stir()

    def other(self, seen: Seen) -> None:
        """Take an element that is none of SASL2: was a login running, it may break the rule."""
        sender = seen.entry.sender
        if self._running[sender] and len(self._between[sender]) < 4:
            self._between[sender].append(seen.entry)
        if sender == INITIATING and self._done:
            self._moved_on = True
            self._stir()

    def header(self, seen: Seen) -> None:
        """Take a header, with which all begins anew."""
        sender = seen.entry.sender
        self._running[sender] = False
        self._between[sender].clear()
        if sender == INITIATING:
            self._done, self._moved_on, self._asked_bind = 0, False, False
        self._stir()

    def _stir(self) -> None:
        self.rest(now=not any(self._running.values()) and (not self._done or self._moved_on))

    def _judge(self, sender: Sender) -> None:
        """Report what stands between two elements of SASL2 that one side has sent."""
        between, self._between[sender] = self._between[sender], []
        if between and self._running[sender] and self.course.whole(sender):
            text = f"<{between[0].name}/> while a login is running"
            self.report(TRAFFIC, text, [one.entry for one in between])

    def _begin(self, element: Element, entry: Entry) -> None:
        if self._done and self._moved_on and self.course.whole():
            self.report(SECOND, "a second login after the first one had succeeded", [self._done, entry.entry])
        self._asked_bind = element.child(_BIND) is not None
        agent = element.child(_AGENT)
        identity = None if agent is None else agent.attrs.get("id")
        if identity is not None and not _UUID4.fullmatch(identity):
            self.report(USER_AGENT, "the id of the client is no random UUID (version 4)")

    def _succeed(self, success: Element, entry: Entry) -> None:
        self._running[INITIATING] = False
        self._between[INITIATING].clear()
        self._done, self._moved_on = entry.entry, False
        identifier = success.child(_IDENTIFIER)
        bound = success.child(_BOUND) is not None
        resumed = any(success.child(name) is not None for name in names.managed("resumed"))
        if identifier is None or not identifier.text.strip():
            self.report(IDENTIFIER, "success does not say for whom")
        elif bound and not Jid.parse(identifier.text.strip()).resourcepart:
            self.report(IDENTIFIER, "a resource is bound, and success does not name it")
        asked, self._asked_bind = self._asked_bind, False
        if asked and not bound and not resumed and self.course.whole() and self._offers_bind(entry):
            self.report(BIND_UNANSWERED, "a resource was asked for with the login, and none is bound")

    def _offers_bind(self, entry: Entry) -> bool:
        """Tell whether the server has said that it knows Bind 2; else it may ignore what it does not know."""
        for features in self.course.features(entry.stream):
            offer = features.child(names.AUTHENTICATION)
            inline = None if offer is None else offer.child(names.INLINE)
            if inline is not None and inline.child(_BIND) is not None:
                return True
        return False

    KINDS = table({"nonza": nonza, "stream-open": header})
    ELEMENTS = table({names.FEATURES: features, **dict.fromkeys(names.STANZAS, other)})
