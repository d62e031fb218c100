"""Last User Interaction in Presence (XEP-0319): for how long the user has been idle."""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import at, instant, span

IDLE: Final = "urn:xmpp:idle:1"


def _idle(met: Met, element: Element) -> None:
    since = instant(element.attrs.get("since", ""))
    if since is not None and met.entry.name == "presence" and at(met.entry) >= since:
        met.note(f"idle for {span(at(met.entry) - since)}", "XEP-0319 §2.1")


EXTENSION: Final = Extension(
    number="0319",
    title="Last User Interaction in Presence",
    namespaces=(IDLE,),
    elements={expanded(IDLE, "idle"): _idle},
)
