"""Why a message came late (XEP-0203): held while its session was cut, while the client was inactive, or stored before.

Something is said only where the stamp is the own server's and what held the message was seen itself. A stamp of whole
seconds may be up to a second too early, which is allowed for.
"""

from datetime import UTC, datetime
from typing import Final

from xmppscope.diagnosis.case import Case
from xmppscope.diagnosis.verdict import lasted
from xmppscope.model.element import Element
from xmppscope.model.instant import nanoseconds
from xmppscope.model.timeline import Entry
from xmppscope.session.notes import annotate
from xmppscope.session.triggers import expanded

_DELAY: Final = expanded("urn:xmpp:delay", "delay")


def explain_delay(case: Case, entry: Entry, message: Element) -> None:
    """Add to the *entry* of a message that the server delivers why it had to wait, where that is known."""
    delay = message.child(_DELAY)
    if delay is None or entry.type == "groupchat" or not _is_own(case, delay.attrs.get("from", "")):
        return
    if any(link.rel == "resent" for link in entry.links or ()):
        return  # it has not waited: it was on its way when the session was cut
    stamp = delay.attrs.get("stamp", "")
    sent = _seconds(stamp)
    if sent is None:
        return
    latest = sent if "." in stamp else sent + 1
    reason = _reason(case, sent, latest)
    if reason is not None:
        text, spec = reason
        annotate(entry, f"waited {_span(_at(entry) - sent, whole=latest > sent)}: {text}", spec)


def _reason(case: Case, sent: float, latest: float) -> tuple[str, str] | None:
    if case.resumed is not None:
        cut, resumed = case.resumed
        if latest >= _at(cut) and sent <= _at(resumed):
            return f"held while the session was cut (#{cut.entry}, resumed #{resumed.entry})", "XEP-0198 §5"
        return None
    inactive = case.inactive
    if inactive is not None and latest >= _at(inactive):
        active = f", active again #{case.active.entry}" if case.active is not None else ""
        return f"held back while the client was inactive (#{inactive.entry}{active})", "XEP-0352 §4"
    if case.about.from_start and case.open_since is not None and latest < _at(case.open_since):
        return f"the server had stored it before this session was open (#{case.open_since.entry})", "XEP-0160 §3"
    return None


def _span(age: float, *, whole: bool) -> str:
    """Return how long a message has waited; a stamp of *whole* seconds tells no tenths of them."""
    if whole:
        return lasted(int(age)).replace(".0 s", " s") if age >= 1 else "less than 1 s"
    return lasted(max(age, 0))


def _is_own(case: Case, who: str) -> bool:
    """Tell whether a stamp is of the server itself, in its own name or in that of the account."""
    account = (case.about.negotiation.bound or case.jid).partition("/")[0]
    return who in ("", case.about.negotiation.domain, account)


def _seconds(stamp: str) -> float | None:
    try:
        found = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()


def _at(entry: Entry) -> float:
    return nanoseconds(entry.time) / 1e9
