"""The figures of `xmppscope stats` as tables: those that have something to tell, each with one column that may be cut.

Signs are those of the text timeline. What others wrote is shown as there: nothing in it reaches the terminal raw.
"""

import io
from collections.abc import Sequence
from typing import Final, NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from xmppscope.explain.registry import short_name
from xmppscope.model.plaintext import visible
from xmppscope.render.terminal.glyphs import ASCII, UNICODE
from xmppscope.render.terminal.numbers import grouped, latency, plural, size
from xmppscope.stats.report import ConnectionReport, Counter, Latency, Management, Report

_ROWS: Final = 12
_NARROWEST: Final = 12
_NONE: Final = "none"
_UNKNOWN: Final = "?"


class _Column(NamedTuple):
    title: str
    right: bool = False
    cut: bool = False


Row = Sequence[str]


class _Sheet:
    """Lays tables out in *width* columns."""

    def __init__(self, width: int, *, colour: bool, ascii_only: bool, everything: bool) -> None:
        self._width = max(width, 40)
        self._glyphs = ASCII if ascii_only else UNICODE
        self._everything = everything
        self._file = io.StringIO()
        self._console = Console(
            file=self._file,
            width=self._width,
            force_terminal=colour,
            color_system="standard" if colour else None,
            legacy_windows=False,
            markup=False,
            emoji=False,
            highlight=False,
        )

    @property
    def text(self) -> str:
        """All that was laid out, without blanks at the ends of lines."""
        return "".join(line.rstrip() + "\n" for line in self._file.getvalue().splitlines())

    def add(self, columns: Sequence[_Column], rows: Sequence[Row]) -> None:
        """Lay out a table, if it has rows; the column that may be cut gets what the others leave."""
        if not rows:
            return
        shown = rows if self._everything else rows[:_ROWS]
        cells = [[self._legible(cell) for cell in row] for row in shown]
        titles = [self._legible(column.title) for column in columns]
        widths = [max(map(cell_len, column)) for column in zip(titles, *cells, strict=True)]
        gap = 2 if sum(widths) + 2 * (len(widths) - 1) <= self._width else 1
        others = sum(width + gap for width, column in zip(widths, columns, strict=True) if not column.cut)
        table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bright_black")
        room = max(self._width - others, _NARROWEST)
        for title, column, width in zip(titles, columns, widths, strict=True):
            table.add_column(Text(title), justify="right" if column.right else "left", no_wrap=True, min_width=width)
            if column.cut:
                table.columns[-1].min_width = table.columns[-1].max_width = min(width, room)
        for row in cells:
            table.add_row(*(self._fitted(cell, column, room) for cell, column in zip(row, columns, strict=True)))
        if self._file.tell():
            self._file.write("\n")
        self._console.print(table, crop=False)
        if len(rows) > len(shown):
            self._console.print(Text(f"and {len(rows) - len(shown)} more: -v shows all", "bright_black"))

    def line(self, text: str) -> None:
        """Write one line below everything."""
        self._file.write(f"\n{self._legible(text)}\n")

    def _legible(self, text: str) -> str:
        return visible(text).translate(self._glyphs.words) if self._glyphs.words else visible(text)

    def _fitted(self, cell: str, column: _Column, room: int) -> Text:
        text = Text(cell)
        if column.cut and cell_len(cell) > room:
            text.truncate(room - len(self._glyphs.ellipsis))
            text.append(self._glyphs.ellipsis)
        return text


def tables(report: Report, *, width: int, colour: bool, ascii_only: bool, everything: bool) -> str:
    """Return the report as text of *width* columns; with *everything* no row is left out."""
    sheet = _Sheet(width, colour=colour, ascii_only=ascii_only, everything=everything)
    connections = report.connections
    sheet.add(_CONNECTIONS, [_connection(one) for one in connections])
    sheet.add(_SOFTWARE, [_software(one) for one in connections if one.software is not None])
    sheet.add(_LATENCY, [_latency(one) for one in report.latency])
    sheet.add(_PAYLOADS, [(one.name, _namespace(one.namespace), grouped(one.stanzas)) for one in report.payloads])
    sheet.add(_ERRORS, [(one.name, one.condition, grouped(one.count), f"#{one.entry}") for one in report.errors])
    managed = [(one, one.stream_management) for one in connections if one.stream_management is not None]
    sheet.add(_MANAGEMENT, [_managed(one, management) for one, management in managed])
    sheet.add(_COMPRESSION, [_compressed(one) for one in connections if one.compression is not None])
    sheet.add(_BUSIEST, [(one.jid, grouped(one.sent), grouped(one.received)) for one in report.busiest])
    sheet.line(_totals(report))
    return sheet.text


_CONNECTIONS: Final = (
    _Column("c", right=True),
    _Column("kind"),
    _Column("who", cut=True),
    _Column("login"),
    _Column("TLS"),
    _Column("stanzas →", right=True),
    _Column("←", right=True),
    _Column("bytes →", right=True),
    _Column("←", right=True),
)
_SOFTWARE: Final = (_Column("c", right=True), _Column("software →"), _Column("software ←", cut=True))
_LATENCY: Final = (
    _Column("iq latency", cut=True),
    _Column("asked", right=True),
    _Column("answered", right=True),
    _Column("median", right=True),
    _Column("p95", right=True),
    _Column("slowest", right=True),
    _Column("unanswered", right=True),
)
_PAYLOADS: Final = (_Column("stanza"), _Column("namespace", cut=True), _Column("count", right=True))
_ERRORS: Final = (
    _Column("error in"),
    _Column("condition", cut=True),
    _Column("count", right=True),
    _Column("first", right=True),
)
_MANAGEMENT: Final = (
    _Column("c", right=True),
    _Column("stream management", cut=True),
    _Column("sent →", right=True),
    _Column("acked", right=True),
    _Column("sent ←", right=True),
    _Column("acked", right=True),
    _Column("resent", right=True),
)
_COMPRESSION: Final = (
    _Column("c", right=True),
    _Column("compression", cut=True),
    _Column("ratio →", right=True),
    _Column("←", right=True),
)
_BUSIEST: Final = (_Column("busiest", cut=True), _Column("sent", right=True), _Column("received", right=True))


def _connection(one: ConnectionReport) -> Row:
    here, there = one.stanzas.initiating, one.stanzas.receiving
    return (
        str(one.connection),
        one.kind,
        _who(one),
        _login(one),
        _encryption(one),
        grouped(here.message + here.presence + here.iq),
        grouped(there.message + there.presence + there.iq),
        size(one.bytes.initiating),
        size(one.bytes.receiving),
    )


def _who(one: ConnectionReport) -> str:
    """Return who speaks: the JID, between servers the first pair of domains, or at least the domain asked for."""
    if one.jid is not None:
        return one.jid
    pair = next(((answer.from_, answer.to) for answer in one.dialback if answer.from_ and answer.to), None)
    if pair is not None:
        return " → ".join(pair)
    if one.domain is None:
        return _UNKNOWN
    return f"{_UNKNOWN} at {one.domain}" if one.kind == "c2s" else f"{_UNKNOWN} → {one.domain}"


def _login(one: ConnectionReport) -> str:
    """Tell of the last attempt; between servers, where there was none that succeeded, of dialback."""
    attempt = one.sasl[-1] if one.sasl else None
    if attempt is not None and attempt.outcome == "success":
        return attempt.mechanism or _UNKNOWN
    if any(answer.step == "result" and answer.outcome == "valid" for answer in one.dialback):
        return "dialback"
    if attempt is not None:
        return attempt.condition or attempt.outcome
    return _NONE


def _encryption(one: ConnectionReport) -> str:
    if one.tls is None:
        return _NONE
    if one.tls.outcome == "failed":
        return "failed"
    version = (one.tls.version or _UNKNOWN).removeprefix("TLSv")
    return f"{version} resumed" if one.tls.resumed else version


def _software(one: ConnectionReport) -> Row:
    names = one.software
    if names is None:
        return str(one.connection), _UNKNOWN, _UNKNOWN
    return str(one.connection), (names.initiating or _UNKNOWN)[:32], names.receiving or _UNKNOWN


def _latency(one: Latency) -> Row:
    return (
        _namespace(one.namespace),
        grouped(one.requests),
        grouped(one.answered),
        _time(one.median),
        _time(one.p95),
        "" if one.slowest_entry is None else f"#{one.slowest_entry}",
        grouped(one.unanswered) if one.unanswered else _NONE,
    )


def _time(seconds: float | None) -> str:
    return "" if seconds is None else latency(seconds)


def _namespace(namespace: str) -> str:
    """Return the short name of a namespace; that of the stanzas themselves, where nothing is in them, has none."""
    return short_name(namespace) if namespace else "-"


def _managed(one: ConnectionReport, management: Management) -> Row:
    if management.resumed:
        how = "resumed"
    elif management.enabled:
        how = "on, resumable" if management.resumable else "on"
    else:
        how = f"refused: {management.failed}" if management.failed else "refused"
    counters = (*_counter(management.initiating), *_counter(management.receiving))
    return str(one.connection), how, *counters, grouped(len(management.resent)) if management.resumed else ""


def _counter(counter: Counter | None) -> tuple[str, str]:
    return ("", "") if counter is None else (grouped(counter.sent), grouped(counter.acked))


def _compressed(one: ConnectionReport) -> Row:
    ratio = one.compression_ratio
    sides = (None, None) if ratio is None else (ratio.initiating, ratio.receiving)
    return str(one.connection), one.compression or "", *("" if side is None else f"{side:.1f}" for side in sides)


def _totals(report: Report) -> str:
    totals = report.totals
    findings = totals.findings
    parts = [
        plural(len(report.connections), "connection"),
        plural(totals.stanzas, "stanza"),
        f"{plural(findings['error'], 'error')}, {plural(findings['warning'], 'warning')}",
    ]
    if totals.forgotten:
        parts.append(f"{grouped(totals.forgotten)} not kept, to bound memory")
    return " · ".join(parts)
