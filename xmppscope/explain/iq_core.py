"""What an iq says about resources, contacts and abilities: RFC 6120 §7, RFC 6121 §2, XEP-0030, 0050, 0092, 0199."""

from typing import Final

from xmppscope.explain.context import Context, duration, plural
from xmppscope.explain.iq_table import Tables
from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.namespaces import BIND, ROSTER, SESSION
from xmppscope.model.plaintext import quote, visible
from xmppscope.session.roles import COMPONENT_BIND

_BIND: Final = f"{BIND}{SEPARATOR}bind"
_HOSTNAME: Final = f"{COMPONENT_BIND}{SEPARATOR}bind"
_HOSTNAME_TEXT: Final = f"{COMPONENT_BIND}{SEPARATOR}hostname"
_SESSION: Final = f"{SESSION}{SEPARATOR}session"
ROSTER_QUERY: Final = f"{ROSTER}{SEPARATOR}query"
_INFO: Final = f"http://jabber.org/protocol/disco#info{SEPARATOR}query"
_ITEMS: Final = f"http://jabber.org/protocol/disco#items{SEPARATOR}query"
_PING: Final = f"urn:xmpp:ping{SEPARATOR}ping"
_VERSION: Final = f"jabber:iq:version{SEPARATOR}query"
_TIME: Final = f"urn:xmpp:time{SEPARATOR}time"
_LAST: Final = f"jabber:iq:last{SEPARATOR}query"
_COMMAND: Final = f"http://jabber.org/protocol/commands{SEPARATOR}command"
_ITEMS_SHOWN: Final = 5


def _bind(payload: Element, _who: str, _context: Context) -> str:
    resource = payload.child_text(f"{BIND}{SEPARATOR}resource")
    return f"bind resource {quote(resource)}" if resource else "bind a resource of the server's choice"


def _hostname(payload: Element, _who: str, _context: Context) -> str:
    return f"bind the hostname {visible(payload.child_text(_HOSTNAME_TEXT) or '?')}"


def _named(payload: Element, _context: Context) -> str:
    return f"bound {visible(payload.child_text(_HOSTNAME_TEXT) or '?')}"


def _bound(payload: Element, context: Context) -> str:
    jid = payload.child_text(f"{BIND}{SEPARATOR}jid")
    if not jid:
        return "bound, but to no JID"
    context.jid = jid.strip()
    return f"bound {visible(context.jid)}"


def _roster_set(payload: Element, who: str, context: Context) -> str:
    push = who == "the client"
    items = [_item(item, context) for item in payload.children[:_ITEMS_SHOWN]]
    what = "; ".join(items) or "nothing in it"
    return f"roster push: {what}" if push else f"change the roster: {what}"


def _item(item: Element, context: Context) -> str:
    attrs = item.attrs
    who = context.short(attrs.get("jid", "?"))
    subscription = attrs.get("subscription")
    if subscription == "remove":
        return f"{who} removed"
    parts = [f"{who} now {visible(subscription)}" if subscription else who]
    if "ask" in attrs:
        parts.append(f"ask {visible(attrs['ask'])}")
    if attrs.get("name"):
        parts.append(f"named {quote(attrs['name'])}")
    groups = [quote(child.text) for child in item.children if child.local == "group"]
    if groups:
        parts.append(f"in {', '.join(groups)}")
    return ", ".join(parts)


def _roster(payload: Element, _context: Context) -> str:
    return f"roster: {plural(len(payload.children), 'contact')}"


def _info(payload: Element, who: str, _context: Context) -> str:
    node = payload.attrs.get("node")
    text = f"ask {who or 'the own account'} what it can do"
    return f"{text}, node {quote(node)}" if node else text


def _can(payload: Element, _context: Context) -> str:
    identities: list[str] = []
    features = 0
    for child in payload.children:
        if child.local == "feature":
            features += 1
        elif child.local == "identity":
            attrs = child.attrs
            name = attrs.get("name")
            kind = f"{visible(attrs.get('category', '?'))}/{visible(attrs.get('type', '?'))}"
            identities.append(f"{kind} {quote(name)}" if name else kind)
    what = ", ".join(identities[:_ITEMS_SHOWN]) or "no identity"
    return f"{what}; {plural(features, 'feature')}"


def _items(payload: Element, who: str, _context: Context) -> str:
    node = payload.attrs.get("node")
    if node == "http://jabber.org/protocol/commands":
        return f"ask {who or 'the own account'} which commands it has"
    text = f"ask {who or 'the own account'} what belongs to it"
    return f"{text}, node {quote(node)}" if node else text


def _belongs(payload: Element, context: Context) -> str:
    items = [context.short(child.attrs.get("jid", "?")) for child in payload.children[:_ITEMS_SHOWN]]
    count = len(payload.children)
    if not count:
        return "nothing belongs to it"
    return f"{plural(count, 'item')}: {', '.join(items)}" + (", …" if count > _ITEMS_SHOWN else "")


def _pong(_payload: Element, _context: Context) -> str:
    return "pong"


def _version(payload: Element, _context: Context) -> str:
    values = {child.local: child.text for child in payload.children}
    text = f"runs {quote(values.get('name', ''))} {quote(values.get('version', ''))}"
    return f"{text} on {quote(values['os'])}" if values.get("os") else text


def _time(payload: Element, _context: Context) -> str:
    values = {child.local: visible(child.text) for child in payload.children}
    return f"it is {values.get('utc', '?')}, zone {values.get('tzo', '?')}"


def _last(payload: Element, _context: Context) -> str:
    seconds = payload.attrs.get("seconds", "")
    known = seconds.isascii() and seconds.isdigit() and len(seconds) < 12
    text = f"idle for {duration(int(seconds))}" if known else "idle for an unknown time"
    return f"{text}: {quote(payload.text)}" if payload.text else text


def _command(payload: Element, who: str, _context: Context) -> str:
    action = payload.attrs.get("action", "execute")
    words = {"execute": "run", "cancel": "cancel", "complete": "complete", "next": "go on with", "prev": "go back in"}
    node = quote(payload.attrs.get("node", ""))
    return f"{words.get(action) or visible(action)} command {node}" + (f" at {who}" if who else "")


def _command_result(payload: Element, _context: Context) -> str:
    status = {"completed": "completed", "executing": "wants more", "canceled": "canceled"}
    shown = payload.attrs.get("status", "?")
    note = next((child.text for child in payload.children if child.local == "note"), "")
    text = f"command {quote(payload.attrs.get('node', ''))} {status.get(shown) or visible(shown)}"
    return f"{text}: {quote(note)}" if note else text


TABLES: Final = Tables(
    get={
        ROSTER_QUERY: "get the roster",
        _INFO: _info,
        _ITEMS: _items,
        _PING: "ping {who}",
        _VERSION: "ask {who} which software it runs",
        _TIME: "ask {who} for its time",
        _LAST: "ask {who} how long it has been idle",
    },
    set={
        _BIND: _bind,
        _HOSTNAME: _hostname,
        _SESSION: "start the session",
        ROSTER_QUERY: _roster_set,
        _PING: "ping {who}, with type set",
        _COMMAND: _command,
    },
    result={
        _BIND: _bound,
        _HOSTNAME: _named,
        ROSTER_QUERY: _roster,
        _INFO: _can,
        _ITEMS: _belongs,
        _PING: _pong,
        _VERSION: _version,
        _TIME: _time,
        _LAST: _last,
        _COMMAND: _command_result,
    },
    empty={
        _PING: "pong",
        _SESSION: "session started",
        ROSTER_QUERY: "roster up to date",
    },
)
