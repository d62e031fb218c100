"""What `xmppscope stats` reports: the objects of its JSON, field for field (docs/reference/stats.md).

A field that is unknown or does not apply is absent, and an empty list may be; what has no default here is always there.
"""

from typing import Final

import msgspec

from xmppscope.model.timeline import ConnectionKind, Severity, Transport
from xmppscope.session.encryption import Tls
from xmppscope.session.logins import Attempt
from xmppscope.session.roster import Contact
from xmppscope.xeps.xep_0045 import Room
from xmppscope.xeps.xep_0198 import Resent
from xmppscope.xeps.xep_0220 import DialbackAnswer
from xmppscope.xeps.xep_0313 import ArchiveQuery

SCHEMA: Final = 1


class Kinds(msgspec.Struct):
    """Stanzas of one sender."""

    message: int = 0
    presence: int = 0
    iq: int = 0


class Stanzas(msgspec.Struct):
    """Stanzas by sender."""

    initiating: Kinds = msgspec.field(default_factory=Kinds)
    receiving: Kinds = msgspec.field(default_factory=Kinds)


class Asked(msgspec.Struct):
    """Requests of one side; `unanswered` are their ids."""

    requests: int = 0
    answered: int = 0
    errors: int = 0
    unanswered: list[str] = msgspec.field(default_factory=list)


class Iq(msgspec.Struct):
    """Requests by who asks."""

    initiating: Asked = msgspec.field(default_factory=Asked)
    receiving: Asked = msgspec.field(default_factory=Asked)


class Counter(msgspec.Struct):
    """What one side has sent, and how much of it the other side has acknowledged."""

    sent: int
    acked: int


class ResumedAt(msgspec.Struct):
    """What each side had received when the session was resumed."""

    initiating_h: int
    receiving_h: int


class Management(msgspec.Struct, omit_defaults=True):
    """Stream management, where it was answered."""

    enabled: bool
    resumable: bool
    resumed: bool
    failed: str | None = None
    initiating: Counter | None = None
    receiving: Counter | None = None
    resumed_at: ResumedAt | None = None
    resent: list[Resent] = msgspec.field(default_factory=list)


class Bytes(msgspec.Struct):
    """Bytes of XML by sender, in the clear; `initiating` and `receiving` count what was read."""

    initiating: int = 0
    receiving: int = 0


class Software(msgspec.Struct, omit_defaults=True):
    """What the two ends call themselves."""

    initiating: str | None = None
    receiving: str | None = None


class Ratio(msgspec.Struct, omit_defaults=True):
    """How many bytes stand for one that was sent, by sender."""

    initiating: float | None = None
    receiving: float | None = None


class ConnectionReport(msgspec.Struct, omit_defaults=True):
    """One connection."""

    connection: int
    initiating: str
    receiving: str
    kind: ConnectionKind
    transport: Transport
    entries: int
    stanzas: Stanzas
    bytes: Bytes
    proxy: str | None = None
    domain: str | None = None
    jid: str | None = None
    software: Software | None = None
    sasl: list[Attempt] = msgspec.field(default_factory=list)
    tls: Tls | None = None
    tls_server_leg: Tls | None = None
    compression: str | None = None
    compression_ratio: Ratio | None = None
    stream_management: Management | None = None
    iq: Iq | None = None
    mucs: list[Room] = msgspec.field(default_factory=list)
    roster: list[Contact] = msgspec.field(default_factory=list)
    mam: list[ArchiveQuery] = msgspec.field(default_factory=list)
    dialback: list[DialbackAnswer] = msgspec.field(default_factory=list)


class Latency(msgspec.Struct, omit_defaults=True):
    """How requests of one payload namespace were answered; times in seconds, `slowest_entry` is the answer."""

    namespace: str
    requests: int
    answered: int
    unanswered: int
    median: float | None = None
    p95: float | None = None
    slowest: float | None = None
    slowest_entry: int | None = None


class Payload(msgspec.Struct):
    """How many stanzas of a kind carried a namespace."""

    name: str
    namespace: str
    stanzas: int


class ErrorCount(msgspec.Struct):
    """How often an error condition came, and where first; `name` is that of the stanza, `stream` for stream errors."""

    name: str
    condition: str
    count: int
    entry: int


class Busy(msgspec.Struct):
    """How many stanzas a bare JID has sent and was sent, each counted on every connection that it was seen on."""

    jid: str
    sent: int
    received: int


class Totals(msgspec.Struct):
    """What was seen in all; `undecrypted` counts connections, `forgotten` what was not kept, to bound memory."""

    stanzas: int
    entries: int
    undecrypted: int
    findings: dict[Severity, int]
    forgotten: int


class Report(msgspec.Struct):
    """The whole report."""

    schema: int
    xmppscope: str
    connections: list[ConnectionReport]
    totals: Totals
    latency: list[Latency]
    payloads: list[Payload]
    errors: list[ErrorCount]
    busiest: list[Busy]
