"""Summaries of messages (RFC 6121 §5): who to, what is said, or what a message without a body does.

A message is told by its strongest part (`message_parts`): what wraps another message comes before the body, a body
before receipts, chat states and the like, which come along with many bodies and are told only where they stand alone.
"""

from typing import Final

from xmppscope.explain.condition import stanza_error
from xmppscope.explain.context import Context
from xmppscope.explain.message_parts import MODIFIER, PARTS
from xmppscope.explain.wording import DELAY, both, payloads, place
from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.timeline import Sender

_FORWARDED: Final = f"urn:xmpp:forward:0{SEPARATOR}forwarded"
_CARBONS: Final = {
    f"{ns}{SEPARATOR}{local}": local
    for ns in ("urn:xmpp:carbons:2", "urn:xmpp:carbons:1")
    for local in ("received", "sent")
}
_ARCHIVED: Final = {f"urn:xmpp:mam:{version}{SEPARATOR}result" for version in (0, 1, 2)}
_WRAPPERS: Final = frozenset({*_CARBONS, *_ARCHIVED})
_NO_RANK: Final = 99


def message(element: Element, sender: Sender, context: Context) -> str:
    """Tell of a message."""
    if element.attrs.get("type") == "error":
        return f"{place(element, sender, context)}: {stanza_error(element)}"
    children = element.children
    if children and children[0].name in _WRAPPERS:
        return _wrapped(children[0], context)
    return place(element, sender, context) + _said(children, context)


def _said(children: list[Element], context: Context) -> str:
    """Return what the parts of a message say, as the rest of a line that begins with its address."""
    best = _NO_RANK
    between = ""
    delayed = False
    for child in children:
        part = PARTS.get(child.name)
        if part is None:
            continue
        rank = part[0]
        if rank == MODIFIER:
            # Archives and resumed sessions add a stamp of their own behind the first.
            if child.name != DELAY or not delayed:
                between += part[1](child, context)
            delayed = delayed or child.name == DELAY
        elif rank < best:
            best, chosen, teller = rank, child, part[1]
    if best != _NO_RANK:
        return f"{between}: {teller(chosen, context)}"
    return f"{between}: {', '.join(payloads(children)) or 'nothing in it'}"


def _wrapped(wrapper: Element, context: Context) -> str:
    """Tell of the message inside a carbon copy (XEP-0280) or an archive's result (XEP-0313), and unwrap no further."""
    forwarded = wrapper.child(_FORWARDED)
    inner = None if forwarded is None else next((node for node in forwarded.children if node.local == "message"), None)
    kind = _CARBONS.get(wrapper.name)
    if inner is None:
        return "carbon of nothing" if kind else "archived: no message"
    from_, to = inner.attrs.get("from"), inner.attrs.get("to")
    said = _said(inner.children, context)
    if kind == "received":
        return f"carbon: {both(from_, None, context)}{said}"
    if kind == "sent":
        return f"carbon: {both(None, to, context)}{said}"
    return f"archived: {both(from_, to, context)}{said}"
