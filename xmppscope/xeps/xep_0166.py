"""Jingle (XEP-0166): the state of each session, its contents, and ways to connect.

A session is known by its sid; it is pending from its initiation, active from its acceptance, ended by its termination
(§5.1). Of candidates the kinds are told, never addresses of people at home, and never `pwd`.
"""

from collections import Counter
from typing import Final, NamedTuple

from xmppscope.model.element import Element
from xmppscope.session.notes import counted
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.memory import Memory
from xmppscope.xeps.words import at, listed, number, short, size, span, word

JINGLE: Final = "urn:xmpp:jingle:1"
_FILE: Final = ("urn:xmpp:jingle:apps:file-transfer:5", "urn:xmpp:jingle:apps:file-transfer:4")
_CONDITIONS: Final = {
    "out-of-order": "the session is not in a state for this",
    "tie-break": "both sides asked for the same at once: the other request holds",
    "unknown-session": "the peer knows no session of this sid",
    "unsupported-info": "the peer does not know what the info means",
}


class Session(NamedTuple):
    """A session: `entries` and `times` of its initiation and its acceptance."""

    entries: tuple[int, ...]
    times: tuple[float, ...]


class Sessions(Memory[str, Session]):
    """The sessions that go over one connection, by sid."""

    most = 256


def _jingle(met: Met, jingle: Element) -> None:
    if met.entry.type != "set":
        return
    sid, action = jingle.attrs.get("sid", ""), jingle.attrs.get("action", "")
    sessions, now = met.of(Sessions), (met.entry.entry, at(met.entry))
    known = sessions.get(sid)
    if action == "session-initiate":
        sessions.put(sid, Session(now[:1], now[1:]))
        met.change("call", "pending", subject=short(sid))
    elif action == "session-accept" and known is not None and len(known.entries) == 1:
        sessions.put(sid, Session((*known.entries, now[0]), (*known.times, now[1])))
        met.change("call", "active", known.entries, subject=short(sid))
        met.note(f"{span(max(0.0, now[1] - known.times[0]))} after it was offered", "XEP-0166 §6.5")
    elif action == "session-terminate":
        _end(met, sid, known)
    if known is not None:
        met.link("cause", known.entries[0])
    _contents(met, jingle)


def _end(met: Met, sid: str, known: Session | None) -> None:
    met.of(Sessions).pop(sid)
    if known is None:
        return
    met.change("call", "ended", known.entries, subject=short(sid))
    if len(known.times) > 1:
        met.note(f"it was active for {span(max(0.0, at(met.entry) - known.times[1]))}", "XEP-0166 §6.7")
    else:
        met.note("it was never accepted", "XEP-0166 §6.7")


def _contents(met: Met, jingle: Element) -> None:
    kinds: Counter[str] = Counter()
    ways: list[str] = []
    for content in jingle.children[:16]:
        for part in content.children:
            if part.local == "transport":
                ways.append(part.ns.removeprefix("urn:xmpp:jingle:transports:"))
                kinds.update(c.attrs.get("type", "?")[:20] for c in part.children[:64] if c.local == "candidate")
            elif part.local == "description" and part.ns in _FILE:
                _file(met, part)
    if ways and jingle.attrs.get("action", "").startswith("session-"):
        met.note(f"over {listed(dict.fromkeys(ways))}", "XEP-0166 §7.3")
    if kinds:
        told = listed(f"{count} {kind}" for kind, count in kinds.items())
        met.note(f"{counted(sum(kinds.values()), 'candidate')}: {told}", "XEP-0166 §7.3")


def _file(met: Met, description: Element) -> None:
    for file in description.children[:1]:
        values = {child.local: child.text for child in file.children}
        length = number(values.get("size"))
        parts = [word(values[name]) for name in ("name", "media-type") if values.get(name)]
        parts += [size(length)] if length is not None else []
        if parts:
            met.note(f"file: {', '.join(parts)}", "XEP-0234 §6")


def _refused(met: Met, condition: Element) -> None:
    met.note(_CONDITIONS[condition.local], "XEP-0166 §10")


EXTENSION: Final = Extension(
    number="0166",
    title="Jingle",
    namespaces=(JINGLE,),
    elements={expanded(JINGLE, "jingle"): _jingle},
    errors={expanded("urn:xmpp:jingle:errors:1", local): _refused for local in _CONDITIONS},
    tracker=Sessions,
)
