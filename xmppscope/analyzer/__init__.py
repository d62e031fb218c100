"""The analyzer: the one place where packets' bytes become a timeline."""

from xmppscope.analyzer.analyzer import Analyzer

__all__ = ["Analyzer"]
