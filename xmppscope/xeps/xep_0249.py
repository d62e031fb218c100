"""Direct MUC Invitations (XEP-0249): what the invitation goes on with, and whether the user is there already."""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.xep_0045 import Rooms

_DIRECT: Final = "jabber:x:conference"


def _direct(met: Met, x: Element) -> None:
    if met.entry.name == "message" and x.attrs.get("continue") in ("true", "1"):
        met.note("to go on with a one-to-one chat", "XEP-0249 §2")
    room = x.attrs.get("jid", "")
    if met.received and met.c2s and room and met.of(Rooms).nick(room) is not None:
        met.note("the user is in this room already", "XEP-0249 §2")


EXTENSION: Final = Extension(
    number="0249", title="Direct MUC Invitations", namespaces=(_DIRECT,), elements={expanded(_DIRECT, "x"): _direct}
)
