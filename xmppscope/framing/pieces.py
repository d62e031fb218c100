"""What a framer hands over: pieces of one direction's cleartext, each with its absolute byte range."""

from typing import Final

import msgspec

from xmppscope.model.element import Element

SHOWN: Final = 64
"""How many bytes of unreadable data a piece carries along."""


class Head(msgspec.Struct, gc=False):
    """A stream header: its start tag, with the XML declaration if one was sent, and the prefixes that it declares."""

    element: Element
    xmlns: dict[str, str]
    start: int
    end: int
    raw: bytes


class Item(msgspec.Struct, gc=False):
    """A complete first-level element; `sensitive` says that it holds an element that may carry a secret.

    `late` is set where the element follows a hole and had to wait for the proof that it is not nested.
    """

    element: Element
    start: int
    end: int
    raw: bytes
    sensitive: bool = False
    late: bool = False


class Foot(msgspec.Struct, gc=False):
    """The closing tag of the stream (empty where the header was an empty-element tag)."""

    start: int
    end: int
    raw: bytes


class Space(msgspec.Struct, gc=False):
    """White space between first-level elements (RFC 6120 §4.6.1)."""

    start: int
    end: int
    raw: bytes


class Bad(msgspec.Struct, gc=False):
    """Bytes that are no XMPP: `raw` holds the first of them, `at` is where in the stream the fault was noticed."""

    start: int
    end: int
    at: int
    reason: str
    raw: bytes


class Torn(msgspec.Struct, gc=False):
    """Bytes that were captured but belong to an element that was not captured whole: `raw` holds the first of them."""

    start: int
    end: int
    reason: str
    raw: bytes


Piece = Head | Item | Foot | Space | Bad | Torn
