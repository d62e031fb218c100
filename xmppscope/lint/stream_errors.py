"""Stream errors (RFC 6120 §4.9)."""

from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, table
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.namespaces import STREAM_ERRORS
from xmppscope.session.seen import Seen

CONDITION: Final = Rule(
    "stream-error-condition", "stream", "error", "RFC 6120 §4.9.2",
    needs="the header of the same direction, of version 1.0 or later",
    what="A stream error has no child that names a condition in urn:ietf:params:xml:ns:xmpp-streams.",
    why="The condition is all that the other side learns of why the stream ends.",
    lesser="information, if the condition is none that the RFC defines (any more)",
    wrong=talk("S: <stream:error/>", "S: </stream:stream>"),
    right=talk(
        "S: <stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>", "S: </stream:stream>"
    ),
)  # fmt: skip

_TEXT: Final = names.expanded(STREAM_ERRORS, "text")
_CONDITIONS: Final = frozenset({
    "bad-format", "bad-namespace-prefix", "conflict", "connection-timeout", "host-gone", "host-unknown",
    "improper-addressing", "internal-server-error", "invalid-from", "invalid-namespace", "invalid-xml",
    "not-authorized", "not-well-formed", "policy-violation", "remote-connection-failed", "reset",
    "resource-constraint", "restricted-xml", "see-other-host", "system-shutdown", "undefined-condition",
    "unsupported-encoding", "unsupported-feature", "unsupported-stanza-type", "unsupported-version",
})  # fmt: skip


class StreamErrorChecker(Checker):
    """Looks at stream errors."""

    RULES = (CONDITION,)

    def error(self, seen: Seen) -> None:
        """Take a stream error."""
        element = seen.element
        if element is None or not self.course.sides[seen.entry.sender].modern:
            return
        conditions = [child.local for child in element.children if child.ns == STREAM_ERRORS and child.name != _TEXT]
        if not conditions:
            self.report(CONDITION, "the stream error names no condition")
        elif not _CONDITIONS.issuperset(conditions):
            self.report(CONDITION, f"{conditions[0][:60]} is no condition of RFC 6120", None, "info")

    ELEMENTS = table({names.STREAM_ERROR: error})
