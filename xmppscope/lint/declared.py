"""Prefixes that only a stream header declares, used inside stanzas (RFC 6120 §4.8.5).

Nearly every header declares the prefix of streams and no other: then there is nothing to look for, and no stanza is
looked at.
"""

import re
from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.preambles import OPENED, STARTTLS, STREAM
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.timeline import Sender
from xmppscope.session.seen import Seen

_TO: Final = "to='capulet.example'"

DECLARED: Final = Rule(
    "ns-declared-in-header", "stream", "warning", "RFC 6120 §4.8.5",
    needs="the header of the same direction",
    what="A stanza uses a prefix that only the stream header declares. The prefixes of streams, of XML and, for "
    "elements on the first level, of dialback are meant to be declared there.",
    why="A stanza leaves the stream on its way, and the declaration stays behind: whoever gets it cannot read the "
    "prefix.",
    wrong=talk(
        f"C: <stream:stream {_TO} xmlns:x='urn:example:x' {STREAM}>", OPENED,
        f"S: <stream:features>{STARTTLS}</stream:features>",
        f"C: <iq type='get' id='r1' {_TO}><x:query/></iq>",
        after="none",
    ),
    right=talk(
        f"C: <stream:stream {_TO} xmlns:x='urn:example:x' {STREAM}>", OPENED,
        f"S: <stream:features>{STARTTLS}</stream:features>",
        f"C: <iq type='get' id='r1' {_TO}><x:query xmlns:x='urn:example:x'/></iq>",
        after="none",
    ),
)  # fmt: skip

_PREFIX: Final = re.compile(r"\sxmlns:([^\s=:]+)\s*=")
_MEANT: Final = frozenset({"stream", "xml"})
_MOST: Final = 32


class DeclaredChecker(Checker):
    """Keeps what each header declares."""

    RULES = (DECLARED,)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._extra: dict[Sender, re.Pattern[str] | None] = {}
        self._told: set[str] = set()
        self.rest()

    def header(self, seen: Seen) -> None:
        """Take a header."""
        declared = set(_PREFIX.findall(seen.entry.xml or "")) - _MEANT
        found = "|".join(re.escape(prefix) for prefix in sorted(declared)[:_MOST])
        self._extra[seen.entry.sender] = re.compile(rf"<({found}):|\s({found}):[^\s=>]+\s*=") if found else None
        self.rest(now=not any(self._extra.values()))

    def stanza(self, seen: Seen) -> None:
        """Look for the prefixes of the header in a stanza that does not declare them itself."""
        entry = seen.entry
        pattern = self._extra.get(entry.sender)
        if pattern is None or entry.xml is None:
            return
        for found in pattern.finditer(entry.xml):
            prefix = found.group(1) or found.group(2)
            if (
                f"xmlns:{prefix}" not in entry.xml
                and prefix not in self._told
                and not _quoted(entry.xml, found.start())
            ):
                self._told.add(prefix)
                self.report(DECLARED, f'the prefix "{prefix[:40]}" is declared in the stream header only')

    KINDS = table({"stream-open": header})
    ELEMENTS = table(dict.fromkeys(names.STANZAS, stanza))


def _quoted(xml: str, at: int) -> bool:
    """Tell whether what stands at *at* is character data or an attribute's value, and no markup.

    Text may hold neither ``<`` nor, outside of tags, what looks like an attribute: there the next angle bracket opens.
    CDATA may hold anything.
    """
    if "<![CDATA[" in xml:
        return True
    if xml[at] == "<":
        return False
    begin = xml.rfind("<", 0, at)
    if xml.rfind(">", 0, at) > begin:
        return True
    inside = xml[begin:at]
    return any(inside.count(quote) % 2 for quote in "'\"")
