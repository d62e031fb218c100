"""The timeline: the records that the analyzer makes and every renderer consumes.

Each class is one record of the JSON Lines contract (docs/reference/jsonl.md), field for field: encoding one with
`msgspec.json` gives the line, decoding a line gives the record back. A field that is unknown or does not apply is
absent from the line; there are no nulls. Records are never changed after they have been handed on.
"""

from typing import Final, Literal

import msgspec

SCHEMA: Final = 1

Sender = Literal["initiating", "receiving"]
ConnectionKind = Literal["c2s", "s2s", "component", "unknown"]
Transport = Literal["tcp", "websocket", "bosh"]
Leg = Literal["client", "server"]
EditAction = Literal["changed", "dropped", "injected", "delayed"]
Severity = Literal["error", "warning", "info"]
State = Literal[
    "unknown", "connected", "header-sent", "header-both", "negotiating", "tls", "sasl", "compressing", "open",
    "half-closed", "closing", "closed", "broken",
]  # fmt: skip
Kind = Literal[
    "stream-open", "stream-close", "stanza", "nonza", "stream-error", "keepalive", "tls", "compression", "http", "gap",
    "opaque", "malformed", "closed", "proxy",
]  # fmt: skip

INITIATING: Final = "initiating"
RECEIVING: Final = "receiving"


class Annotation(msgspec.Struct, omit_defaults=True, gc=False):
    """One fact about an entry, with the section that it rests on."""

    text: str
    spec: str = ""


class Link(msgspec.Struct, gc=False):
    """A relation to an earlier entry: `ack`, `receipt`, `cause`, `correction`, `copy`, `resent`."""

    rel: str
    entry: int


class Edit(msgspec.Struct, omit_defaults=True, gc=False):
    """What the proxy did to an element: who decided (`by`), the action, and `of` which earlier entry it is a change."""

    by: str
    action: EditAction
    of: int | None = None


class Header(msgspec.Struct, tag_field="record", tag="header", kw_only=True):
    """The first record."""

    schema: int = SCHEMA
    xmppscope: str


class Connection(msgspec.Struct, omit_defaults=True, tag_field="record", tag="connection", kw_only=True):
    """One TCP connection (or BOSH session) that carries XMPP; a later record of the same number replaces it."""

    connection: int
    time: str
    initiating: str
    receiving: str
    kind: ConnectionKind
    transport: Transport
    proxy: str | None = None


class Entry(msgspec.Struct, omit_defaults=True, tag_field="record", tag="entry", rename={"from_": "from"}, gc=False):
    """One line of the timeline: an element, or what else happened on a connection.

    `offset` is ``(start, end)`` in the cleartext of this direction of the connection, `packets` the first and last
    packet numbers. `xmlns` holds the prefixes that the element inherits from the stream header, so that `xml` can be
    parsed alone. `bytes` is the hex of the first 64 bytes of what could not be read. `tls` holds handshake facts in
    machine-readable form. `leg` and `edit` are there where the two halves of a proxied connection differ, `severity`
    where the proxy met a fault or warns of one. What every stanza has comes first, so that the hot path can give it by
    position: keywords would cost five times as much.
    """

    entry: int
    connection: int
    stream: int
    sender: Sender
    kind: Kind
    time: str
    end_time: str
    summary: str
    state: State
    protection: str
    packets: tuple[int, int] | None = None
    size: int | None = None
    offset: tuple[int, int] | None = None
    xeps: list[str] | None = None
    name: str | None = None
    ns: str | None = None
    xml: str | None = None
    xmlns: dict[str, str] | None = None
    id: str | None = None
    type: str | None = None
    from_: str | None = None
    to: str | None = None
    answers: int | None = None
    latency: float | None = None
    file: int | None = None
    compression: str | None = None
    redacted: bool = False
    annotations: list[Annotation] | None = None
    links: list[Link] | None = None
    reason: str | None = None
    bytes: str | None = None
    tls: dict[str, str | int | bool | list[str]] | None = None
    leg: Leg | None = None
    edit: Edit | None = None
    severity: Severity | None = None


class Finding(msgspec.Struct, tag_field="record", tag="finding", kw_only=True):
    """A rule of the lint catalogue that fired."""

    rule: str
    severity: Severity
    time: str
    connection: int
    entries: list[int]
    text: str
    spec: str


class Diagnosis(msgspec.Struct, tag_field="record", tag="diagnosis", kw_only=True):
    """Why a session ended badly, with the entries that show it and what to try."""

    connection: int
    entries: list[int]
    text: str
    advice: str


class Summary(msgspec.Struct, tag_field="record", tag="summary", kw_only=True):
    """The last record: what was seen in all."""

    packets: int
    connections: int
    xmpp_connections: int
    entries: int
    stanzas: int
    findings: dict[Severity, int]
    gaps: int
    undecrypted: int


Record = Header | Connection | Entry | Finding | Diagnosis | Summary
