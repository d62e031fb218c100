"""Whose name a stanza bears: that of the client or component that sends it (RFC 6120 §8.1.2.1, XEP-0114 §3).

A stanza without 'from' is in order on a client's stream: the server fills it in. Addresses are compared without
regard to case; what is not plain ASCII may be spelled in several ways and is not judged.
"""

from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, table
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.jid import bare, domain
from xmppscope.model.timeline import INITIATING
from xmppscope.session.seen import Seen

_BODY: Final = "to='romeo@montague.example'><body>Hark!</body></message>"

FOREIGN: Final = Rule(
    "c2s-from-foreign", "stanza", "warning", "RFC 6120 §8.1.2.1",
    needs="a client's stream, both directions from their headers on, and the result of the resource binding",
    what="The 'from' of a client's stanza is neither the full JID that was bound nor the bare JID of its account.",
    why="The server must refuse it with invalid-from, or puts the right address there: nobody can write in the name of "
    "others.",
    wrong=talk(f"C: <message from='nurse@capulet.example' {_BODY}"),
    right=talk(f"C: <message from='juliet@capulet.example/balcony' {_BODY}"),
)  # fmt: skip
COMPONENT: Final = Rule(
    "component-from", "stanza", "error", "XEP-0114 §3",
    needs="a component's stream on which the handshake was accepted",
    what="A component's stanza has no 'to' or no 'from', or its 'from' is of another domain than the component.",
    why="The server cannot fill them in, and must not let a component speak for others; most close the stream.",
    wrong=talk(f"C: <message from='puck@dreams.example' {_BODY}", after="component"),
    right=talk(f"C: <message from='puck@plays.capulet.example' {_BODY}", after="component"),
)  # fmt: skip


class OriginChecker(Checker):
    """Looks at what the initiating entity says of itself."""

    RULES = (FOREIGN, COMPONENT)

    def stanza(self, seen: Seen) -> None:
        """Take a stanza; most have no 'from' or have had the same before."""
        entry = seen.entry
        if entry.sender != INITIATING:
            return
        negotiation = self.course.about.negotiation
        if negotiation.kind == "component":
            self._component(entry.from_ or "", entry.to or "", negotiation.bound)
        elif entry.from_ and negotiation.kind == "c2s":
            self._client(entry.from_.lower(), negotiation.bound.lower())

    def _client(self, from_: str, bound: str) -> None:
        if not bound or from_ in (bound, bare(bound)) or not (from_.isascii() and bound.isascii()):
            return
        if self.course.whole():
            self.report(FOREIGN, f"a stanza in the name of {from_[:80]}")

    def _component(self, from_: str, to: str, bound: str) -> None:
        if not bound:
            return
        if not from_ or not to:
            self.report(COMPONENT, f"no '{'from' if to else 'to'}' on a component's stanza")
            return
        name = domain(from_).lower()
        if name != bound.lower() and name.isascii() and bound.isascii():
            self.report(COMPONENT, f"a stanza of {name[:80]} from the component {bound[:80]}")

    ELEMENTS = table(dict.fromkeys(names.STANZAS, stanza))
