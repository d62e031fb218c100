"""What a rule is: its name, what it rests on, and the words and examples that explain it.

The check itself belongs to a `Checker` (lint.checker); one checker may decide several rules that read the same state.
"""

from typing import Final, Literal

import msgspec

from xmppscope.model.timeline import Severity

Preamble = Literal[
    "login", "account", "header", "management", "none", "servers", "component", "offer", "secure", "sasl2",
    "cut", "tls", "tls-old", "tls-nameless", "tls-web", "bosh", "websocket",
]  # fmt: skip

LEVELS: Final[dict[Severity, int]] = {"info": 1, "warning": 2, "error": 3}
"""The severities, the gravest last."""


class Example(msgspec.Struct, frozen=True):
    """A short conversation: lines such as ``C: <presence/>``, ``S: <r/>`` or ``C fin``.

    C is the initiating, S the receiving entity, C2 and S2 the same two on a later connection. `after` names what has
    passed before (lint.preambles), so that the lines show only what matters.
    """

    lines: tuple[str, ...]
    after: Preamble = "login"


class Rule(msgspec.Struct, frozen=True):
    """One rule of the catalogue.

    `family` groups rules for `--select` and `--ignore`; `severity` is that of most of its findings, and `lesser` says
    where one of them weighs less. `needs` says what an observer must have seen: without it the rule stays silent.
    """

    id: str
    family: str
    severity: Severity
    spec: str
    what: str
    why: str
    wrong: Example
    right: Example
    needs: str = ""
    lesser: str = ""


def talk(*lines: str, after: Preamble = "login") -> Example:
    """Return an example of these lines."""
    return Example(lines, after)
