"""What stands between the entries: rules, findings, diagnoses, notes and the closing line.

Entries never wrap; what is in here is wrapped, since it must be read whole.
"""

from typing import Final

from xmppscope.model.timeline import Connection, Diagnosis, Finding, Summary
from xmppscope.render.terminal.glyphs import Glyphs
from xmppscope.render.terminal.layout import INDENT
from xmppscope.render.terminal.numbers import duration, plural
from xmppscope.render.terminal.palette import CONNECTIONS, QUIET, RED, WARNING, Palette
from xmppscope.render.terminal.safe import Legible
from xmppscope.render.terminal.width import width, wrap

_SEVERITY_STYLES: Final = {"error": RED, "warning": WARNING, "info": ""}
_LABELLED: Final = 9
_TRANSPORTS: Final = {"tcp": "", "websocket": " over WebSocket", "bosh": " over BOSH"}


class Blocks:
    """Makes the blocks between entries for a terminal of *columns*."""

    def __init__(self, columns: int, glyphs: Glyphs, palette: Palette, legible: Legible) -> None:
        self.columns = columns
        self._glyphs = glyphs
        self._palette = palette
        self._legible = legible

    def opening(self, connection: Connection, when: str) -> list[str]:
        """Return the rule that opens a connection, with *when* at its end; long addresses take a second line."""
        to = f"{self._glyphs.to} "
        # In the proxy and its recordings that may be what a client has made up: the name that it asked for.
        receiving = self._legible(connection.receiving)
        target = f"{to}proxy {to}{receiving}" if connection.proxy else f"{to}{receiving}"
        begin = f"{_kind(connection)} {self._glyphs.dot} {connection.initiating}"
        number = str(connection.connection)
        rule, below = self._rule(number, f"{begin} {target}", when), ""
        if len(rule) > self.columns:
            rule, below = self._rule(number, begin, when), target
        if len(rule) > self.columns:
            rule, below = self._rule(number, begin, ""), f"{target} {self._glyphs.dot} {when}"
        lines = [self._numbered(rule, connection.connection)]
        return [*lines, *(self._palette.paint(line, QUIET) for line in self.note(below))] if below else lines

    def known_now(self, before: Connection, connection: Connection) -> list[str]:
        """Return the rule that says what has become known of a connection; none if nothing of that is shown."""
        words = []
        if connection.kind != before.kind:
            words.append(_kind(connection))
        if connection.receiving != before.receiving:
            words.append(f"{self._glyphs.to} {self._legible(connection.receiving)}")
        if not words:
            return []
        rule = self._rule(str(connection.connection), f" {self._glyphs.dot} ".join(words), "")
        return [self._numbered(rule, connection.connection)]

    def finding(self, finding: Finding) -> list[str]:
        """Return the lines of a finding: its mark, severity and rule, what it says and where that is written."""
        glyphs = self._glyphs
        sign = glyphs.marks[finding.severity]
        dot = f" {glyphs.dot} "
        text = dot.join(part for part in (finding.rule, finding.text, finding.spec) if part)
        first, *more = wrap(f"{sign} {finding.severity} {self._legible(text)}", self.columns - INDENT - 2)
        lines = [" " * INDENT + first, *(" " * (INDENT + 2) + line for line in more)]
        return [self._palette.paint(line, _SEVERITY_STYLES[finding.severity]) for line in lines]

    def diagnosis(self, diagnosis: Diagnosis) -> list[str]:
        """Return the lines of a diagnosis: its rule, the text, the entries that show it, what to try."""
        paint = self._palette.paint
        lines = [paint(self._rule(str(diagnosis.connection), "diagnosis", ""), QUIET)]
        lines += self.note(diagnosis.text)
        if diagnosis.entries:
            lines += self.labelled("because", " ".join(f"#{entry}" for entry in diagnosis.entries))
        if diagnosis.advice:
            lines += self.labelled("try", diagnosis.advice)
        return lines

    def note(self, text: str) -> list[str]:
        """Return the lines of a remark, set in below the entries."""
        text = self._legible(text)
        return [" " * INDENT + line for line in wrap(text, self.columns - INDENT)]

    def labelled(self, label: str, text: str, column: int = _LABELLED) -> list[str]:
        """Return the lines of *text* behind a word that says what it is; the text begins at *column*."""
        lines = wrap(self._legible(text), self.columns - INDENT - column)
        labels = [label, *[""] * (len(lines) - 1)]
        return [f"{'':{INDENT}}{label:<{column}}{line}" for label, line in zip(labels, lines, strict=True)]

    def command(self, label: str, text: str, column: int = _LABELLED) -> list[str]:
        """Return the line of a command, which is to be copied and so stays whole."""
        return [f"{'':{INDENT}}{label:<{column}}{self._legible(text)}"]

    def closing(self, summary: Summary, span: float | None) -> str:
        """Return the closing line; *span* is how many seconds the timeline covers."""
        counts = [plural(summary.xmpp_connections, "connection")]
        if summary.undecrypted:
            counts.append(f"{summary.undecrypted} not decrypted")
        if summary.gaps:
            counts.append(plural(summary.gaps, "gap"))
        counts.append(f"{plural(summary.stanzas, 'stanza')}")
        errors, warnings = summary.findings.get("error", 0), summary.findings.get("warning", 0)
        if errors or warnings:
            counts.append(f"{plural(errors, 'error')}, {plural(warnings, 'warning')}")
        # The proxy sees no packets: what it tells is how long it looked on.
        covered = [plural(summary.packets, "packet")] if summary.packets else []
        if span is not None:
            covered.append(_span(span))
        dot = f" {self._glyphs.dot} "
        whole = self._rule("", dot.join([*counts, ", ".join(covered)] if covered else counts), "")
        return self._palette.paint(whole if len(whole) <= self.columns else self._rule("", dot.join(counts), ""), QUIET)

    def summed_up(self, parts: list[str]) -> str:
        """Return a rule with *parts* set into it."""
        return self._palette.paint(self._rule("", f" {self._glyphs.dot} ".join(parts), ""), QUIET)

    def _numbered(self, rule: str, connection: int) -> str:
        """Return *rule* with the number of the connection in its colour."""
        paint = self._palette.paint
        number = str(connection)
        before, _, after = rule.partition(f" {number} ")
        colour = CONNECTIONS[(connection - 1) % len(CONNECTIONS)]
        return f"{paint(before, QUIET)} {paint(number, colour)} {paint(after, QUIET)}"

    def _rule(self, number: str, middle: str, end: str) -> str:
        """Return a rule over the whole width with a number, words and a time set into it."""
        dash = self._glyphs.rule
        line = f"{dash * 2} {number} {dash * 2} {middle} " if number else f"{dash * 2} {middle} "
        tail = f" {end} {dash * 2}" if end else ""
        return line + dash * max(self.columns - width(line) - len(tail), 2) + tail


def _kind(connection: Connection) -> str:
    """Return what speaks over what; all that is certain before the kind is known is that it is XMPP."""
    kind = "XMPP" if connection.kind == "unknown" else connection.kind
    return kind + _TRANSPORTS[connection.transport]


def _span(seconds: float) -> str:
    return f"{seconds:.3f} s" if seconds < 60 else duration(seconds)
