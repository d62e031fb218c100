"""The fields that an expression can name: how each is read off an entry, what it holds, and its line in the reference.

Names and meanings are those of the JSON Lines contract (docs/reference/jsonl.md), one for one, with a few that are put
together from others. A field of several values (`xep`, `jid`) matches if one of its values does.
"""

from collections.abc import Callable
from enum import Enum
from operator import attrgetter
from typing import Final, NamedTuple, get_args

from xmppscope.filter import inside
from xmppscope.filter.scope import Scope
from xmppscope.filter.tls_facts import TLS, TLS_FLAGS, TLS_LISTS, TLS_TIMES
from xmppscope.model import timeline
from xmppscope.model.jid import bare, domain
from xmppscope.model.timeline import Entry

Get = Callable[[Entry], object]
Read = Callable[[Scope], Get]


class Type(Enum):
    """What a field holds, in the words of the reference."""

    TEXT = "text"
    CHOICE = "word"
    FLAG = "yes or no"
    HEX = "hex"
    NUMBER = "number"
    SPAN = "numbers"
    DURATION = "duration"
    SIZE = "size"
    TIME = "time"
    XEP = "XEP number"


class Field(NamedTuple):
    """One field; `many` says that there are several values, `may_hold` can deny a text without parsing the XML."""

    type: Type
    about: str
    read: Read
    many: bool = False
    choices: tuple[str, ...] = ()
    may_hold: Callable[[Entry, str], bool] | None = None


def _plain(name: str) -> Read:
    get = attrgetter(name)
    return lambda _scope: get


def _edit(part: str) -> Read:
    get = attrgetter(part)
    return lambda _scope: lambda entry: None if entry.edit is None else get(entry.edit)


def _time(name: str) -> Read:
    get = attrgetter(name)
    return lambda _scope: lambda entry: get(entry) or None


def _number(entry: Entry) -> object:
    return entry.entry or None


def _several(values: Callable[[Entry], list[str]]) -> Read:
    return lambda _scope: values


def _xeps(entry: Entry) -> list[str]:
    return entry.xeps or []


def _addresses(entry: Entry) -> list[str]:
    return [form for jid in (entry.from_, entry.to) if jid is not None for form in (jid, bare(jid))]


def _domains(entry: Entry) -> list[str]:
    return [domain(jid) for jid in (entry.from_, entry.to) if jid is not None]


def _prefixes(entry: Entry) -> list[str]:
    return list((entry.xmlns or {}).values())


def _offset(entry: Entry) -> tuple[int, int] | None:
    return None if entry.offset is None else (entry.offset[0], entry.offset[1] - 1)


def _parts(name: str, part: str) -> Read:
    """Read one part of each item of a list (annotations, links)."""
    items, get = attrgetter(name), attrgetter(part)
    return lambda _scope: lambda entry: [get(item) for item in items(entry) or ()]


def _finding(part: str) -> Read:
    get = attrgetter(part)
    return lambda scope: lambda _entry: [get(finding) for finding in scope.findings]


def _diagnosis(scope: Scope) -> Get:
    return lambda _entry: None if scope.diagnosis is None else scope.diagnosis.text


def _connection(part: str) -> Read:
    get = attrgetter(part)
    return lambda scope: lambda _entry: None if scope.connection is None else get(scope.connection)


def _tls(name: str) -> Field:
    def get(entry: Entry) -> object:
        return entry.tls.get(name) if entry.tls else None

    def every(entry: Entry) -> object:
        value = get(entry)
        return value if isinstance(value, list) else []

    def moment(entry: Entry) -> object:
        # These times have no fraction; with the dot they are as long as the others.
        value = get(entry)
        return value.replace("Z", ".Z") if isinstance(value, str) else None

    if name in TLS_TIMES:
        return Field(Type.TIME, TLS[name], lambda _scope: moment)
    many = name in TLS_LISTS
    kind = Type.FLAG if name in TLS_FLAGS else Type.TEXT
    return Field(kind, TLS[name], lambda _scope: every if many else get, many)


FIELDS: Final[dict[str, Field]] = {
    "entry": Field(Type.NUMBER, "its number, as in `#19`", lambda _scope: _number),
    "connection": Field(Type.NUMBER, "the number of its connection", _plain("connection")),
    "stream": Field(Type.NUMBER, "which stream of its direction: 0 before the first header", _plain("stream")),
    "sender": Field(Type.CHOICE, "who sent it", _plain("sender"), choices=get_args(timeline.Sender)),
    "kind": Field(Type.CHOICE, "what it is", _plain("kind"), choices=get_args(timeline.Kind)),
    "time": Field(Type.TIME, "of the packet with its first byte", _time("time")),
    "end_time": Field(Type.TIME, "of the packet with its last byte", _time("end_time")),
    "summary": Field(Type.TEXT, "the line that says what it does", _plain("summary")),
    "state": Field(Type.CHOICE, "of the connection after it", _plain("state"), choices=get_args(timeline.State)),
    "protection": Field(Type.TEXT, "`none`, `TLSv1.3`, …", lambda _scope: lambda entry: entry.protection or None),
    "compression": Field(Type.TEXT, "`zlib`", _plain("compression")),
    "packets": Field(
        Type.SPAN, "the packets that carry it; `packets == 37` is true for each of them", _plain("packets")
    ),
    "file": Field(Type.NUMBER, "with several captures: which one, from 0", _plain("file")),
    "size": Field(Type.SIZE, "bytes in the clear", _plain("size")),
    "offset": Field(Type.SPAN, "where its bytes stand in the cleartext of its direction", lambda _scope: _offset),
    "name": Field(Type.TEXT, "the local name of the element", _plain("name")),
    "ns": Field(
        Type.TEXT,
        "the namespaces of the element and of all in it",
        inside.namespaces,
        True,
        may_hold=inside.may_have_namespace,
    ),
    "child": Field(
        Type.TEXT, "the local names of its child elements", inside.children, True, may_hold=inside.may_have_name
    ),
    "body": Field(Type.TEXT, "the text of each message body in it, forwarded ones too", inside.bodies, True),
    "condition": Field(
        Type.TEXT,
        "the condition of a stream, stanza or SASL error",
        inside.conditions,
        True,
        may_hold=inside.may_have_name,
    ),
    "xml": Field(Type.TEXT, "the whole element as it was sent, but for masked secrets", _plain("xml")),
    "xmlns": Field(Type.TEXT, "the namespaces that it inherits from the stream header", _several(_prefixes), True),
    "id": Field(Type.TEXT, "as sent", _plain("id")),
    "type": Field(Type.TEXT, "as sent: `get`, `set`, `result`, `error`, `chat`, …", _plain("type")),
    "from": Field(Type.TEXT, "as sent", _plain("from_")),
    "to": Field(Type.TEXT, "as sent", _plain("to")),
    "jid": Field(Type.TEXT, "`from` or `to`, each with and without its resource", _several(_addresses), True),
    "domain": Field(Type.TEXT, "the domain of `from` or `to`", _several(_domains), True),
    "xep": Field(Type.XEP, "the extensions in it", _several(_xeps), True),
    "answers": Field(Type.NUMBER, "of an iq result or error: the entry it answers", _plain("answers")),
    "latency": Field(Type.DURATION, "of an iq result or error: how long it took", _plain("latency")),
    "redacted": Field(Type.FLAG, "a secret in it is masked", _plain("redacted")),
    "reason": Field(Type.TEXT, "why bytes could not be read, or what the proxy met", _plain("reason")),
    "bytes": Field(Type.HEX, "the first 64 bytes of what could not be read", _plain("bytes")),
    "annotations.text": Field(Type.TEXT, "facts about it", _parts("annotations", "text"), True),
    "annotations.spec": Field(Type.TEXT, "the section that each fact rests on", _parts("annotations", "spec"), True),
    "links.rel": Field(
        Type.TEXT, "`ack`, `receipt`, `cause`, `correction`, `copy`, `resent`", _parts("links", "rel"), True
    ),
    "links.entry": Field(Type.NUMBER, "the entry that it is linked to", _parts("links", "entry"), True),
    "severity": Field(
        Type.CHOICE,
        "how bad it is what the proxy met",
        _plain("severity"),
        choices=get_args(timeline.Severity),
    ),
    "leg": Field(
        Type.CHOICE, "in the proxy, where the legs differ: which one", _plain("leg"), choices=get_args(timeline.Leg)
    ),
    "edit.by": Field(Type.TEXT, "who decided to change, drop, add or delay it", _edit("by")),
    "edit.action": Field(
        Type.CHOICE, "what the proxy did with it", _edit("action"), choices=get_args(timeline.EditAction)
    ),
    "edit.of": Field(Type.NUMBER, "the entry of the original", _edit("of")),
    "finding": Field(Type.TEXT, "the rules that it broke", _finding("rule"), True),
    "finding.severity": Field(
        Type.CHOICE, "how bad that is", _finding("severity"), True, choices=get_args(timeline.Severity)
    ),
    "finding.text": Field(Type.TEXT, "what a finding says", _finding("text"), True),
    "finding.spec": Field(Type.TEXT, "the section that it rests on", _finding("spec"), True),
    "diagnosis": Field(Type.TEXT, "why its session ended badly", _diagnosis),
    "connection.kind": Field(
        Type.CHOICE, "what speaks on its connection", _connection("kind"), choices=get_args(timeline.ConnectionKind)
    ),
    "connection.transport": Field(
        Type.CHOICE, "over what", _connection("transport"), choices=get_args(timeline.Transport)
    ),
    "connection.initiating": Field(Type.TEXT, "address and port of the initiating entity", _connection("initiating")),
    "connection.receiving": Field(Type.TEXT, "address and port of the receiving entity", _connection("receiving")),
    "connection.proxy": Field(Type.TEXT, "in the proxy, the address that was dialled", _connection("proxy")),
    **{f"tls.{name}": _tls(name) for name in TLS},
}
"""All fields, in the order of the reference."""

ALIASES: Final = {"xeps": "xep", "packet": "packets", "annotations": "annotations.text", "links": "links.rel"}
"""Other spellings; those of the contract among them."""

NOTES: Final = frozenset({"finding", "finding.severity", "finding.text", "finding.spec", "diagnosis"})
"""Fields that speak of findings and diagnoses."""
