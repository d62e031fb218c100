"""What all stanzas were: by kind and namespace, which errors, between whom."""

from typing import Final

from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.jid import bare
from xmppscope.model.namespaces import CONTENT, STANZA_ERRORS, STREAM_ERRORS
from xmppscope.model.timeline import INITIATING, Entry
from xmppscope.stats.report import Busy, ErrorCount, Payload

MOST_KINDS: Final = 4096
"""How many combinations of stanza and namespace, of stanza and error condition, are counted apart."""

MOST_JIDS: Final = 10_000
_BUSIEST: Final = 10
_PLAIN: Final = frozenset((*CONTENT, ""))


class Breakdown:
    """Counts the stanzas of all connections; `forgotten` counts those that were one kind or JID too many."""

    def __init__(self) -> None:
        self.forgotten = 0
        self._payloads: dict[tuple[str, str], int] = {}
        self._errors: dict[tuple[str, str], ErrorCount] = {}
        self._jids: dict[str, list[int]] = {}

    def stanza(self, entry: Entry, element: Element, own: str, server: str) -> None:
        """Take a stanza; *own* and *server* stand for absent addresses of the two entities."""
        key = entry.name or "", element.children[0].name if element.children else ""
        count = self._payloads.get(key)
        if count is not None or len(self._payloads) < MOST_KINDS:
            self._payloads[key] = (count or 0) + 1
        else:
            self.forgotten += 1
        here, there = (own, server) if entry.sender == INITIATING else (server, own)
        self._count(entry.from_ or here, 0)
        self._count(entry.to or there, 1)
        if entry.type == "error":
            self._error(entry, element.child(_ERRORS.get(element.name, "")), STANZA_ERRORS)

    def stream_error(self, entry: Entry, element: Element) -> None:
        """Take a stream error."""
        self._error(entry, element, STREAM_ERRORS, "stream")

    def payloads(self) -> list[Payload]:
        """Return the counts by kind and namespace, the most frequent first.

        The namespace is that of the first child; the content namespace, of a body say, is told as it is.
        """
        counts: dict[tuple[str, str], int] = {}
        for (name, child), count in self._payloads.items():
            namespace = child.rpartition(SEPARATOR)[0]
            key = name, "" if namespace in _PLAIN else namespace
            counts[key] = counts.get(key, 0) + count
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return [Payload(name, namespace, count) for (name, namespace), count in ordered]

    def errors(self) -> list[ErrorCount]:
        """Return the errors, the most frequent first."""
        return sorted(self._errors.values(), key=lambda error: (-error.count, error.entry))

    def busiest(self) -> list[Busy]:
        """Return the JIDs with the most stanzas."""
        ordered = sorted(self._jids.items(), key=lambda item: (-sum(item[1]), item[0]))
        return [Busy(jid, sent, received) for jid, (sent, received) in ordered[:_BUSIEST]]

    def _count(self, address: str, place: int) -> None:
        jid = bare(address)
        counts = self._jids.get(jid)
        if counts is not None:
            counts[place] += 1
        elif jid and len(self._jids) < MOST_JIDS:
            self._jids[jid] = [1 - place, place]
        elif jid:
            self.forgotten += 1

    def _error(self, entry: Entry, error: Element | None, namespace: str, name: str = "") -> None:
        children = () if error is None else error.children
        found = (child.local for child in children if child.ns == namespace and child.local != "text")
        key = name or entry.name or "", next(found, "")
        known = self._errors.get(key)
        if known is not None:
            known.count += 1
        elif len(self._errors) < MOST_KINDS:
            self._errors[key] = ErrorCount(*key, 1, entry.entry)
        else:
            self.forgotten += 1


_ERRORS: Final = {
    f"{ns}{SEPARATOR}{name}" if ns else name: f"{ns}{SEPARATOR}error" if ns else "error"
    for ns in _PLAIN
    for name in ("message", "presence", "iq")
}
"""The expanded name of the error in each kind of stanza."""
