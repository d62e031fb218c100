"""Words that stand alone in an expression: kinds of entries, stanzas, and what is wrong or special with an entry.

What counts as an error is what the timeline marks as one; beside that, findings count by their severity.
"""

from collections.abc import Callable
from typing import Final, NamedTuple, get_args

from xmppscope.filter.scope import Scope
from xmppscope.model import timeline
from xmppscope.model.timeline import Entry, Kind, Severity

Get = Callable[[Entry], object]

_ERROR_KINDS: Final = frozenset({"malformed", "stream-error"})
_FAILURES: Final = frozenset({"failure", "failed", "error"})
_STANZAS: Final = ("iq", "message", "presence")


class Word(NamedTuple):
    """One such word, with its line in the reference."""

    about: str
    read: Callable[[Scope], Get]


def _stanza(name: str) -> Word:
    return Word(f"a stanza that is {_article(name)}", lambda _scope: lambda entry: _is(entry, name))


def _article(name: str) -> str:
    return f"an `{name}`" if name == "iq" else f"a `{name}`"


def _is(entry: Entry, name: str) -> bool:
    return entry.name == name and entry.kind == "stanza"


def _kind(kind: Kind) -> Word:
    return Word(f"`kind == {kind}`", lambda _scope: lambda entry: entry.kind == kind)


def _wrong(severity: Severity, shows: Get) -> Callable[[Scope], Get]:
    """Read whether an entry shows that something is wrong, or a finding of this severity says so."""

    def read(scope: Scope) -> Get:
        def test(entry: Entry) -> object:
            return shows(entry) or any(finding.severity == severity for finding in scope.findings)

        return test

    return read


def is_error(entry: Entry) -> bool:
    """Return whether an entry by itself is an error."""
    kind = entry.kind
    if kind == "stanza":
        return entry.type == "error"
    if kind == "nonza":
        return entry.name in _FAILURES
    if kind == "tls":
        return entry.tls is not None and entry.tls.get("alert_level") == "fatal"
    return kind in _ERROR_KINDS or (kind == "proxy" and entry.reason is not None)


def is_warning(entry: Entry) -> bool:
    """Return whether an entry by itself is a warning: a connection that was broken off."""
    return entry.kind == "closed" and entry.state == "broken"


WORDS: Final[dict[str, Word]] = {
    **{name: _stanza(name) for name in _STANZAS},
    **{kind: _kind(kind) for kind in get_args(timeline.Kind)},
    "error": Word(
        "a stanza error, a stream error, a failure, what is malformed, a fatal alert, a fault that the proxy met, a "
        "finding that is an error",
        _wrong("error", is_error),
    ),
    "warning": Word(
        "a connection that ended before its streams did, a finding that is a warning", _wrong("warning", is_warning)
    ),
    "answered": Word(
        "an iq result or error whose request was seen: `answers` is there",
        lambda _scope: lambda entry: entry.answers is not None,
    ),
    "edit": Word(
        "what the proxy changed, dropped, added or delayed",
        lambda _scope: lambda entry: entry.edit is not None,
    ),
}
"""All words, in the order of the reference."""

NOTES: Final = frozenset({"error", "warning"})
"""Words that speak of findings."""
