"""Client State Indication (XEP-0352): whether the client is in use, and what came while it was not.

A stream begins active (§4.2), a resumed one too. What the server held back cannot be seen; what it let through can.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.notes import counted
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import at, span
from xmppscope.xeps.xep_0198 import StreamManagement

CSI: Final = "urn:xmpp:csi:0"


class ClientState:
    """When the client said that it is idle, and how many stanzas the server had sent by then, if that is counted."""

    def __init__(self) -> None:
        self.forgotten = 0
        self.since: tuple[int, float, int] | None = None


def _inactive(met: Met, _element: Element) -> None:
    if met.change("client state", "inactive"):
        sent = met.of(StreamManagement).receiving
        met.of(ClientState).since = met.entry.entry, at(met.entry), sent.sent if sent.counting else -1


def _active(met: Met, _element: Element) -> None:
    state, receiving = met.of(ClientState), met.of(StreamManagement).receiving
    since, state.since = state.since, None
    met.change("client state", "active", () if since is None else since[:1])
    if since is None:
        return
    entry, began, count = since
    text = f"was idle for {span(at(met.entry) - began)} (#{entry})"
    if count >= 0 and receiving.sent >= count:
        text += f", {counted(receiving.sent - count, 'stanza')} came meanwhile"
    met.note(text, "XEP-0352 §4.2")


EXTENSION: Final = Extension(
    number="0352",
    title="Client State Indication",
    namespaces=(CSI,),
    nonzas={expanded(CSI, "active"): _active, expanded(CSI, "inactive"): _inactive},
    tracker=ClientState,
)
