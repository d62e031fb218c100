"""Last Message Correction (XEP-0308): how many times a message was corrected.

Links from a correction to the message are for `deliveries`.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.jid import bare
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.memory import Memory

CORRECTION: Final = "urn:xmpp:message-correct:0"


class Corrected(Memory[tuple[str, str], int]):
    """How many times a message was corrected, by its sender and id."""

    most = 512


def _correct(met: Met, element: Element) -> None:
    """XEP-0308 §3: a correction of a correction names the original once more."""
    if met.entry.name != "message":
        return
    corrected, key = met.of(Corrected), (bare(met.entry.from_ or met.jid), element.attrs.get("id", ""))
    times = (corrected.get(key) or 0) + 1
    corrected.put(key, times)
    if times > 1:
        met.note(f"corrected {times} times by now", "XEP-0308 §3")


EXTENSION: Final = Extension(
    number="0308",
    title="Last Message Correction",
    namespaces=(CORRECTION,),
    elements={expanded(CORRECTION, "replace"): _correct},
    tracker=Corrected,
)
