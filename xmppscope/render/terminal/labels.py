"""What an entry is called, how it is marked and how it is coloured."""

from typing import Final

from xmppscope.model.namespaces import SM2, SM3
from xmppscope.model.plaintext import visible
from xmppscope.model.timeline import Entry
from xmppscope.render.terminal.layout import ELEMENT
from xmppscope.render.terminal.palette import ERROR, IQ, MESSAGE, NONZA, PRESENCE, QUIET, WARNING
from xmppscope.render.terminal.safe import Legible
from xmppscope.render.terminal.width import fit

_CACHED: Final = 1024
_STANZAS: Final = {"message": MESSAGE, "presence": PRESENCE, "iq": IQ}
_FAILURES: Final = frozenset({"failure", "failed", "error"})
_QUIET_KINDS: Final = frozenset({"keepalive", "closed"})
_MARKS: Final = {"gap": "unread", "opaque": "unread", "malformed": "error", "stream-error": "error"}
_WORDS: Final = {"compression": "zlib"}


class Labels:
    """Names of elements in the width of their column, each made once."""

    def __init__(self, ellipsis: str, legible: Legible) -> None:
        self._ellipsis = ellipsis
        self._legible = legible
        self._made: dict[tuple[str, str | None, str | None], str] = {}

    def label(self, entry: Entry) -> str:
        """Return the local name as sent (an iq with its type, a closing tag with ``/``), else the kind."""
        name = entry.name
        key = (entry.kind, name, entry.type if name == "iq" else None)
        found = self._made.get(key)
        if found is None:
            if len(self._made) >= _CACHED:
                self._made.clear()
            found = self._made[key] = fit(self._legible(visible(_name(entry))), ELEMENT, self._ellipsis)
        return found


def _name(entry: Entry) -> str:
    if entry.kind == "stream-close":
        return f"/{entry.name or 'stream'}"
    if entry.name is None:
        return _WORDS.get(entry.kind, entry.kind)
    return f"iq {entry.type}" if entry.name == "iq" and entry.type else entry.name


def mark(entry: Entry) -> str:
    """Return the key of the mark of *entry*; empty for what is healthy."""
    kind = entry.kind
    if entry.edit is not None:
        return "edit"
    if kind == "stanza":
        return "error" if entry.type == "error" else ""
    if kind == "nonza":
        if entry.name in _FAILURES:
            return "error"
        return "repaired" if entry.name == "resumed" else ""
    if kind == "closed":
        return "warning" if entry.state == "broken" else ""
    if kind == "tls":
        return _alert(entry)
    if kind == "proxy":
        return entry.severity or ""
    return _MARKS.get(kind, "")


def _alert(entry: Entry) -> str:
    """Return the mark of a TLS entry: a fatal alert is an error, whichever side raised it."""
    facts = entry.tls or {}
    return "error" if facts.get("alert_level") == "fatal" else ""


def style(entry: Entry, marked: str) -> str:
    """Return the colour of the element's name."""
    if marked == "error":
        return ERROR
    if marked in {"warning", "unread"}:
        return WARNING
    kind = entry.kind
    if kind == "stanza":
        return _STANZAS.get(entry.name or "", "")
    if kind in _QUIET_KINDS or entry.ns in {SM3, SM2}:
        return QUIET
    return NONZA
