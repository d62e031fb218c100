"""The reference page of the rules, made of what each rule says of itself."""

from typing import Final

from xmppscope.lint.preambles import NAMES
from xmppscope.lint.registry import FAMILIES, RULES
from xmppscope.lint.rule import Example, Rule

_HEAD: Final = """\
# Rules of `lint`

<!-- Written by docs/make_lint_rules.py from the rules themselves. -->

    xmppscope lint trace.pcapng

reports what breaks a specification. The same findings stand in the output of `read`, `proxy` and `sniff`, behind the
entry that decided them. `xmppscope explain RULE` prints what is said about a rule here.

**Severity.** *error*: a requirement is broken, or the peer is required to refuse. *warning*: a recommendation is
broken, or it matters for security. *info*: obsolete, or unknown but allowed.

**Choosing.** `--select` and `--ignore` take rules and families, several with commas between: `--select sm,iq-type`,
`--ignore sasl2-in-clear`. `--fail-on error|warning|info|never` says from which severity on the exit status is 1.

**Silence.** A rule speaks only if it has seen what it needs. What is missing from a capture, cannot be decrypted or
was sent before the capture began is never held against anybody, nor is the order of two directions, which a capture
may have wrong. What the proxy itself changed or added is not judged. Forwarded and archived stanzas are content: of
them only the wrapping is judged.

In the examples C is the initiating, S the receiving entity; C2 and S2 are the same two on a later connection.
"""


def page() -> str:
    """Return the page, in Markdown."""
    parts = [_HEAD, _table()]
    for family in FAMILIES:
        parts.append(f"## {family}\n")
        parts += [_rule(rule) for rule in RULES if rule.family == family]
    return "\n".join(parts)


def _table() -> str:
    rows = [f"| [{rule.id}](#{rule.id}) | {rule.family} | {rule.severity} | {rule.spec} |" for rule in RULES]
    return "\n".join(["| rule | family | severity | reference |", "|---|---|---|---|", *rows, ""])


def _rule(rule: Rule) -> str:
    lesser = f" Now and then {rule.lesser}." if rule.lesser else ""
    lines = [
        f"### {rule.id}\n",
        f"{rule.severity.capitalize()}.{lesser}\n",
        f"**What it checks.** {rule.what}" + (f" Needed for that: {rule.needs}." if rule.needs else "") + "\n",
        f"**Why it matters.** {rule.why}\n",
        f"**Example.** Wrong{_after(rule.wrong)}:\n",
        _code(rule.wrong),
        f"Right{_after(rule.right)}:\n",
        _code(rule.right),
        f"**Reference.** {rule.spec}\n",
    ]
    return "\n".join(lines)


def _after(example: Example) -> str:
    name = NAMES[example.after]
    return f", {name}" if name else ""


def _code(example: Example) -> str:
    shown = [_visible(line) for line in example.lines] or ["C:"]
    return "\n".join(["```", *shown, "```", ""])


def _visible(line: str) -> str:
    return line.replace("\n", "⏎").replace("\ufeff", "[U+FEFF]")
