"""What is said of WebSocket and BOSH through the proxy where something is wrong: words, and what to do about them."""

from typing import Final

from xmppscope.model.marks import ToldMark
from xmppscope.proxy.web_message import Status, values
from xmppscope.proxy.web_url import KINDS, WebKind, WebUrl

NAME_IT: Final = "name the server: --upstream-url wss://HOST:PORT/PATH"
"""What to do where the proxy cannot find out by itself where to go."""

TRUST: Final = "xmppscope ca trust: the steps for this system and this client"

_SUBPROTOCOL: Final = "xmpp"  # RFC 7395 §3.1
_ADVICE: Final[dict[WebKind, str]] = {
    "websocket": "see that its WebSocket module is on and which path it has (Prosody /xmpp-websocket, ejabberd /ws)",
    "bosh": "see that its BOSH module is on and which path it has (Prosody /http-bind, ejabberd /bosh)",
}
_CAUSES: Final = {
    401: "it wants to be logged in to by HTTP",
    403: "it does not allow this, perhaps for the Origin",
    404: "there is nothing at that path for this host",
    405: "it does not take this method there",
    421: "it does not serve this host",
    426: "it wants another version of the protocol",
    502: "what stands before the server does not reach it",
    503: "it is not available",
    504: "what stands before the server waits for it in vain",
}


def wanted(kind: WebKind, what: str, url: WebUrl, *, target: str, host: str | None) -> str:
    """Return where a request goes, and what is changed in it for that: its target, its Host."""
    path, new = what.partition(" ")[2], target.partition("?")[0]
    changes = [f"path {path} becomes {new}"] if path != new else []
    if host is not None and host != url.authority:
        changes.append(f"Host {host or 'of nothing'} becomes {url.authority}")
    return f"{KINDS[kind]} to {url}" + "".join(f"; {change}" for change in changes)


def refusal(kind: WebKind, what: str, url: WebUrl, status: Status) -> ToldMark | None:
    """Return what there is to tell of an answer that is none to go on with, None of any other."""
    if kind == "websocket" and status.code == 101:
        return _without_subprotocol(status)
    if status.code < 400 and (kind == "bosh" or status.code < 200):
        return None
    answered = f"{status.code} {status.phrase}".strip()
    text = f"the server answers {answered} to {what}"
    cause = _CAUSES.get(status.code, "no WebSocket begins" if kind == "websocket" else "it does not go on")
    if 300 <= status.code < 400:
        cause = "it sends the client elsewhere, where no WebSocket client goes"
    why = f"{url.host} was reached, and answered {answered} to {what}: {cause}."
    return ToldMark(text, text, why, _ADVICE[kind])


def _without_subprotocol(status: Status) -> ToldMark | None:
    if _SUBPROTOCOL in values(status.fields, "sec-websocket-protocol"):
        return None
    text = "the server grants the WebSocket without the subprotocol xmpp"
    why = (
        "RFC 7395 wants the subprotocol xmpp on both sides; a browser that asked for it ends such a WebSocket at once."
    )
    return ToldMark(text, text, why, "see that the path is that of its XMPP WebSocket, and no other one")
