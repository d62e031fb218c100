"""What an iq says about people's own data: vCards (XEP-0054, 0292), private storage (0049), search (0055)."""

from typing import Final

from xmppscope.explain.context import Context, plural
from xmppscope.explain.iq_table import Tables
from xmppscope.explain.registry import short_name
from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.plaintext import quote, visible

_VCARD: Final = f"vcard-temp{SEPARATOR}vCard"
_VCARD4: Final = f"urn:ietf:params:xml:ns:vcard-4.0{SEPARATOR}vcard"
_PRIVATE: Final = f"jabber:iq:private{SEPARATOR}query"
_SEARCH: Final = f"jabber:iq:search{SEPARATOR}query"
_GATEWAY: Final = f"jabber:iq:gateway{SEPARATOR}query"
_BITS: Final = f"urn:xmpp:bob{SEPARATOR}data"


def _vcard(_payload: Element, who: str, _context: Context) -> str:
    return f"get the vCard of {who}" if who else "get the own vCard"


def _card(payload: Element, _context: Context) -> str:
    for local in ("FN", "NICKNAME"):
        name = payload.child_text(f"vcard-temp{SEPARATOR}{local}")
        if name:
            return f"vCard of {quote(name)}"
    return "vCard without a name" if payload.children else "no vCard"


def _stored(payload: Element) -> str:
    names = [visible(short_name(child.ns)) for child in payload.children[:4]]
    return ", ".join(names) or "nothing"


def _get_private(payload: Element, _who: str, _context: Context) -> str:
    return f"get private data: {_stored(payload)}"


def _set_private(payload: Element, _who: str, _context: Context) -> str:
    return f"store private data: {_stored(payload)}"


def _private(payload: Element, _context: Context) -> str:
    count = sum(len(child.children) for child in payload.children)
    return f"private data: {_stored(payload)}, {plural(count, 'item')}"


def _hits(payload: Element, _context: Context) -> str:
    found = sum(child.local == "item" for child in payload.children)
    return f"found {plural(found, 'person').replace('persons', 'people')}" if found else "what can be searched for"


def _bits(payload: Element, who: str, _context: Context) -> str:
    return f"get data {quote(payload.attrs.get('cid', ''))}" + (f" from {who}" if who else "")


TABLES: Final = Tables(
    get={
        _VCARD: _vcard,
        _VCARD4: _vcard,
        _PRIVATE: _get_private,
        _SEARCH: "ask {who} what can be searched for",
        _GATEWAY: "ask {who} how it writes addresses",
        _BITS: _bits,
    },
    set={
        _VCARD: "publish the own vCard",
        _VCARD4: "publish the own vCard",
        _PRIVATE: _set_private,
        _SEARCH: "search {who} for people",
        _GATEWAY: "ask {who} to translate an address",
    },
    result={_VCARD: _card, _VCARD4: _card, _PRIVATE: _private, _SEARCH: _hits},
    empty={_VCARD: "vCard stored", _PRIVATE: "stored"},
)
