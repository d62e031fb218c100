"""What an iq says about calls and files: Jingle (XEP-0166), upload slots (0363), byte streams (0047, 0065)."""

from typing import Final

from xmppscope.explain.context import Context
from xmppscope.explain.iq_table import Tables
from xmppscope.explain.registry import short_name
from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.plaintext import quote, visible

_JINGLE: Final = f"urn:xmpp:jingle:1{SEPARATOR}jingle"
_UPLOAD: Final = f"urn:xmpp:http:upload:0{SEPARATOR}"
_IBB: Final = f"http://jabber.org/protocol/ibb{SEPARATOR}"
_BYTESTREAMS: Final = f"http://jabber.org/protocol/bytestreams{SEPARATOR}query"
_INITIATION: Final = f"http://jabber.org/protocol/si{SEPARATOR}si"
_ACTIONS: Final = {
    "session-initiate": "offer a session",
    "session-accept": "accept the session",
    "session-terminate": "end the session",
    "session-info": "say something about the session",
    "content-add": "add content",
    "content-accept": "accept content",
    "content-modify": "change content",
    "content-reject": "refuse content",
    "content-remove": "remove content",
    "description-info": "describe content anew",
    "security-info": "exchange security data",
    "transport-accept": "accept the transport",
    "transport-info": "offer a way to connect",
    "transport-reject": "refuse the transport",
    "transport-replace": "offer another transport",
}


def _jingle(payload: Element, _who: str, _context: Context) -> str:
    action = payload.attrs.get("action", "")
    text = _ACTIONS.get(action) or f"do {quote(action)}"
    media: list[str] = []
    for child in payload.children:
        if child.local == "reason":
            return text + _reason(child)
        media += [_medium(node) for node in child.children if node.local == "description"]
    return f"{text}: {', '.join(media)}" if media else text


def _medium(description: Element) -> str:
    return visible(description.attrs.get("media") or short_name(description.ns).removeprefix("jingle:apps:"))


def _reason(reason: Element) -> str:
    why = next((visible(child.local) for child in reason.children if child.local != "text"), "no reason given")
    text = next((child.text for child in reason.children if child.local == "text" and child.text), "")
    return f", {why}: {quote(text)}" if text else f", {why}"


def _slot_request(payload: Element, who: str, _context: Context) -> str:
    attrs = payload.attrs
    text = f"ask {who or 'the server'} for a place to upload {quote(attrs.get('filename', ''))}"
    return f"{text}, {visible(attrs['size'])} bytes" if "size" in attrs else text


def _slot(payload: Element, context: Context) -> str:
    put = payload.child(f"{_UPLOAD}put")
    url = "" if put is None else put.attrs.get("url", "")
    host = url.partition("://")[2].partition("/")[0].partition("?")[0].rpartition("@")[2]
    text = f"upload to {visible(host) or 'no address'}"
    if context.show_secrets or put is None or not (put.children or "?" in url):
        return text
    return f"{text}, secrets masked"


def _block(payload: Element, who: str, _context: Context) -> str:
    return f"send chunk {visible(payload.attrs.get('seq', '?'))}" + (f" to {who}" if who else "")


def _hosts(payload: Element, _context: Context) -> str:
    hosts = [visible(child.attrs.get("host", "?")) for child in payload.children if child.local == "streamhost"]
    if hosts:
        return f"byte streams go through {', '.join(hosts[:4])}"
    used = next((child.attrs.get("jid", "?") for child in payload.children if child.local == "streamhost-used"), None)
    return f"connected through {visible(used)}" if used else "byte streams: no host"


TABLES: Final = Tables(
    get={f"{_UPLOAD}request": _slot_request, _BYTESTREAMS: "ask {who} for its byte stream address"},
    set={
        _JINGLE: _jingle,
        f"{_IBB}open": "open a byte stream in band with {who}",
        f"{_IBB}data": _block,
        f"{_IBB}close": "close the byte stream with {who}",
        _BYTESTREAMS: "offer {who} byte stream addresses",
        _INITIATION: "offer {who} a file",
    },
    result={f"{_UPLOAD}slot": _slot, _BYTESTREAMS: _hosts},
    empty={_JINGLE: "received", f"{_IBB}data": "chunk received"},
)
