"""What an iq says about rooms: configuration, and who may do what in them (XEP-0045 §8 to §10)."""

from typing import Final

from xmppscope.explain.context import Context, plural
from xmppscope.explain.iq_table import Tables
from xmppscope.explain.wording import DATA_FORM
from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.plaintext import quote, visible

_OWNER_NS: Final = "http://jabber.org/protocol/muc#owner"
_ADMIN_NS: Final = "http://jabber.org/protocol/muc#admin"
_OWNER: Final = f"{_OWNER_NS}{SEPARATOR}query"
_ADMIN: Final = f"{_ADMIN_NS}{SEPARATOR}query"
_UNIQUE: Final = f"http://jabber.org/protocol/muc#unique{SEPARATOR}unique"
_REASON: Final = f"{_ADMIN_NS}{SEPARATOR}reason"
_SHOWN: Final = 5


def _configure(payload: Element, who: str, _context: Context) -> str:
    if payload.child(f"{_OWNER_NS}{SEPARATOR}destroy") is not None:
        return f"destroy {who}"
    form = payload.child(DATA_FORM)
    if form is None:
        return f"configure {who}"
    if form.attrs.get("type") == "cancel":
        return f"cancel the configuration of {who}"
    fields = sum(child.local == "field" for child in form.children)
    return f"configure {who}: {plural(fields, 'field')}" if fields else f"open {who} with the usual configuration"


def _configuration(payload: Element, _context: Context) -> str:
    form = payload.child(DATA_FORM)
    fields = 0 if form is None else sum(child.local == "field" for child in form.children)
    return f"configuration form, {plural(fields, 'field')}"


def _change(payload: Element, who: str, context: Context) -> str:
    return "; ".join(_item(item, who, context) for item in payload.children[:_SHOWN]) or f"change nothing in {who}"


def _item(item: Element, room: str, context: Context) -> str:
    attrs = item.attrs
    jid = attrs.get("jid")
    whom = quote(attrs["nick"]) if "nick" in attrs else context.short(jid) if jid else "somebody"
    role, affiliation = attrs.get("role"), attrs.get("affiliation")
    if role == "none":
        text = f"kick {whom} from {room}"
    elif affiliation == "outcast":
        text = f"ban {whom} from {room}"
    elif affiliation == "none":
        text = f"take the affiliation with {room} from {whom}"
    else:
        text = f"make {whom} {visible(role or affiliation or '?')} in {room}"
    reason = item.child_text(_REASON)
    return f"{text}: {quote(reason)}" if reason else text


def _ask_list(payload: Element, who: str, _context: Context) -> str:
    names = [
        visible(child.attrs.get("affiliation") or child.attrs.get("role") or "?") for child in payload.children[:4]
    ]
    return f"list who is {', '.join(names) or '?'} in {who}"


def _list(payload: Element, context: Context) -> str:
    items = payload.children
    shown = [context.short(item.attrs.get("jid") or item.attrs.get("nick", "?")) for item in items[:_SHOWN]]
    more = ", …" if len(items) > _SHOWN else ""
    count = plural(len(items), "person").replace("persons", "people")
    return f"{count}: {', '.join(shown)}{more}" if shown else "nobody"


TABLES: Final = Tables(
    get={_OWNER: "ask for the configuration of {who}", _ADMIN: _ask_list, _UNIQUE: "ask {who} for a room name"},
    set={_OWNER: _configure, _ADMIN: _change},
    result={_OWNER: _configuration, _ADMIN: _list},
    empty={_OWNER: "room configured", _ADMIN: "changed"},
)
