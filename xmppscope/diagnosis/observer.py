"""Follows every connection and says, when one is over, why it ended badly; of an orderly end it says nothing.

Dispatch is by the kind of entry and by the element's name: an ordinary stanza costs two assignments. What the proxy
made itself is nobody's fault, and what the proxy has diagnosed is not diagnosed again.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from xmppscope.diagnosis import negotiation, resuming, web_socket
from xmppscope.diagnosis.case import Case, StreamError
from xmppscope.diagnosis.judging import judge
from xmppscope.diagnosis.lateness import explain_delay
from xmppscope.diagnosis.sessions import Sessions
from xmppscope.diagnosis.verdict import Verdict, condition, said
from xmppscope.model.element import Element
from xmppscope.model.namespaces import STREAM_ERRORS
from xmppscope.model.timeline import INITIATING, RECEIVING, Diagnosis, Entry, Kind
from xmppscope.session.seen import About, Note, Seen
from xmppscope.session.triggers import expanded

_NOTHING: Final[tuple[Note, ...]] = ()
_PING: Final = expanded("urn:xmpp:ping", "ping")


class Diagnoses:
    """Diagnoses all connections of a run; *passwords* are secrets by bare JID, to recompute SCRAM with."""

    def __init__(self, passwords: Mapping[str, str] | None = None) -> None:
        self._passwords = {jid.lower(): secret for jid, secret in (passwords or {}).items()}
        self._cases: dict[int, Case] = {}
        self._sessions = Sessions()

    def see(self, seen: Seen) -> Sequence[Note]:
        """Take the next entry; a resumption that is refused is told at once, since that session has ended."""
        entry = seen.entry
        case = self._cases.get(entry.connection)
        if case is None:
            case = self._cases[entry.connection] = Case(seen.about)
        kind = entry.kind
        if kind == "stanza" and entry.edit is None:
            case.latest[entry.sender] = entry
            if entry.name == "iq":
                self._iq(case, entry, seen.element)
            elif not case.opened:
                self._open(case, entry)
            elif entry.name == "message" and entry.sender == RECEIVING and seen.element is not None:
                explain_delay(case, entry, seen.element)
            return _NOTHING
        if entry.edit is not None and entry.edit.action == "injected":
            return _NOTHING
        case.first = case.first or entry
        handler = _KINDS.get(kind)
        verdict = None if handler is None else handler(self, case, entry, seen.element)
        if not case.opened:
            self._open(case, entry)
        return _NOTHING if verdict is None else (_diagnosis(case, verdict),)

    def ended(self, about: About) -> Sequence[Note]:
        """Judge a connection that is over."""
        case = self._cases.pop(about.number, None)
        if case is None:
            return _NOTHING
        verdict = judge(case, self._sessions)
        return _NOTHING if verdict is None else (_diagnosis(case, verdict),)

    def _open(self, case: Case, entry: Entry) -> None:
        if entry.state == "open":
            case.opened, case.open_since = True, entry
            self._sessions.bound(case, entry)

    def _iq(self, case: Case, entry: Entry, element: Element | None) -> None:
        if case.requests and entry.answers in case.requests:
            negotiation.answer(case, entry, element)
        if not case.opened:
            self._open(case, entry)
        if entry.type == "set" or entry.type == "get":
            payload = element.children[0] if element is not None and element.children else None
            if payload is None:
                return
            if payload.name == _PING:
                case.asked[entry.sender] = entry
            elif entry.type == "set" and entry.sender == INITIATING and payload.name in negotiation.REQUESTS:
                negotiation.request(case, entry, payload)

    def _header(self, case: Case, entry: Entry, _element: Element | None) -> None:
        case.secured = case.secured or entry.protection != "none"
        case.headers[entry.sender] = case.latest[entry.sender] = entry

    def _close(self, case: Case, entry: Entry, _element: Element | None) -> None:
        case.closed.setdefault(entry.sender, entry)

    def _error(self, case: Case, entry: Entry, element: Element | None) -> None:
        if element is not None and entry.sender not in case.errors:
            own = (child.local for child in element.children if child.ns != STREAM_ERRORS)
            case.errors[entry.sender] = StreamError(entry, condition(element), next(own, ""), said(element))

    def _end(self, case: Case, entry: Entry, _element: Element | None) -> None:
        case.ended.append(entry)
        self._sessions.cut(case, entry)

    def _malformed(self, case: Case, entry: Entry, _element: Element | None) -> None:
        case.malformed.setdefault(entry.sender, entry)

    def _alive(self, case: Case, entry: Entry, _element: Element | None) -> None:
        case.latest[entry.sender] = entry

    def _http(self, case: Case, entry: Entry, _element: Element | None) -> None:
        web_socket.note(case, entry)

    def _proxy(self, case: Case, entry: Entry, _element: Element | None) -> None:
        case.by_proxy = case.by_proxy or entry.severity == "error"

    def _tls(self, case: Case, entry: Entry, _element: Element | None) -> None:
        facts = entry.tls or {}
        if "versions" in facts:
            case.hello = entry
        elif "cipher" in facts:
            case.answer = entry
        elif facts.get("alert_level") == "fatal" and not case.closed:
            case.alert = case.alert or entry

    def _nonza(self, case: Case, entry: Entry, element: Element | None) -> Verdict | None:
        if element is None:
            return None
        case.latest[entry.sender] = entry
        case.secured = case.secured or entry.protection != "none"
        name = element.name
        negotiating = negotiation.HANDLERS[entry.sender].get(name)
        if negotiating is not None:
            negotiating(case, entry, element, self._passwords)
        managing = resuming.HANDLERS[entry.sender].get(name)
        return None if managing is None else managing(case, entry, element, self._sessions)


def _diagnosis(case: Case, verdict: Verdict) -> Diagnosis:
    entries = sorted({number for number in verdict.entries if number})
    return Diagnosis(connection=case.about.number, entries=entries, text=verdict.text, advice=verdict.advice)


_KINDS: Final[dict[Kind, Callable[[Diagnoses, Case, Entry, Element | None], Verdict | None]]] = {
    "stream-open": Diagnoses._header,
    "stream-close": Diagnoses._close,
    "stream-error": Diagnoses._error,
    "closed": Diagnoses._end,
    "malformed": Diagnoses._malformed,
    "keepalive": Diagnoses._alive,
    "http": Diagnoses._http,
    "proxy": Diagnoses._proxy,
    "tls": Diagnoses._tls,
    "nonza": Diagnoses._nonza,
}
