"""What the viewer's server is given to serve: the page, its files, the explanations, the filter language.

They stand in layers beside the server; only here they meet.
"""

from collections.abc import Callable, Mapping
from typing import Any

from xmppscope.filter.compile import compile_filter
from xmppscope.lint.registry import RULES
from xmppscope.model.instant import nanoseconds
from xmppscope.model.timeline import Entry, Finding
from xmppscope.render.html.explained import Explained
from xmppscope.render.html.page import SUFFIXES, linked, static
from xmppscope.viewer.timeline import Test, Timeline


class ViewerFace:
    """Serves one timeline; *states* returns the changes of states so far."""

    def __init__(self, timeline: Timeline, states: Callable[[], Mapping[int, Any]]) -> None:
        self._timeline = timeline
        self._states = states
        self._page = linked("/static").encode()

    def page(self) -> bytes:
        """Return the page."""
        return self._page

    def static(self, name: str) -> tuple[bytes, str] | None:
        """Return a file of the page with its media type."""
        stem, dot, suffix = name.rpartition(".")
        kind = SUFFIXES.get(dot + suffix)
        if kind is None or not stem.isalnum():
            return None
        try:
            return static(name), kind
        except OSError:
            return None

    def explain(self, entry: Entry) -> dict[str, Any]:
        """Return the texts about an entry."""
        explained = Explained()
        explained.entry(entry)
        return explained.about()

    def rules(self) -> dict[str, Any]:
        """Return what is to be said about every rule."""
        explained = Explained()
        for rule in RULES:
            explained.finding(
                Finding(rule=rule.id, severity="info", time="", connection=0, entries=[], text="", spec="")
            )
        rules: dict[str, Any] = explained.about()["rules"]
        return rules

    def states(self) -> dict[int, Any]:
        """Return the changes of states so far, by connection."""
        return dict(self._states())

    def compile(self, expression: str) -> Test:
        """Return the test that *expression* is."""
        chosen = compile_filter(expression)
        origin = self._timeline.meta.get("origin")
        if origin is not None:
            chosen.origin = nanoseconds(origin)
        return chosen
