"""The figures of one connection: what is counted here, and what the trackers know of it in the end."""

import re
from typing import Final

from xmppscope.model.namespaces import SASL2
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry, Sender
from xmppscope.model.timeline import Connection as ConnectionRecord
from xmppscope.session.triggers import expanded
from xmppscope.stats.report import (
    Asked,
    Bytes,
    ConnectionReport,
    Counter,
    Iq,
    Kinds,
    Management,
    Ratio,
    ResumedAt,
    Software,
    Stanzas,
)
from xmppscope.stats.software import SoftwareNames
from xmppscope.xeps.trackers import Tracked
from xmppscope.xeps.xep_0198 import Half, StreamManagement

MOST_OPEN: Final = 4096
"""How many unanswered requests of each side are named; the oldest are forgotten first."""

AUTHENTICATE: Final = expanded(SASL2, "authenticate")
_RATIO: Final = re.compile(r"zlib: (\d+) bytes sent as (\d+)")


class _Side:
    def __init__(self) -> None:
        self.kinds = {"message": 0, "presence": 0, "iq": 0}
        self.bytes = 0
        self.requests = 0
        self.answered = 0
        self.errors = 0
        self.open: dict[int, str | None] = {}
        self.ratio: float | None = None

    @property
    def asked(self) -> Asked:
        return Asked(self.requests, self.answered, self.errors, [one for one in self.open.values() if one is not None])


class ConnectionFigures:
    """Counts what passes on one connection; `forgotten` counts the requests that are not named."""

    def __init__(self) -> None:
        self.entries = 0
        self.forgotten = 0
        self.software = SoftwareNames()
        self.report: ConnectionReport | None = None
        self._sides: dict[Sender, _Side] = {INITIATING: _Side(), RECEIVING: _Side()}

    def stanza(self, entry: Entry) -> None:
        """Count a stanza."""
        side = self._sides[entry.sender]
        side.bytes += entry.size or 0
        side.kinds[entry.name or ""] += 1
        if entry.name != "iq":
            return
        if entry.answers is not None:
            asking = self._sides[RECEIVING if entry.sender == INITIATING else INITIATING]
            if asking.open.pop(entry.answers, _UNKNOWN) is not _UNKNOWN:
                asking.answered += 1
                asking.errors += entry.type == "error"
        elif entry.type in ("get", "set"):
            side.requests += 1
            side.open[entry.entry] = entry.id
            if len(side.open) > MOST_OPEN:
                del side.open[next(iter(side.open))]
                self.forgotten += 1

    def other(self, entry: Entry) -> None:
        """Count an entry that is no stanza."""
        if entry.kind == "compression":
            sizes = _RATIO.match(entry.summary)
            if sizes is not None:
                self._sides[entry.sender].ratio = round(int(sizes[1]) / int(sizes[2]), 2)
        elif entry.kind != "gap":
            self._sides[entry.sender].bytes += entry.size or 0

    def conclude(self, tracked: Tracked) -> None:
        """Make the report, now that nothing more comes; its record is filled in by `named`."""
        about, kind = tracked.about, tracked.about.negotiation.kind
        c2s = kind == "c2s"
        tracked.encryption.ended()
        sides = self._sides
        ratio = Ratio(sides[INITIATING].ratio, sides[RECEIVING].ratio)
        names = self.software.names
        self.report = ConnectionReport(
            about.number,
            about.initiating,
            about.receiving,
            kind,
            "tcp",
            self.entries,
            Stanzas(Kinds(**sides[INITIATING].kinds), Kinds(**sides[RECEIVING].kinds)),
            Bytes(sides[INITIATING].bytes, sides[RECEIVING].bytes),
            domain=about.negotiation.domain or None,
            jid=tracked.jid or None,
            software=Software(names.get(INITIATING), names.get(RECEIVING)) if names else None,
            sasl=tracked.logins.attempts,
            tls=tracked.encryption.tls,
            tls_server_leg=tracked.encryption.server_leg,
            compression=tracked.compression,
            compression_ratio=None if ratio == Ratio() else ratio,
            stream_management=_management(tracked.management),
            iq=None if kind == "s2s" else Iq(sides[INITIATING].asked, sides[RECEIVING].asked),
            mucs=list(tracked.rooms.rooms.values()) if c2s else [],
            roster=sorted(tracked.roster.contacts.values(), key=lambda contact: contact.jid) if c2s else [],
            mam=tracked.archive.queries,
            dialback=tracked.dialback.answers if kind == "s2s" else [],
        )

    def named(self, record: ConnectionRecord) -> ConnectionReport | None:
        """Return the report with what the last record of the connection says of it."""
        report = self.report
        if report is not None:
            report.initiating, report.receiving = record.initiating, record.receiving
            report.kind, report.transport, report.proxy = record.kind, record.transport, record.proxy
        return report


_UNKNOWN: Final = "\n"


def _management(management: StreamManagement) -> Management | None:
    if not management.answered:
        return None
    at = management.resumed_at
    return Management(
        management.enabled,
        management.resumable,
        management.resumed,
        management.failed,
        _counter(management.initiating),
        _counter(management.receiving),
        None if at is None else ResumedAt(*at),
        management.resent,
    )


def _counter(half: Half) -> Counter | None:
    return Counter(half.sent, half.acked) if half.counting else None
