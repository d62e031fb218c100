"""The picture of a step as SVG: a lane for each who takes part, an arrow for each entry, double under TLS."""

from html import escape
from typing import Final

from xmppscope.lessons.binding import Shown
from xmppscope.model.timeline import Entry

_WIDTH: Final = 640
_MARGIN: Final = 70
_TOP: Final = 26
_ROW: Final = 24
_GAP: Final = 8
_HEAD: Final = 7
_FAILURES: Final = frozenset({"failure", "failed", "error"})


def svg(shown: Shown) -> str:
    """Return the picture; its text is also its description."""
    lanes = shown.recorded.view.lanes
    step = (_WIDTH - 2 * _MARGIN) / max(len(lanes) - 1, 1)
    where = {lane: _MARGIN + number * step for number, lane in enumerate(lanes)}
    height = _TOP + _ROW * len(shown.entries) + 8
    said = "; ".join(f"{' → '.join(shown.recorded.lanes(entry))}: {_label(entry)}" for entry in shown.entries)
    parts = [f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(said)}">']
    for lane, x in where.items():
        parts.append(f'<text class="lane" x="{x:g}" y="14">{escape(lane)}</text>')
        parts.append(f'<line class="lane" x1="{x:g}" y1="20" x2="{x:g}" y2="{height}"/>')
    for row, entry in enumerate(shown.entries):
        source, target = shown.recorded.lanes(entry)
        parts.append(_arrow(where[source], where[target], _TOP + _ROW * row + 14, entry))
    return "".join([*parts, "</svg>"])


def _arrow(source: float, target: float, y: float, entry: Entry) -> str:
    way = 1 if target > source else -1
    start, end = source + way * _GAP, target - way * _GAP
    shift = 1.6 if entry.protection != "none" and entry.kind != "closed" else 0.0
    trouble = entry.type == "error" or entry.kind in {"stream-error", "malformed"} or entry.name in _FAILURES
    shafts = "".join(
        f'<line x1="{start:g}" y1="{y + off:g}" x2="{end - way * _HEAD:g}" y2="{y + off:g}"/>'
        for off in ({-shift, shift} if shift else {0.0})
    )
    back = end - way * _HEAD
    head = f'<path d="M{end:g} {y:g} L{back:g} {y - 4:g} L{back:g} {y + 4:g} Z"/>'
    word = f'<text x="{(start + end) / 2:g}" y="{y - 5:g}">{escape(_label(entry))}</text>'
    return f'<g class="{"trouble" if trouble else "arrow"}">{shafts}{head}{word}</g>'


def _label(entry: Entry) -> str:
    if entry.kind == "stream-close":
        return f"</{entry.name or 'stream'}>"
    if entry.name is None:
        return entry.kind
    return f"iq {entry.type}" if entry.name == "iq" and entry.type else entry.name
