"""Findings: the rules of the lint catalogue, by family, and the engine that lets them see the timeline."""

from xmppscope.lint.engine import Linter

__all__ = ["Linter"]
