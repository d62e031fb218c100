"""Replaces the secrets in the exact bytes of one element by ``…`` and leaves every other byte as it was sent.

The element is parsed once more, with the prefixes of its stream header around it, and each secret is found by where it
stands in the XML (`names`): so an entity, a character reference or a CDATA section hides nothing. All SASL data is
masked unless the mechanism is known to exchange no secret: SCRAM's first messages are none, but salt and nonces are
what guessing a password from the proof needs. What is not well-formed never comes here; should the parser refuse an
element all the same, all of it is masked.
"""

from pyexpat import ExpatError, ParserCreate, XMLParserType
from typing import Final

from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.timeline import Sender
from xmppscope.redact import names
from xmppscope.redact.attributes import attribute, tag_end, url_secrets

MASK: Final = "…".encode()
_REMEMBERED: Final = 256
_EMPTY_SASL: Final = b"="
"""RFC 6120 §6.4.2: "If the initiating entity needs to send a zero-length initial response, it MUST transmit the
response as a single equals sign character ('='), which indicates that the response is present but contains no data."
"""


class Redactor:
    """Masks the elements of one connection, which it must see in their order.

    It remembers the SASL mechanism of each attempt and the form fields that were once declared ``text-private``: the
    form that is sent back need not repeat a field's type (XEP-0004). Beyond 256 such names, every untyped field
    of a submitted form is masked.
    """

    def __init__(self) -> None:
        self.mechanism = ""
        self._private: set[str] = set()

    def redact(self, _sender: Sender, element: Element, raw: bytes, xmlns: dict[str, str]) -> tuple[bytes, bool]:
        """Return *raw* with its secrets masked, and whether there were any.

        *xmlns* maps the prefixes that the stream header declares (the empty one included) to their namespaces.
        """
        pass_ = _Pass(self, raw, xmlns)
        try:
            spans = pass_.secrets()
        except ExpatError:
            return MASK, True
        if element.name in names.MECHANISM:
            self.mechanism = element.attrs.get("mechanism", "")
        if not spans:
            return raw, False
        pieces: list[bytes] = []
        done = 0
        for start, end in spans:
            pieces += (raw[done:start], MASK)
            done = end
        pieces.append(raw[done:])
        return b"".join(pieces), True

    def is_private(self, field: dict[str, str]) -> bool:
        """Tell whether the values of a data form field are secrets, and remember it if its type says so."""
        var = field.get("var", "")
        if field.get("type") == "text-private":
            if len(self._private) < _REMEMBERED:
                self._private.add(var)
            return True
        if var.lower() in names.FIELD_NAMES or var in self._private:
            return True
        return len(self._private) >= _REMEMBERED and "type" not in field


class _Open:
    """An element that has begun: the index behind its start tag, and what is to be masked in it."""

    __slots__ = ("content", "field", "inner", "text")

    def __init__(self, inner: int, content: str, field: bool) -> None:
        self.inner = inner
        self.content = content
        self.field = field
        self.text = False


class _Pass:
    """One parse of one element."""

    def __init__(self, redactor: Redactor, raw: bytes, xmlns: dict[str, str]) -> None:
        self._redactor = redactor
        self._raw = raw
        self._around = _start_tag(xmlns)
        self._delta = -len(self._around)
        self._mechanism = redactor.mechanism
        self._stack: list[_Open] = []
        self._spans: list[tuple[int, int]] = []
        self._masked_until = 0
        self._parser: XMLParserType = ParserCreate("utf-8", SEPARATOR)

    def secrets(self) -> list[tuple[int, int]]:
        """Return the byte ranges of the secrets, in order and apart from each other."""
        parser = self._parser
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        # In one piece and as the last one: newer expats put off what they are given bit by bit.
        parser.Parse(self._around + self._raw + b"</x>", True)
        spans: list[tuple[int, int]] = []
        for start, end in sorted(self._spans, key=lambda span: (span[0], -span[1])):
            if not spans or start >= spans[-1][1]:
                spans.append((start, end))
        return spans

    def _start(self, name: str, attrs: dict[str, str]) -> None:
        start = self._parser.CurrentByteIndex + self._delta
        if start < 0:
            self._stack.append(_Open(0, "", False))
            return
        misnamed = start == 0 and names.is_misnamed_login(name)
        inner = tag_end(self._raw, start) if misnamed or name in names.SENSITIVE or self._in_field() else start
        if name in names.MECHANISM:
            self._mechanism = attrs.get("mechanism", "")
        for secret in names.ATTRIBUTES.get(name, ()):
            if attrs.get(secret):
                self._spans.append(attribute(self._raw, start, inner, secret))
        if name in names.SLOT and "url" in attrs:
            self._spans += url_secrets(self._raw, *attribute(self._raw, start, inner, "url"))
        field = name == names.FIELD and self._redactor.is_private(attrs)
        self._stack.append(_Open(inner, "all" if misnamed else self._content(name, attrs), field))

    def _content(self, name: str, attrs: dict[str, str]) -> str:
        """Return what of an element's content is a secret: `all`, `sasl`, its own `text`, a `url`, or nothing."""
        if name in names.CONTENT or (name == names.VALUE and self._in_field()):
            return "all"
        if name in names.EXCHANGE:
            return "" if self._mechanism in names.HARMLESS else "sasl"
        if name in names.HEADER:
            return "all" if attrs.get("name", "").strip().lower() in names.HEADER_NAMES else ""
        if name in names.KEYS:
            return "text"
        return "url" if name in names.SLOT else ""

    def _text(self, text: str) -> None:
        if not text.isspace():
            self._stack[-1].text = True

    def _end(self, _name: str) -> None:
        opened = self._stack.pop()
        if not opened.content:
            return
        end = self._parser.CurrentByteIndex + self._delta
        if end <= opened.inner or (opened.content == "sasl" and self._raw[opened.inner : end] == _EMPTY_SASL):
            return
        if opened.content == "url":
            if opened.text:
                self._spans += url_secrets(self._raw, opened.inner, end)
        elif opened.content != "text" or opened.text:
            self._spans.append((opened.inner, end))

    def _in_field(self) -> bool:
        return bool(self._stack) and self._stack[-1].field


def _start_tag(xmlns: dict[str, str]) -> bytes:
    """Return a start tag that declares what the stream header declared."""
    parts = ["<x"]
    for prefix, uri in xmlns.items():
        if prefix != "xml":
            value = uri.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
            parts.append(f' xmlns:{prefix}="{value}"' if prefix else f' xmlns="{value}"')
    parts.append(">")
    return "".join(parts).encode()
