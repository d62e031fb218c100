"""Resumptions that are refused (XEP-0198 §5): the session that was cut is lost, and why.

They are told at once: the session has ended there, whatever becomes of the connection.
"""

from collections.abc import Callable
from typing import Final

from xmppscope.diagnosis.case import Case
from xmppscope.diagnosis.sessions import Held, Sessions
from xmppscope.diagnosis.verdict import Verdict, capital, condition, lasted, name, said, seconds, who, words
from xmppscope.model.element import Element
from xmppscope.model.namespaces import BIND2, SASL2, SM2, SM3
from xmppscope.model.plaintext import cut
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry, Sender
from xmppscope.session.roles import CSI
from xmppscope.session.triggers import expanded

_BOUND: Final = expanded(BIND2, "bound")
_TRUE: Final = frozenset({"true", "1"})
_VERSIONS: Final = (SM3, SM2)
_ID: Final = 40
_AFRESH: Final = "bind a new resource and fetch what was missed from the archive (XEP-0313)"


def _resume(case: Case, entry: Entry, element: Element, _sessions: Sessions) -> None:
    case.resume = element.attrs.get("previd", ""), entry


def _enabled(case: Case, _entry: Entry, element: Element, sessions: Sessions) -> None:
    identity = element.attrs.get("id", "")
    if element.attrs.get("resume") in _TRUE and identity:
        case.resumable = True
        about = case.about
        held = Held(about.negotiation.bound or who(case), about.number, element.attrs.get("max", "")[:9])
        sessions.hold(about.negotiation.domain, identity, held)


def _resumed(case: Case, entry: Entry, element: Element, sessions: Sessions) -> None:
    identity = element.attrs.get("previd") or (case.resume[0] if case.resume else "")
    held = sessions.held(case.about.negotiation.domain, identity)
    case.resumable, case.resume = True, None
    if held is not None:
        case.jid = held.jid
        case.resumed = None if held.cut is None else (held.cut, entry)
    again = Held(held.jid if held else "", case.about.number, held.limit if held else "")
    sessions.hold(case.about.negotiation.domain, identity, again)


def _failed(case: Case, entry: Entry, element: Element, sessions: Sessions) -> Verdict | None:
    if case.resume is None:
        return None
    (identity, asked), case.resume = case.resume, None
    held = sessions.held(case.about.negotiation.domain, identity)
    session = f"{name(held.jid or who(case))}: the session of connection {held.connection}" if held else ""
    text, advice = _why(case, condition(element), element, held, entry)
    subject = session or f"{capital(who(case))}: the session {cut(identity, _ID)}"
    end = held.cut.entry if held is not None and held.cut is not None else 0
    return Verdict(f"{subject} was not resumed: {text}.", advice, (end, asked.entry, entry.entry))


def _why(case: Case, why: str, failed: Element, held: Held | None, entry: Entry) -> tuple[str, str]:
    own = {child.local for child in failed.children}
    if "handled-count-too-high" in own:
        return _TOO_HIGH
    if why == "item-not-found":
        return _not_found(held, entry), f"{_AFRESH}; resume sooner, or raise the server's limit"
    if why == "unexpected-request":
        late = " behind binding" if case.opened else ", before the login" if not case.authenticated else ""
        return f"<resume/> came out of turn{late} (unexpected-request)", "resume between the login and binding"
    if why in ("feature-not-implemented", "service-unavailable"):
        return f"the server does not resume sessions ({why})", "see whether its stream management is turned on"
    shown = why or "no condition given"
    return f"the server refused with {name(shown)}{words(said(failed))}", _AFRESH


_TOO_HIGH: Final = (
    "the client claims to have received more stanzas than the server sent",
    "check how the client counts: only message, presence and iq, from <enabled/> on, and each once",
)


def _not_found(held: Held | None, entry: Entry) -> str:
    if held is None or held.cut is None:
        return (
            "the server does not hold it (item-not-found). The client waited longer than the server's limit, the "
            "server was restarted, or it never gave out that id"
        )
    span = lasted(max(seconds(held.cut, entry), 0))
    limit = f", which had promised {held.limit} s" if held.limit else ""
    return f"{span} after the cut the server{limit} no longer holds it (item-not-found): it was too late, or restarted"


def _inline(case: Case, entry: Entry, element: Element, sessions: Sessions) -> Verdict | None:
    """XEP-0198 §9: SASL2 carries `<resume/>` and, in the `<bound/>` of Bind 2, `<enabled/>`."""
    inner = [one for child in element.children if child.name == _BOUND for one in child.children]
    for child in (*element.children, *inner):
        handler = HANDLERS[entry.sender].get(child.name)
        if handler is not None:
            verdict = handler(case, entry, child, sessions)
            if verdict is not None:
                return verdict
    return None


def _inactive(case: Case, entry: Entry, _element: Element, _sessions: Sessions) -> None:
    case.inactive, case.active = entry, None


def _active(case: Case, entry: Entry, _element: Element, _sessions: Sessions) -> None:
    case.active = entry


def _asks(case: Case, entry: Entry, _element: Element, _sessions: Sessions) -> None:
    case.asked[entry.sender] = entry


Handler = Callable[[Case, Entry, Element, Sessions], Verdict | None]

HANDLERS: Final[dict[Sender, dict[str, Handler]]] = {
    INITIATING: {
        **dict.fromkeys((expanded(ns, "resume") for ns in _VERSIONS), _resume),
        **dict.fromkeys((expanded(ns, "r") for ns in _VERSIONS), _asks),
        expanded(SASL2, "authenticate"): _inline,
        expanded(CSI, "inactive"): _inactive,
        expanded(CSI, "active"): _active,
    },
    RECEIVING: {
        **dict.fromkeys((expanded(ns, "enabled") for ns in _VERSIONS), _enabled),
        **dict.fromkeys((expanded(ns, "resumed") for ns in _VERSIONS), _resumed),
        **dict.fromkeys((expanded(ns, "failed") for ns in _VERSIONS), _failed),
        **dict.fromkeys((expanded(ns, "r") for ns in _VERSIONS), _asks),
        expanded(SASL2, "success"): _inline,
    },
}
"""What turns resumption on, asks for it or answers, by sender and expanded name."""
