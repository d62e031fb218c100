"""The XML stream splitter: bytes of one direction in, exact first-level elements out (RFC 6120 §4, §11).

expat is the only judge of the XML; this module tells it where to stop. It feeds whole chunks, builds the light element
tree in the callbacks and cuts the exact bytes by ``CurrentByteIndex``. After an element named in `stops` it goes no
further: what follows may be TLS, zlib or a new document, and only the negotiation knows. A new stream header at depth
one needs no such notice: expat itself rejects its XML declaration there, and its start tag is looked for.

What RFC 6120 §11 forbids and expat would take (comments, processing instructions, a document type, other encodings, a
byte order mark, XML 1.1) is refused as `Bad`. An element with a refused part is `Bad` as a whole, but the splitter goes
on behind it. After a fault that expat cannot pass, `broken` is set and the caller has to search anew (`framer`).
"""

from pyexpat import ExpatError, XMLParserType
from pyexpat import errors as expat_errors
from typing import Final

from xmppscope.framing import bounds
from xmppscope.framing.pieces import SHOWN, Bad, Foot, Head, Item, Piece, Space
from xmppscope.framing.refusal import Refusal
from xmppscope.framing.tags import OpenTag, new_parser, plain_reason, silence, start_tag_end
from xmppscope.framing.tree import Tree
from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.namespaces import STREAM

STREAM_TAG: Final = STREAM + SEPARATOR + "stream"
_MISPLACED_DECLARATION: Final = expat_errors.codes[expat_errors.XML_ERROR_MISPLACED_XML_PI]
_JUNK_AFTER_ROOT: Final = expat_errors.codes[expat_errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]
_BOM: Final = b"\xef\xbb\xbf"
_SPACES: Final = b" \t\r\n"


class _StoppedError(Exception):
    """Raised inside a callback to leave expat right behind an element."""


class _RestartError(Exception):
    """Raised inside a callback to leave expat at the start of a tag; *prime* is the stream that the tag is in."""

    def __init__(self, prime: bytes) -> None:
        self.prime = prime


class Splitter:
    """Cuts one direction's cleartext into pieces.

    `stops` are expanded names after which the splitter stops, `sensitive` those that set `Item.sensitive` when they
    occur at any depth. `at` is the absolute offset of the first byte. With `prime` (the raw start tag of a header) the
    splitter begins inside that stream.
    """

    def __init__(self, stops: frozenset[str], sensitive: frozenset[str], at: int = 0, prime: bytes = b"") -> None:
        self._stops = stops
        self._sensitive_names = sensitive
        self._prime = prime
        self.at = at
        """Absolute offset behind the last byte received (and not handed back)."""
        self.done = at
        """Absolute offset behind the last piece handed over."""
        self.stopped = False
        self.broken = False
        self.rest = b""
        self._held: list[bytes] = []
        self._chunk = b""
        self._chunk_at = at
        self._out: list[Piece] = []
        self._open_tag: OpenTag | None = None
        self._parser: XMLParserType
        self._delta: int
        self._in_stream: bool
        self._tree: Tree
        self._next_look: int
        self._document_at = at
        self._item_start = at
        self._element: Element
        self._xmlns: dict[str, str]
        self._refusal: Refusal
        self._since_fresh: int
        self._asleep = False
        self._begin_parser(at, prime)

    def feed(self, data: bytes) -> list[Piece]:
        """Take the next bytes; return the pieces that they complete. After a stop, `rest` holds what was not read."""
        out: list[Piece] = []
        self._out = out
        if self._asleep:
            self._begin_parser(self.at, self._prime)
        if self._open_tag is not None:
            waiting = self._open_tag.feed(data)
            if waiting is None and self.at + len(data) - self.done <= self._bound():
                self.at += len(data)
                return out
            data = self._open_tag.data
            self.at = self._chunk_at = self._open_tag.at
            self._open_tag = None
        self._chunk = data
        self._chunk_at = self.at
        self.at += len(data)
        self._parse(0)
        if self.done != self.at and not self.stopped and not self.broken:
            self._hold()
        elif self._held:
            self._held.clear()
        if self._since_fresh > bounds.PARSER_LIFE and self.done == self.at and self._in_stream:
            self._begin_parser(self.at, self._prime)
        return out

    def resume(self) -> bytes:
        """Go on inside the stream after a stop; return the bytes to feed next."""
        rest, self.rest = self.rest, b""
        self.stopped = False
        self._begin_parser(self.done, self._prime)
        return rest

    def take(self) -> bytes:
        """Hand back all bytes behind the last piece, whether parsed in part or not, and go on from there."""
        if self.stopped:
            return self.resume()
        held = self.unfinished
        self._held.clear()
        self._open_tag = None
        self.at = self.done
        self._begin_parser(self.done, self._prime)
        return held

    def sleep(self) -> None:
        """Let go of expat while nothing is unfinished: it takes some 15 KB, and is made anew with the next byte."""
        idle = self._in_stream and self.done == self.at and not (self.stopped or self.broken or self._asleep)
        if idle and not self._held and self._open_tag is None:
            silence(self._parser)
            del self._parser, self._tree, self._refusal
            self._chunk, self._chunk_at = b"", self.at
            self._out = []
            self._asleep = True

    def dismiss(self) -> None:
        """Let go of expat: nothing more will be fed. A second time does no harm: a RST may follow a FIN."""
        if self._asleep:
            return
        silence(self._parser)
        self.__dict__.pop("_refusal", None)

    @property
    def unfinished(self) -> bytes:
        """The bytes behind the last piece: the beginning of something that is not complete yet."""
        waiting = b"" if self._open_tag is None else self._open_tag.data
        return b"".join(self._held) + waiting

    @property
    def prime(self) -> bytes:
        """The start tag of the stream that the splitter is in; empty before the first header."""
        return self._prime

    def _begin(self, name: str, attrs: dict[str, str]) -> None:
        """Take a start tag of the first level, or the header's."""
        if not self._in_stream:
            self._root(name, attrs)
            return
        start = self._parser.CurrentByteIndex + self._delta
        if start != self.done:
            self._between(start)
        if name == STREAM_TAG:
            self._document_at = start
            raise _RestartError(b"")
        self._item_start = start
        self._element = element = Element(name, attrs, [])
        self._tree.stack.append(element)
        self._tree.sensitive = name in self._sensitive_names

    def _complete(self, name: str) -> None:
        chunk, chunk_at = self._chunk, self._chunk_at
        element = self._element
        index = self._parser.CurrentByteIndex + self._delta - chunk_at
        # For `<x/>` the index is just past the tag, for `</x>` at its beginning, which may lie in an earlier chunk.
        if index < 0:
            index = chunk.index(b">") + 1
        elif element.children or element.text or (chunk.startswith(b"</", index) and not self._is_empty_tag(index)):
            index = chunk.index(b">", index) + 1
        start, end = self._item_start, chunk_at + index
        raw = chunk[start - chunk_at : index] if start >= chunk_at else self._joined(start, end)
        tree = self._tree
        if tree.runs:
            tree.join_runs()
        refusal = self._refusal
        if len(raw) > bounds.SMALL and not refusal.reason:
            self._next_look = bounds.ELEMENTS * 4
            refusal.note_excess(element)
        if refusal.reason:
            self._out.append(Bad(start, end, refusal.at, refusal.take(), raw[:SHOWN]))
            tree.install(self._parser, self._begin, self._complete, self._foot)
        else:
            self._out.append(Item(element, start, end, raw, tree.sensitive))
        self.done = end
        self._since_fresh += 1
        if name in self._stops:
            raise _StoppedError

    def _is_empty_tag(self, index: int) -> bool:
        """Tell whether an element without content, which ends at or before *index*, is one empty-element tag."""
        return self._joined(self._item_start, self._chunk_at + index).endswith(b"/>")

    def _root(self, name: str, attrs: dict[str, str]) -> None:
        start = self._parser.CurrentByteIndex + self._delta
        if self._prime and name.rpartition(SEPARATOR)[2] != "stream":
            # RFC 6120 §6.3.2 demands a header here; what was sent instead is shown as an element of the old stream.
            self._between(start, "no stream header after an XML declaration")
            self._document_at = start
            raise _RestartError(self._prime)
        end = start + start_tag_end(self._raw_from(start))
        begin = self.done
        if self._refusal.reason or self._joined(begin, start).startswith(_BOM):
            self._between(start, "byte order mark (RFC 6120 §11.6)")
            begin = start
        raw = self._joined(begin, end)
        self._prime = self._joined(start, end)
        self._out.append(Head(Element(name, attrs, []), dict(self._xmlns), begin, end, raw))
        self.done = end
        self._in_stream = True
        self._parser.StartNamespaceDeclHandler = None

    def _foot(self) -> None:
        index = self._parser.CurrentByteIndex + self._delta
        rest = self._raw_from(index)
        end = index + rest.index(b">") + 1 if rest.startswith(b"</") else index
        self._between(index)
        self._out.append(Foot(index, end, rest[: end - index]))
        self.done = end
        self._in_stream = False

    def _between(self, end: int, reason: str = "text between first-level elements") -> None:
        """Account for the bytes between the last piece and *end*, which expat has taken without an element."""
        raw = self._joined(self.done, end)
        if not raw:
            return
        if raw.strip(_SPACES):
            at = self._refusal.at if self._refusal.reason else self.done
            self._out.append(Bad(self.done, end, at, self._refusal.take() or reason, raw[:SHOWN]))
        else:
            self._out.append(Space(self.done, end, raw))
        self.done = end

    def _namespace(self, prefix: str | None, uri: str | None) -> None:
        self._xmlns[prefix or ""] = uri or ""

    def _position(self) -> int:
        return self._parser.CurrentByteIndex + self._delta

    def _leave(self) -> None:
        raise _StoppedError

    def _begin_parser(self, at: int, prime: bytes) -> None:
        """Start expat at the absolute offset *at*, inside the stream whose start tag is *prime* if there is one."""
        parser = new_parser()
        self._parser = parser
        self._asleep = False
        self._tree = Tree(self._sensitive_names)
        self._xmlns = {}
        self._since_fresh = 0
        self._next_look = bounds.ELEMENTS * 4
        self._in_stream = bool(prime)
        self._delta = at
        if prime:
            opening = prime[:-2].rstrip() + b">" if prime.endswith(b"/>") else prime
            parser.Parse(opening, False)
            self._delta = at - len(opening)
        else:
            parser.StartNamespaceDeclHandler = self._namespace
        self._tree.install(parser, self._begin, self._complete, self._foot)
        self._refusal = Refusal(parser, self._position, self._leave)

    def _parse(self, position: int) -> None:
        """Feed the current chunk from *position* on, through as many documents as it holds."""
        while True:
            if position < 0:
                self._chunk = self._joined(self.done, self.at)
                self._chunk_at = self.done
                self._held.clear()
                position = 0
            if not self._in_stream and self.done == self._chunk_at + position:
                position = self._skip_spaces(position)
            data = self._chunk[position:] if position else self._chunk
            try:
                self._parser.Parse(data, False)
            except _StoppedError:
                if self._refusal.reason:
                    self._fault(self._refusal.at, self._refusal.reason)
                    return
                self._stop()
                return
            except _RestartError as restart:
                self.done = self._document_at
                self._begin_parser(self.done, restart.prime)
            except ExpatError as error:
                if not self._pass_error(error):
                    return
            else:
                return
            position = self.done - self._chunk_at

    def _pass_error(self, error: ExpatError) -> bool:
        """Tell whether expat only met a new document here; otherwise report the fault."""
        at = self._parser.ErrorByteIndex + self._delta
        expected = _MISPLACED_DECLARATION if self._in_stream else _JUNK_AFTER_ROOT
        new_document = error.code == expected and not self._tree.stack
        if new_document and self.done <= at < self.at:
            self._between(at)
            self._begin_parser(at, b"")
            return True
        self._fault(at, plain_reason(error.code))
        return False

    def _skip_spaces(self, position: int) -> int:
        """Pass white space where a document may begin (expat wants none before a declaration)."""
        rest = self._chunk[position:]
        spaces = len(rest) - len(rest.lstrip(_SPACES))
        if spaces:
            self._out.append(Space(self.done, self.done + spaces, rest[:spaces]))
            self.done += spaces
        if self.done != self._delta:
            self._begin_parser(self.done, b"")
        return position + spaces

    def _stop(self) -> None:
        self.rest = self._chunk[self.done - self._chunk_at :]
        self.at = self.done
        self.stopped = True

    def _fault(self, at: int, reason: str) -> None:
        """Report what expat cannot pass; the bytes from *at* on stay in `rest`."""
        raw = self._joined(self.done, self.at)
        end = min(max(at + 1, self.done + 1), self.at)
        size = end - self.done
        self._out.append(Bad(self.done, end, at, reason, raw[: min(size, SHOWN)]))
        self.rest = raw[size:]
        self.done = self.at = end
        self.broken = True

    def _hold(self) -> None:
        """Keep what is not complete, within bounds; white space at depth one is complete."""
        tail = self._chunk[max(self.done - self._chunk_at, 0) :]
        if self.done >= self._chunk_at:
            self._held.clear()
            if not self._tree.stack and not tail.strip(_SPACES):
                self._out.append(Space(self.done, self.at, tail))
                self.done = self.at
                return
        size = self.at - self.done
        if size > self._bound():
            unit = "first-level element" if self._in_stream else "stream header"
            self._fault(self.at - 1, f"{unit} longer than {self._bound()} bytes")
            return
        if size > bounds.SMALL and self._tree.stack and not self._refusal.reason:
            self._look(size)
        token = self.at - (self._parser.CurrentByteIndex + self._delta)
        if token > bounds.OPEN_TOKEN:
            self._open_tag = OpenTag(self.at, self._raw_from(self.at - token))
        if tail:
            self._held.append(tail)

    def _bound(self) -> int:
        return bounds.STANZA if self._in_stream else bounds.HEADER

    def _look(self, size: int) -> None:
        """See whether an unfinished element of *size* bytes exceeds a bound already; if so, build it no further."""
        if len(self._tree.stack) > bounds.DEPTH:
            self._refusal.note(bounds.TOO_DEEP)
        elif size > self._next_look:
            self._next_look = 2 * size
            self._refusal.note_excess(self._element)
        if self._refusal.reason:
            self._tree.drop(self._parser, self._complete)

    def _raw_from(self, start: int) -> bytes:
        return self._joined(start, self._chunk_at + len(self._chunk))

    def _joined(self, start: int, end: int) -> bytes:
        """Return the bytes of the absolute range, from the current chunk and, where needed, those held before it."""
        chunk_at = self._chunk_at
        if start >= chunk_at:
            return self._chunk[start - chunk_at : end - chunk_at]
        parts, begin = [self._chunk], chunk_at
        for part in reversed(self._held):
            if begin <= start:
                break
            parts.append(part)
            begin -= len(part)
        return b"".join(reversed(parts))[start - begin : end - begin]
