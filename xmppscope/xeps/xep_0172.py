"""User Nickname (XEP-0172): how somebody calls itself."""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.plaintext import quote
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met

NICK: Final = "http://jabber.org/protocol/nick"
_TEXT: Final = 60


def _nick(met: Met, element: Element) -> None:
    if element.text.strip():
        met.note(f"calls itself {quote(element.text.strip(), _TEXT)}", "XEP-0172 §4")


EXTENSION: Final = Extension(
    number="0172", title="User Nickname", namespaces=(NICK,), elements={expanded(NICK, "nick"): _nick}
)
