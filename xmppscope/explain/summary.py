"""One line for an element that says what it does, in plain words and without repeating the element's name.

The texts are in the modules beside this one, by subject; here is only the choice between them. Text of others stands in
straight quotes with its control characters escaped, secrets are the word *masked*. What may be cut stands last: nothing
is cut here but long quotations.
"""

from typing import Final

from xmppscope.explain import summary_management, summary_sasl, summary_stream
from xmppscope.explain.context import Context
from xmppscope.explain.registry import short_name
from xmppscope.explain.summary_iq import iq
from xmppscope.explain.summary_message import message
from xmppscope.explain.summary_presence import presence
from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.namespaces import CONTENT
from xmppscope.model.plaintext import visible
from xmppscope.model.timeline import Sender

__all__ = ["Context", "summarize", "summarize_header"]

_HANDLERS: Final = {
    **{f"{ns}{SEPARATOR}message": message for ns in CONTENT},
    **{f"{ns}{SEPARATOR}presence": presence for ns in CONTENT},
    **{f"{ns}{SEPARATOR}iq": iq for ns in CONTENT},
    **summary_stream.HANDLERS,
    **summary_sasl.HANDLERS,
    **summary_management.HANDLERS,
}


def summarize(element: Element, sender: Sender, context: Context, request: str | None = None) -> str:
    """Return the summary of a first-level element, and let *context* learn from it.

    *request* is the expanded name of the payload of the request that an iq result or error answers, if it is known.
    """
    context.request = request
    handler = _HANDLERS.get(element.name)
    return _unknown(element) if handler is None else handler(element, sender, context)


def summarize_header(element: Element, sender: Sender, context: Context) -> str:
    """Return the summary of a stream header."""
    return summary_stream.header(element, sender, context)


def _unknown(element: Element) -> str:
    """Tell of an element that no specification known here defines: its namespace and what is in it."""
    ns = element.ns
    text = f"of {visible(short_name(ns))}" if ns else "of no namespace"
    inside = list(dict.fromkeys(visible(child.local) for child in element.children[:8]))
    return f"{text}, with {', '.join(inside)}" if inside else text
