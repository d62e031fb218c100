"""The pages of the documentation, and what they show: examples in a language, commands with their output."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), ROOT / "captures" / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
LEFT_OUT = "⋮"

# What differs from run to run: ports, what is drawn by lot and its length, numbers where two speak at once, times.
VARYING = (
    (re.compile(r"(127\.0\.0\.1|\[::1\]|\.test):\d+"), r"\1:PORT"),
    # Of the server's port Wireshark has to be told as well, unless it is 5222, as readers will have it.
    (re.compile(r"(-d tcp\.port==\d+,xmpp ?)+"), "-d tcp.port==PORT,xmpp "),
    (re.compile(r"\bport \d+;"), "port PORT;"),
    (re.compile(r" --ca-dir \S+?(?=[,) ]|$)"), ""),
    (re.compile(r"xmppscope CA [0-9a-f]{2}(:[0-9a-f]{2})+"), "xmppscope CA ID"),
    (re.compile(r"\bid [\w-]{8}…"), "id ID"),
    (re.compile(r"profanity\.\w{4}\b"), "profanity.NAME"),
    (re.compile(r"(?<=…/)[\w-]{10,}…?"), "RESOURCE"),
    (re.compile(r"^ *\d+ +↑?\d+\.\d{3} "), "NUMBER TIME "),
    (re.compile(r"(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d(\.\d+)? UTC"), "DATE UTC"),
    (re.compile(r"\+\d+\.\d{3} "), "+TIME "),
    (re.compile(r"\b\d+\.\d+ (ms|s)\b"), r"TIME \1"),
    (re.compile(r"( (?:auth|challenge|response) .*\S) +\d+$"), r"\1 SIZE"),
    (re.compile(r"─+"), "─"),
    (re.compile(r" +"), " "),
)


def blocks(text: str, language: str) -> Iterator[str]:
    """Give the blocks of code whose fence says *language*, all of what stands there."""
    yield from re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def steady(line: str) -> str:
    """Return a line of output without what differs from run to run."""
    for pattern, instead in VARYING:
        line = pattern.sub(instead, line)
    return line.rstrip()


def difference(expected: Iterable[str], printed: Iterable[str]) -> str | None:
    """Say where output parts from what a page shows of it, or None; a line ⋮ stands for any number of lines."""
    rest = iter(printed)
    skipping = False
    for line in expected:
        if line.strip() == LEFT_OUT:
            skipping = True
            continue
        found = next((other for other in rest if not skipping or other == line), None)
        if found != line:
            return f"shown: {line!r}, printed: {found!r}"
        skipping = False
    if not skipping and (more := next(rest, None)) is not None:
        return f"printed and not shown: {more!r}"
    return None
