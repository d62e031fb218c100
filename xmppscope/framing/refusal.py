"""What RFC 6120 §11 forbids in a stream and expat would take: it is refused, and the stream goes on behind it."""

from collections.abc import Callable
from pyexpat import XMLParserType

from xmppscope.framing import bounds
from xmppscope.model.element import Element


class Refusal:
    """The first thing refused since the last piece: `reason` (empty while there is none) and the absolute offset `at`.

    *position* tells the absolute offset of what *parser* is at. *leave* is called for a document type: nothing of what
    it may define is to be expanded. The parser itself is not kept, for it keeps its callbacks alive.
    """

    def __init__(self, parser: XMLParserType, position: Callable[[], int], leave: Callable[[], None]) -> None:
        self.reason = ""
        self.at = 0
        self._position = position
        self._leave = leave
        parser.XmlDeclHandler = self._declaration
        parser.CommentHandler = self._comment
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartDoctypeDeclHandler = self._doctype

    def note(self, reason: str) -> None:
        """Refuse what is being parsed, unless something was refused before."""
        if not self.reason:
            self.reason = reason
            self.at = self._position()

    def note_excess(self, element: Element) -> None:
        """Refuse *element* if it exceeds a bound."""
        excess = bounds.excess(element)
        if excess:
            self.note(excess)

    def take(self) -> str:
        """Return the reason and forget it."""
        reason, self.reason = self.reason, ""
        return reason

    def _declaration(self, version: str, encoding: str | None, _standalone: int) -> None:
        if version != "1.0":
            self.note(f'XML version "{version}" (RFC 6120 §11 builds on XML 1.0)')
        elif encoding is not None and encoding.lower() != "utf-8":
            self.note(f'declared encoding "{encoding}" is not UTF-8 (RFC 6120 §11.6)')

    def _comment(self, _text: str) -> None:
        self.note("comment (RFC 6120 §11.1)")

    def _instruction(self, _target: str, _data: str) -> None:
        self.note("processing instruction (RFC 6120 §11.1)")

    def _doctype(self, _name: str, _system: str | None, _public: str | None, _subset: bool) -> None:
        self.note("document type declaration (RFC 6120 §11.1)")
        self._leave()
