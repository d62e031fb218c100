"""Result Set Management (XEP-0059): which part of a whole a page is.

A helper of the extensions whose queries are paged: the `<set/>` stands inside their payloads.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import number, short

RSM: Final = "http://jabber.org/protocol/rsm"
SET: Final = expanded(RSM, "set")
_FIRST: Final = expanded(RSM, "first")


def page(met: Met, payload: Element) -> None:
    """Tell which page a query wants, or which one an answer is."""
    found = payload.child(SET)
    if found is None:
        return
    if met.entry.type == "result" or met.entry.name == "message":
        _answer(met, found)
    elif met.entry.type in ("get", "set"):
        _query(met, found)


def _answer(met: Met, found: Element) -> None:
    """§2.2, §2.6: `index` tells the place of the first item, `count` how many there are, where the service knows."""
    first, last = found.child(_FIRST), found.child_text(expanded(RSM, "last"))
    total = number(found.child_text(expanded(RSM, "count")))
    if first is None:
        return
    index = number(first.attrs.get("index"))
    text = f"from {short(first.text)} to {short(last or '?')}"
    if index is not None:
        text += f", beginning with number {index + 1}" + (f" of {total}" if total is not None else "")
    met.note(text, "XEP-0059 §2.2")


def _query(met: Met, found: Element) -> None:
    """§2.7: a maximum of 0 asks for nothing but the count."""
    if number(found.child_text(expanded(RSM, "max"))) == 0:
        met.note("asks only how many there are", "XEP-0059 §2.7")


EXTENSION: Final = Extension(number="0059", title="Result Set Management", namespaces=(RSM,))
"""No element of its own stands where handlers look: `page` is called by the extensions that page."""
