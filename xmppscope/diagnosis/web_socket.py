"""Ends that WebSocket alone has: the handshake is refused, or a close frame gives a reason (RFC 6455 §4, §7.4).

The entries of kind `http` tell both in words; what they begin with is looked at.
"""

from typing import Final

from xmppscope.diagnosis.case import Case
from xmppscope.diagnosis.verdict import Verdict, capital, role
from xmppscope.model.timeline import Entry

REFUSED: Final = "WebSocket refused: "
CLOSED: Final = "close the WebSocket: "
_ORDERLY: Final = ("1000,", "1001,")
_ADVICE: Final = {
    "404": "compare the path of the URL with what the server is set up for (often /xmpp-websocket, /ws or /websocket)",
    "403": "see whether the server allows the origin of the page",
    "401": "see what login the server, or the web server before it, asks for",
}


def note(case: Case, entry: Entry) -> None:
    """Remember what an `http` entry tells of the end."""
    summary = entry.summary
    if summary.startswith(REFUSED):
        case.web_refused = entry
    elif summary.startswith(CLOSED) and not summary.removeprefix(CLOSED).startswith(_ORDERLY):
        case.web_closed = case.web_closed or entry


def web(case: Case) -> Verdict | None:
    """Return what there is to say of a WebSocket that was refused, or closed with a code that tells why."""
    refused, closed = case.web_refused, case.web_closed
    if refused is not None and not case.headers:
        status = refused.summary.removeprefix(REFUSED)
        advice = _ADVICE.get(status[:3], "look into the log of the web server, and of what stands before it")
        return Verdict(f"The WebSocket was refused: {status}.", advice, (refused.entry,))
    if closed is None:
        return None
    who, why = role(case, closed.sender), closed.summary.removeprefix(CLOSED)
    advice = f"look into the log of {who} at this time; the code is explained in RFC 6455 §7.4.1"
    if why.startswith("1003,"):
        advice = "see whether messages are sent in fragments or as binary ones, which not every server takes"
    elif why.startswith("1009,"):
        advice = "send smaller stanzas, or raise the limit of the server"
    return Verdict(f"{capital(who)} closed the WebSocket: {why}.", advice, (closed.entry,))
