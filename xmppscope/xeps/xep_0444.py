"""Message Reactions (XEP-0444): to which message, and which reactions they replace."""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.jid import bare
from xmppscope.model.plaintext import quote
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.memory import Memory
from xmppscope.xeps.references import original

REACTIONS: Final = "urn:xmpp:reactions:0"
_REASON: Final = 100


class Reacted(Memory[tuple[str, str], tuple[str, ...]]):
    """The reactions that each sender has given to each message."""

    most = 512


def _react(met: Met, element: Element) -> None:
    """XEP-0444 §3.2: each time all reactions are given that hold from now on."""
    if met.entry.name != "message":
        return
    original(met, "reaction", element.attrs.get("id"))
    key = met.entry.from_ or bare(met.jid), element.attrs.get("id", "")
    reacted, now = met.of(Reacted), tuple(sorted(child.text[:16] for child in element.children[:16]))
    before = reacted.get(key)
    reacted.put(key, now)
    if before is not None and before and now:
        met.note(f"in the place of {quote(' '.join(before), _REASON)}", "XEP-0444 §3.2")


EXTENSION: Final = Extension(
    number="0444",
    title="Message Reactions",
    namespaces=(REACTIONS,),
    elements={expanded(REACTIONS, "reactions"): _react},
    tracker=Reacted,
)
