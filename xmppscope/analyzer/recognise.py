"""XMPP is recognised by content, on any port: what the first bytes of a direction say (RFC 6120 §4.2, RFC 8446 §5.1).

Other traffic is never claimed. A stream header is proof; in mid-stream an element must look like nothing but XMPP.
"""

import re
from enum import Enum, auto
from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.namespaces import (
    CLIENT,
    COMPRESS,
    DIALBACK,
    SASL,
    SASL2,
    SM3,
    STANZA_ERRORS,
    STREAM,
    TLS,
)

LONGEST: Final = 64
"""Bytes after which the first bytes of a direction are always decided."""

_XML: Final = re.compile(
    rb"[ \t\r\n]*(?:\xef\xbb\xbf)?[ \t\r\n]*<(?:\?xml[ \t\r\n]|(?:[A-Za-z_][\w.-]*:)?stream[ \t\r\n/>])"
)
_XML_BEGUN: Final = re.compile(
    rb"[ \t\r\n]*(?:\xef(?:\xbb(?:\xbf)?)?)?[ \t\r\n]*(?:<(?:\?(?:x(?:ml?)?)?|[A-Za-z_][\w.-]*(?::s?t?r?e?a?m?)?)?)?$"
)
_HTTP: Final = (
    b"GET ",
    b"POST ",
    b"PUT ",
    b"HEAD ",
    b"OPTIONS ",
    b"CONNECT ",
    b"DELETE ",
    b"PATCH ",
    b"HTTP/1.",
    b"PRI * ",
)
_SETTINGS: Final = re.compile(rb"(?s)\0\0.\x04[\0\x01]\0{4}")
_SETTINGS_BEGUN: Final = re.compile(rb"(?s)\0(?:\0(?:.(?:\x04(?:[\0\x01]\0{0,3})?)?)?)?\Z")
"""What a server begins HTTP/2 with, which needs no preface of its own (RFC 9113 §3.4)."""

_XMPP_NAMESPACES: Final = frozenset({STREAM, TLS, SASL, SASL2, SM3, COMPRESS, DIALBACK})
_IQ_TYPES: Final = frozenset({"get", "set", "result", "error"})


class First(Enum):
    """What the first bytes of a direction are."""

    UNDECIDED = auto()
    XML = auto()
    TLS = auto()
    HTTP = auto()
    OTHER = auto()


def recognise(data: bytes, *, last: bool = False) -> First:
    """Tell what *data*, the first bytes that one side sent, is the beginning of.

    With *last* no more of them will come, and it is decided by what there is.
    """
    if _XML.match(data):
        return First.XML
    if data[0] in (0x14, 0x15, 0x16) and data[1:2] in (b"", b"\x03"):
        return First.TLS if last or len(data) >= 2 else First.UNDECIDED
    if data.startswith(_HTTP) or _SETTINGS.match(data):
        return First.HTTP
    if _SETTINGS_BEGUN.match(data) and not last:
        return First.UNDECIDED
    if len(data) < LONGEST:
        if _XML_BEGUN.match(data):
            return First.XML if last else First.UNDECIDED
        if not last and any(word.startswith(data) for word in _HTTP):
            return First.UNDECIDED
    return First.OTHER


def is_xmpp(element: Element) -> bool:
    """Tell whether *element*, met without a stream header, can be nothing but XMPP."""
    if element.ns in _XMPP_NAMESPACES:
        return True
    if element.ns != CLIENT:
        return False
    attrs = element.attrs
    foreign = any(child.ns not in ("", CLIENT) for child in element.children) or _is_stanza_error(element)
    addressed = "to" in attrs or "from" in attrs
    if element.local == "iq":
        return attrs.get("type") in _IQ_TYPES and "id" in attrs and (addressed or foreign)
    if element.local == "message":
        return addressed and (foreign or element.child(f"{CLIENT}\nbody") is not None)
    return element.local == "presence" and addressed


def _is_stanza_error(element: Element) -> bool:
    """RFC 6120 §8.3.2: the condition stands in <error/>, which has the content namespace."""
    error = element.child(f"{CLIENT}\nerror")
    return error is not None and any(child.ns == STANZA_ERRORS for child in error.children)
