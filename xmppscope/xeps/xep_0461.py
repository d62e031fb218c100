"""Message Replies (XEP-0461): to which message, and to whom."""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.references import original
from xmppscope.xeps.words import address

REPLY: Final = "urn:xmpp:reply:0"


def _reply(met: Met, element: Element) -> None:
    if met.entry.name != "message":
        return
    original(met, "reply", element.attrs.get("id"))
    to = element.attrs.get("to")
    met.note(f"replies to {address(to)}" if to else "replies to an earlier message", "XEP-0461 §3")


EXTENSION: Final = Extension(
    number="0461", title="Message Replies", namespaces=(REPLY,), elements={expanded(REPLY, "reply"): _reply}
)
