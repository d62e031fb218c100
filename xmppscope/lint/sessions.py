"""Jingle (XEP-0166) and server dialback (XEP-0220), by the form of their elements."""

from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, table
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.element import Element
from xmppscope.model.timeline import RECEIVING
from xmppscope.session.seen import Seen

_JINGLE: Final = names.expanded("urn:xmpp:jingle:1", "jingle")
_ACTIONS: Final = frozenset({
    "content-accept", "content-add", "content-modify", "content-reject", "content-remove", "description-info",
    "security-info", "session-accept", "session-info", "session-initiate", "session-terminate", "transport-accept",
    "transport-info", "transport-reject", "transport-replace",
})  # fmt: skip

JINGLE: Final = Rule(
    "jingle-shape", "jingle", "error", "XEP-0166 §7.1",
    what="A Jingle request without 'sid' or 'action'.",
    why="The sid names the session, the action what is to happen to it; the peer can only answer with bad-request.",
    lesser="information, if the action is none that XEP-0166 defines",
    wrong=talk(
        "C: <iq type='set' id='j1' to='romeo@montague.example/garden'><jingle xmlns='urn:xmpp:jingle:1' "
        "action='session-info'/></iq>"
    ),
    right=talk(
        "C: <iq type='set' id='j1' to='romeo@montague.example/garden'><jingle xmlns='urn:xmpp:jingle:1' "
        "action='session-info' sid='a73'/></iq>"
    ),
)  # fmt: skip
DIALBACK: Final = Rule(
    "dialback-addressing", "dialback", "error", "XEP-0220 §2.1",
    what="A db:result or db:verify without 'from' or 'to', a db:verify without 'id', or one with neither a key nor a "
    "type.",
    why="A key is valid for a pair of domains and one stream: without them nobody can check it.",
    wrong=talk("C: <db:verify from='montague.example' to='capulet.example'>4b8a3d</db:verify>", after="servers"),
    right=talk(
        "C: <db:verify from='montague.example' to='capulet.example' id='s9'>4b8a3d</db:verify>", after="servers"
    ),
)  # fmt: skip


class JingleChecker(Checker):
    """Looks at Jingle requests."""

    RULES = (JINGLE,)

    def jingle(self, seen: Seen, jingle: Element) -> None:
        """Take what an iq asks for."""
        if seen.entry.type != "set":
            return
        missing = [name for name in ("sid", "action") if not jingle.attrs.get(name)]
        if missing:
            self.report(JINGLE, f"a Jingle request without {missing[0]}")
        elif jingle.attrs["action"] not in _ACTIONS:
            self.report(JINGLE, f"{jingle.attrs['action'][:40]} is no action of XEP-0166", None, "info")

    PAYLOADS = table({_JINGLE: jingle})


class DialbackChecker(Checker):
    """Looks at dialback elements."""

    RULES = (DIALBACK,)

    def dialback(self, seen: Seen) -> None:
        """Take a key or a verdict."""
        element = seen.element
        if element is None:
            return
        wanted = ("from", "to", "id") if element.local == "verify" else ("from", "to")
        missing = [name for name in wanted if not element.attrs.get(name)]
        if missing:
            self.report(DIALBACK, f"<db:{element.local}/> without {missing[0]}")
        elif "type" not in element.attrs and not element.text.strip() and seen.entry.sender == RECEIVING:
            self.report(DIALBACK, f"<db:{element.local}/> with neither a key nor a type")

    ELEMENTS = table({names.DIALBACK_RESULT: dialback, names.DIALBACK_VERIFY: dialback})
