"""Error elements in words: the defined condition, the application's own, and the text (RFC 6120 §4.9, §6.5, §8.3)."""

from xmppscope.explain.wording import ERROR
from xmppscope.model.element import Element
from xmppscope.model.namespaces import SASL, STANZA_ERRORS, STREAM_ERRORS
from xmppscope.model.plaintext import quote, visible

_DEFINED = frozenset({STANZA_ERRORS, STREAM_ERRORS, SASL})


def condition(error: Element) -> str:
    """Return ``condition (application condition): "text"`` of an error, failure or failed element."""
    defined, own, text, alternative = "", "", "", ""
    for child in error.children:
        local = child.local
        if local == "text":
            text = text or child.text
        elif child.ns in _DEFINED:
            if not defined:
                defined, alternative = local, child.text.strip()
        else:
            own = own or local
    if not defined:
        # Before RFC 3920 an error was nothing but text.
        defined, own, text = own or "no condition given", "", text or error.text.strip()
    shown = visible(defined)
    if own:
        shown += f" ({visible(own)})"
    if alternative:
        shown += f" {quote(alternative)}"
    return f"{shown}: {quote(text)}" if text else shown


def stanza_error(stanza: Element) -> str:
    """Return what the error child of a stanza says (RFC 6120 §8.3.1)."""
    for child in stanza.children:
        if child.name in ERROR:
            return condition(child)
    return "an error without a condition"
