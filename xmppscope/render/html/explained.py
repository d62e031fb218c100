"""Which texts a page of entries needs: those about what occurs in them, and no others.

What occurs is found by pattern, as `explain.voice` does: a text too many does no harm here, and a page that brings all
of them would be twice as large.
"""

import re
from typing import Any, Final

from xmppscope.explain import registry
from xmppscope.explain.library import Text, texts
from xmppscope.explain.lookup import of_xep
from xmppscope.explain.voice import voices
from xmppscope.lint.registry import rule_of
from xmppscope.lint.rule import Rule
from xmppscope.model.namespaces import CONTENT
from xmppscope.model.timeline import Entry, Finding

_SCANNED: Final = 16_384
_NAMES: Final = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)")
_NAMESPACES: Final = re.compile(r"""xmlns(?::[\w.-]+)?=["']([^"'<>]{1,200})["']""")
_MANY: Final = 2000
_ALWAYS: Final = frozenset({"attr"})


class Explained:
    """Gathers what entries and findings need to be explained."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._namespaces: set[str] = set()
        self._states: set[str] = set()
        self._voices: dict[tuple[str, ...], list[int]] = {}
        self._rules: set[str] = set()

    def entry(self, entry: Entry) -> None:
        """Take an entry."""
        said = tuple(text.id for text in voices(entry))
        if said:
            self._voices.setdefault(said, []).append(entry.entry)
        self._states.add(entry.state)
        xml = entry.xml
        if xml is not None:
            xml = xml[:_SCANNED]
            if len(self._names) < _MANY:
                self._names.update(_NAMES.findall(xml))
            if len(self._namespaces) < _MANY:
                self._namespaces.update(_NAMESPACES.findall(xml))
                self._namespaces.update((entry.xmlns or {}).values())

    def finding(self, finding: Finding) -> None:
        """Take a finding."""
        self._rules.add(finding.rule)

    def about(self) -> dict[str, Any]:
        """Return the texts, the rules, what is known of the namespaces, and which texts belong to which entry."""
        spoken = {name for said in self._voices for name in said}
        content = {*CONTENT, ""}
        namespaces = {ns: self._namespace(ns) for ns in sorted(self._namespaces) if registry.specification(ns)}
        spoken.update(str(known["text"]) for known in namespaces.values() if "text" in known)
        found = [
            text
            for text in texts()
            if text.id in spoken
            or text.prefix in _ALWAYS
            or (text.prefix == "state" and text.name in self._states)
            or (text.name in self._names and (text.ns in self._namespaces or text.ns in content))
        ]
        return {
            "texts": {text.id: _text(text) for text in found},
            "rules": {name: _rule(rule) for name in sorted(self._rules) if (rule := rule_of(name)) is not None},
            "namespaces": namespaces,
            "voices": [[list(said), numbers] for said, numbers in self._voices.items()],
        }

    def _namespace(self, ns: str) -> dict[str, str]:
        """Return what is known of a namespace."""
        spec = registry.specification(ns)
        xep = registry.xep(spec)
        text = of_xep(spec)
        where = f"{spec[:3]} {spec[3:]}" if xep is None else f"XEP-{spec}"
        known = {"spec": where, "says": f"The namespace of {where}" + ("." if xep is None else f", {xep.title}.")}
        if text is not None:
            known["text"] = text.id
        return known


def _text(text: Text) -> dict[str, Any]:
    fields = {name: getattr(text, name) for name in ("name", "kind", "ns", "spec", "says", "next", "example")}
    return {name: value for name, value in fields.items() if value} | {"paragraphs": text.paragraphs}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "what": rule.what,
        "why": rule.why,
        "spec": rule.spec,
        "wrong": rule.wrong.lines,
        "right": rule.right.lines,
    }
