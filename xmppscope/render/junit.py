"""Findings as JUnit XML, the form in which most systems of continuous integration take results.

Each connection is a suite; each rule that found something on it is a test that failed, or with severity info one that
passed and has something to say. If nothing was found, one test has passed, so that the file never looks empty.
"""

from collections.abc import Callable
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from xmppscope.model.plaintext import visible
from xmppscope.model.timeline import Finding, Record

_LINES: Final = 100
_NOTHING: Final = """\
  <testsuite name="xmppscope lint" tests="1" failures="0">
    <testcase classname="lint" name="nothing found"/>
  </testsuite>"""


class JUnit:
    """Renders findings in the end; *name* tells what a connection is called."""

    def __init__(self, name: Callable[[int], str]) -> None:
        self._name = name
        self._found: dict[int, dict[str, list[Finding]]] = {}
        self._more: dict[tuple[int, str], int] = {}

    def render(self, records: list[Record]) -> bytes:
        """Take *records*."""
        for record in records:
            if isinstance(record, Finding):
                findings = self._found.setdefault(record.connection, {}).setdefault(record.rule, [])
                if len(findings) < _LINES:
                    findings.append(record)
                else:
                    key = record.connection, record.rule
                    self._more[key] = self._more.get(key, 0) + 1
        return b""

    def close(self) -> bytes:
        """Return the document."""
        suites = [self._suite(connection, rules) for connection, rules in sorted(self._found.items())]
        if not suites:
            suites = [_NOTHING]
        tests = sum(len(rules) for rules in self._found.values()) or 1
        failures = sum(_fails(findings) for rules in self._found.values() for findings in rules.values())
        head = f'<testsuites name="xmppscope lint" tests="{tests}" failures="{failures}">'
        lines = ['<?xml version="1.0" encoding="utf-8"?>', head, *suites, "</testsuites>", ""]
        return "\n".join(lines).encode("utf-8", "backslashreplace")

    def _suite(self, connection: int, rules: dict[str, list[Finding]]) -> str:
        name = f"{connection} {self._name(connection)}".strip()
        failures = sum(map(_fails, rules.values()))
        cases = [self._case(connection, rule, findings) for rule, findings in rules.items()]
        head = f'  <testsuite name={_attribute(name)} tests="{len(rules)}" failures="{failures}">'
        return "\n".join([head, *cases, "  </testsuite>"])

    def _case(self, connection: int, rule: str, findings: list[Finding]) -> str:
        first, more = findings[0], self._more.get((connection, rule), 0)
        lines = [f"{' '.join(f'#{number}' for number in one.entries)} {one.text}".strip() for one in findings]
        if more:
            lines.append(f"and {more} more")
        body = escape(visible_lines([*lines, first.spec]))
        case = f'    <testcase classname="connection {connection}" name={_attribute(rule)}>'
        if _fails(findings):
            kind = f"type={_attribute(first.severity)} message={_attribute(first.text)}"
            return f"{case}\n      <failure {kind}>{body}</failure>\n    </testcase>"
        return f"{case}\n      <system-out>{body}</system-out>\n    </testcase>"


def visible_lines(lines: list[str]) -> str:
    """Return *lines* as one text whose only control characters are the line feeds between."""
    return "\n".join(map(visible, lines))


def _fails(findings: list[Finding]) -> bool:
    return any(finding.severity != "info" for finding in findings)


def _attribute(text: str) -> str:
    return quoteattr(visible(text))
