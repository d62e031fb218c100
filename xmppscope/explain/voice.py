"""Which texts belong to an entry of the timeline: what `read --explain` lets it say.

The element itself comes first, then what is in it: a status code of a room, an extension; of an error, its condition
comes before all. What an entry holds is found in its XML by pattern: a text too many or too few does no harm here.
"""

import re
from functools import cache
from typing import Final

from xmppscope.explain.library import Text, texts
from xmppscope.explain.lookup import of_condition, of_element, of_xep
from xmppscope.model.namespaces import BIND, ROSTER, SASL, SASL2, SESSION, STANZA_ERRORS, STREAM_ERRORS
from xmppscope.model.timeline import Entry

_SCANNED: Final = 4096
_CONDITION: Final = re.compile(
    rf"""<([\w-]+)\s[^<>]*?xmlns=["']({re.escape(STREAM_ERRORS)}|{re.escape(STANZA_ERRORS)}|{re.escape(SASL)})["']"""
)
_CHILD: Final = re.compile(r"^<[^<>]*>\s*<([\w-]+)")
_FIRST_NAMESPACE: Final = re.compile(r"""^<[^<>]*>\s*<[^<>]*?xmlns=["']([^"'<>]*)["']""")
_STATUS: Final = re.compile(r"""<status\s+code=["'](\d{3})["']""")
_OWN_TEXTS: Final = {BIND: "bind:bind", SESSION: "session:session", ROSTER: "ext:roster"}
_PRESENCE: Final = {
    "subscribe": "c:subscribe",
    "subscribed": "c:subscribe",
    "unsubscribe": "c:subscribe",
    "unsubscribed": "c:subscribe",
    "unavailable": "c:unavailable",
    "probe": "c:probe",
}


def voices(entry: Entry) -> list[Text]:
    """Return the texts about *entry*, the one that matters most first."""
    if entry.name is None:
        return _present(f"entry:{entry.kind}")
    xml = (entry.xml or "")[:_SCANNED]
    element = of_element(entry.ns or "", entry.name)
    general = [] if element is None else [element]
    if entry.kind == "stream-close":
        return _present("framing:close" if entry.name == "close" else "stream:/stream")
    if entry.kind == "stanza":
        return [*general, *_of_stanza(entry, xml)] if entry.type != "error" else [*_of_error(xml, entry), *general]
    return [*_of_condition(xml, entry), *general]


def _of_stanza(entry: Entry, xml: str) -> list[Text]:
    found = [text for code in _STATUS.findall(xml) for text in _present(f"muc-status:{code}")]
    if entry.name == "presence" and entry.type in _PRESENCE:
        found += _present(_PRESENCE[entry.type])
    namespace = _FIRST_NAMESPACE.match(xml)
    if namespace is not None and namespace[1] in _OWN_TEXTS:
        found += _present(_OWN_TEXTS[namespace[1]])
    return found + [text for text in map(of_xep, entry.xeps or ()) if text is not None]


def _of_error(xml: str, entry: Entry) -> list[Text]:
    return [*_of_condition(xml, entry), *_present("c:error")]


def _of_condition(xml: str, entry: Entry) -> list[Text]:
    """Return the text about the condition of an error or a failure, if it has one that is known."""
    for name, ns in _CONDITION.findall(xml):
        text = of_condition(ns, name)
        if text is not None:
            return [text]
    child = _CHILD.match(xml)
    text = of_condition(SASL, child[1]) if child is not None and entry.ns in {SASL, SASL2} else None
    return [] if text is None else [text]


def _present(name: str) -> list[Text]:
    text = _by_id().get(name)
    return [] if text is None else [text]


@cache
def _by_id() -> dict[str, Text]:
    return {text.id: text for text in texts()}
