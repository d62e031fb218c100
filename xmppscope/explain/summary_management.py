"""Summaries of stream management (XEP-0198) and client state (XEP-0352)."""

from typing import Final

from xmppscope.explain.condition import condition
from xmppscope.explain.context import Context, short_id
from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.namespaces import SM2, SM3
from xmppscope.model.plaintext import visible
from xmppscope.model.timeline import Sender

_TRUE: Final = frozenset({"true", "1"})


def enable(element: Element, _sender: Sender, _context: Context) -> str:
    """Tell of `<enable/>`."""
    return "turn stream management on" + (", resumable" if element.attrs.get("resume") in _TRUE else "")


def enabled(element: Element, _sender: Sender, _context: Context) -> str:
    """Tell of `<enabled/>`."""
    if element.attrs.get("resume") not in _TRUE:
        return "stream management is on"
    limit = element.attrs.get("max")
    return "stream management is on, resumable" + (f" within {visible(limit)} s" if limit else "")


def request(_element: Element, _sender: Sender, _context: Context) -> str:
    """Tell of `<r/>`."""
    return "ask for an acknowledgement"


def answer(element: Element, _sender: Sender, _context: Context) -> str:
    """Tell of `<a/>`."""
    return f"has received {visible(element.attrs.get('h', '?'))}"


def resume(element: Element, _sender: Sender, _context: Context) -> str:
    """Tell of `<resume/>`."""
    return f"resume session {_session(element)}"


def resumed(element: Element, _sender: Sender, _context: Context) -> str:
    """Tell of `<resumed/>`."""
    return f"resumed session {_session(element)}"


def failed(element: Element, _sender: Sender, _context: Context) -> str:
    """Tell of `<failed/>`."""
    received = element.attrs.get("h")
    return condition(element) + (f"; received {visible(received)}" if received else "")


def _session(element: Element) -> str:
    attrs = element.attrs
    return f"{short_id(attrs.get('previd', '?'))}; received {visible(attrs.get('h', '?'))}"


def active(_element: Element, _sender: Sender, _context: Context) -> str:
    """Tell of client state `<active/>`."""
    return "the client is in use"


def inactive(_element: Element, _sender: Sender, _context: Context) -> str:
    """Tell of client state `<inactive/>`."""
    return "the client is idle: what can wait may wait"


HANDLERS: Final = {
    f"{ns}{SEPARATOR}{local}": handler
    for ns in (SM3, SM2)
    for local, handler in (
        ("enable", enable),
        ("enabled", enabled),
        ("r", request),
        ("a", answer),
        ("resume", resume),
        ("resumed", resumed),
        ("failed", failed),
    )
} | {
    f"urn:xmpp:csi:0{SEPARATOR}active": active,
    f"urn:xmpp:csi:0{SEPARATOR}inactive": inactive,
}
