"""Extended Stanza Addressing (XEP-0033): to whom else a stanza goes."""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import listed

ADDRESSES: Final = "http://jabber.org/protocol/address"


def _addresses(met: Met, element: Element) -> None:
    for kind in ("to", "cc", "bcc", "replyto", "ofrom"):
        found = [one.attrs.get("jid") or one.attrs.get("uri", "?") for one in element.children if _is(one, kind)]
        if found:
            met.note(f"{kind}: {listed(found, 4)}", "XEP-0033 §4")


def _is(one: Element, kind: str) -> bool:
    return one.local == "address" and one.attrs.get("type") == kind


EXTENSION: Final = Extension(
    number="0033",
    title="Extended Stanza Addressing",
    namespaces=(ADDRESSES,),
    elements={expanded(ADDRESSES, "addresses"): _addresses},
)
