"""What one stanza shows by itself: namespace, addresses, type, error, and the parts of a presence.

Only the live stanza is judged, never what is forwarded or archived inside. White space around an enumerated value is no
fault: the schemas collapse it.
"""

import re
from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.stanza_rules import (
    ADDRESSING,
    ERROR_CONDITION,
    ERROR_MISSING,
    ERROR_TYPE,
    ERROR_UNEXPECTED,
    JID,
    MESSAGE_TYPE,
    PREFIXED,
    PRESENCE_PRIORITY,
    PRESENCE_SHOW,
    PRESENCE_TYPE,
    SUBSCRIBE,
    WRONG_NS,
)
from xmppscope.model.element import Element
from xmppscope.model.jid import Jid
from xmppscope.model.namespaces import CLIENT, CONTENT, SERVER, STANZA_ERRORS
from xmppscope.model.timeline import INITIATING, Entry
from xmppscope.session.seen import Seen

_TYPES: Final = frozenset({None, "chat", "error", "groupchat", "headline", "normal"})
_PRESENCE_TYPES: Final = frozenset({
    None, "error", "probe", "subscribe", "subscribed", "unavailable", "unsubscribe", "unsubscribed",
})  # fmt: skip
_SHOWS: Final = frozenset({"away", "chat", "dnd", "xa"})
_ERROR_TYPES: Final = frozenset({"auth", "cancel", "continue", "modify", "wait"})
_CONDITIONS: Final = frozenset({
    "bad-request", "conflict", "feature-not-implemented", "forbidden", "gone", "internal-server-error",
    "item-not-found", "jid-malformed", "not-acceptable", "not-allowed", "not-authorized", "policy-violation",
    "recipient-unavailable", "redirect", "registration-required", "remote-server-not-found", "remote-server-timeout",
    "resource-constraint", "service-unavailable", "subscription-required", "undefined-condition", "unexpected-request",
})  # fmt: skip
_TEXT: Final = names.expanded(STANZA_ERRORS, "text")
_ERRORS: Final = frozenset(names.expanded(ns, "error") for ns in CONTENT)
_WRONG: Final = {("c2s", SERVER), ("s2s", CLIENT)}
_INTEGER: Final = re.compile(r"[+-]?0*[0-9]{1,9}")
_LOCALPART: Final = re.compile(r"""["&':<> ]""")
_OCTETS: Final = 1023
_KNOWN: Final = 4096


class StanzaChecker(Checker):
    """Looks at each stanza once."""

    RULES = (
        WRONG_NS, PREFIXED, ERROR_MISSING, ERROR_UNEXPECTED, ERROR_TYPE, ERROR_CONDITION, ADDRESSING, JID, MESSAGE_TYPE,
        PRESENCE_TYPE, PRESENCE_SHOW, PRESENCE_PRIORITY, SUBSCRIBE,
    )  # fmt: skip

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._sound: set[str] = set()

    def message(self, seen: Seen) -> None:
        """Take a message."""
        element, entry = seen.element, seen.entry
        if element is None:
            return
        if entry.type not in _TYPES:
            self.report(MESSAGE_TYPE, f'"{_short(entry.type)}" is no type of message')
        self._any(element, entry)

    def presence(self, seen: Seen) -> None:
        """Take a presence."""
        element, entry = seen.element, seen.entry
        if element is None:
            return
        kind = entry.type
        if kind not in _PRESENCE_TYPES:
            self.report(PRESENCE_TYPE, f'"{_short(kind)}" is no type of presence')
        elif kind == "subscribe" and entry.sender == INITIATING and self.course.is_client and "/" in (entry.to or ""):
            self.report(SUBSCRIBE, "a subscription to a full JID")
        if element.children:
            self._availability(element)
        self._any(element, entry)

    def _availability(self, presence: Element) -> None:
        ns = presence.ns
        shows = [child for child in presence.children if child.local == "show" and child.ns == ns]
        priorities = [child for child in presence.children if child.local == "priority" and child.ns == ns]
        if len(shows) > 1:
            self.report(PRESENCE_SHOW, f"{len(shows)} <show/> in one presence")
        elif shows and shows[0].text.strip() not in _SHOWS:
            self.report(PRESENCE_SHOW, f'<show/> is "{_short(shows[0].text.strip())}"')
        if len(priorities) > 1:
            self.report(PRESENCE_PRIORITY, f"{len(priorities)} <priority/> in one presence")
        elif priorities and not _is_priority(priorities[0].text.strip()):
            self.report(PRESENCE_PRIORITY, f'<priority/> is "{_short(priorities[0].text.strip())}"')

    def iq(self, seen: Seen) -> None:
        """Take an iq."""
        if seen.element is not None:
            self._any(seen.element, seen.entry)

    def _any(self, stanza: Element, entry: Entry) -> None:
        to, from_ = entry.to, entry.from_
        if to is not None and to not in self._sound:
            self._address("to", to)
        if from_ is not None and from_ not in self._sound:
            self._address("from", from_)
        self._namespace(stanza, entry)
        is_error = entry.type == "error"
        for child in stanza.children:
            if child.name in _ERRORS:
                self._error(child, stanza, expected=is_error)
                break
        else:
            if is_error:
                self.report(ERROR_MISSING, "type error without <error/>")

    def _namespace(self, stanza: Element, entry: Entry) -> None:
        kind = self.course.about.negotiation.kind
        if kind == "s2s" and not (entry.to and entry.from_):
            self.report(ADDRESSING, f"no '{'from' if entry.to else 'to'}' on a stanza between servers")
        if entry.xml is not None and not entry.xml.startswith(("<message", "<presence", "<iq")):
            self.report(PREFIXED, "a stanza written with a prefix")
        ns = stanza.name.partition("\n")[0]
        if (kind, ns) in _WRONG and self.course.sides[entry.sender].header is not None:
            self.report(WRONG_NS, f"a stanza in {ns}")

    def _error(self, error: Element, stanza: Element, *, expected: bool) -> None:
        if not expected:
            if error.ns == stanza.ns:
                self.report(ERROR_UNEXPECTED, "<error/> on a stanza whose type is not error")
            return
        kind = error.attrs.get("type")
        if kind not in _ERROR_TYPES:
            text = "<error/> has no type" if kind is None else f'"{_short(kind)}" is no type of error'
            self.report(ERROR_TYPE, text)
        conditions = [child.local for child in error.children if child.ns == STANZA_ERRORS and child.name != _TEXT]
        if not conditions:
            self.report(ERROR_CONDITION, "the error names no condition")
        elif not _CONDITIONS.issuperset(conditions):
            self.report(ERROR_CONDITION, f"{_short(conditions[0])} is no condition of RFC 6120", None, "info")

    def _address(self, attribute: str, address: str) -> None:
        fault = _fault(address)
        if fault:
            self.report(JID, f"'{attribute}' {fault}")
        elif len(self._sound) < _KNOWN:
            self._sound.add(address)

    ELEMENTS = table(
        {
            **dict.fromkeys(names.MESSAGES, message),
            **dict.fromkeys(names.PRESENCES, presence),
            **dict.fromkeys(names.IQS, iq),
        }
    )


def _fault(address: str) -> str:
    """Return what is wrong with the form of *address*; nothing, if it may be one."""
    front, slash, resource = address.partition("/")
    jid = Jid.parse(address)
    if not jid.domainpart:
        return "has no domainpart"
    if slash and not resource:
        return "has an empty resourcepart"
    if "@" in front and not jid.localpart:
        return "has an empty localpart"
    if any(len(part.encode()) > _OCTETS for part in jid):
        return f"has a part of more than {_OCTETS} octets"
    found = _LOCALPART.search(jid.localpart)
    return f"has {found.group()!r} in its localpart" if found else ""


def _is_priority(text: str) -> bool:
    return _INTEGER.fullmatch(text) is not None and -128 <= int(text) <= 127


def _short(text: str | None) -> str:
    return (text or "")[:40]
