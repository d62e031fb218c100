"""Summaries of iq stanzas (RFC 6120 §8.2.3): what is asked, what is set, what came of it.

What each payload means is in tables by subject (`iq_core`, `iq_account`, `iq_people`, `iq_rooms`, `iq_pubsub`,
`iq_media`); what no table knows is told by the short name of its namespace.
"""

from typing import Final

from xmppscope.explain import iq_account, iq_core, iq_media, iq_people, iq_pubsub, iq_rooms
from xmppscope.explain.condition import stanza_error
from xmppscope.explain.context import Context
from xmppscope.explain.iq_table import Ask, Tables, Tell
from xmppscope.explain.registry import short_name
from xmppscope.explain.wording import is_client
from xmppscope.model.element import Element
from xmppscope.model.jid import bare
from xmppscope.model.plaintext import visible
from xmppscope.model.timeline import INITIATING, Sender

_TABLES: Final[tuple[Tables, ...]] = (
    iq_core.TABLES,
    iq_account.TABLES,
    iq_people.TABLES,
    iq_rooms.TABLES,
    iq_pubsub.TABLES,
    iq_media.TABLES,
)
_ASKED: Final[dict[str, dict[str, Ask]]] = {
    "get": {name: ask for tables in _TABLES for name, ask in tables.get.items()},
    "set": {name: ask for tables in _TABLES for name, ask in tables.set.items()},
}
_RESULTS: Final[dict[str, Tell]] = {name: tell for tables in _TABLES for name, tell in tables.result.items()}
_EMPTY: Final[dict[str, str]] = {name: text for tables in _TABLES for name, text in tables.empty.items()}


def iq(element: Element, sender: Sender, context: Context) -> str:
    """Tell of an iq stanza of any type."""
    kind = element.attrs.get("type", "")
    asked = _ASKED.get(kind)
    if asked is not None:
        return _request(element, kind, asked, sender, context)
    if kind == "result":
        text = _result(element, sender, context)
    elif kind == "error":
        text = stanza_error(element)
    else:
        payload = element.children[0].ns if element.children else ""
        text = f"of no known type, with {visible(short_name(payload)) or 'nothing in it'}"
    if not is_client(element):
        from_ = element.attrs.get("from")
        return f"from {context.short(from_)}: {text}" if from_ else text
    return text


def _request(element: Element, kind: str, asked: dict[str, Ask], sender: Sender, context: Context) -> str:
    attrs = element.attrs
    to, from_ = attrs.get("to"), attrs.get("from")
    client = is_client(element)
    if client and sender != INITIATING:
        who = "the client"
        # What one's own account says is the server's own word: a roster push needs no sender.
        prefix = (
            "" if from_ is None or (context.jid and from_ == bare(context.jid)) else f"from {context.short(from_)}: "
        )
    else:
        who = "" if to is None else context.short(to)
        prefix = "" if client or from_ is None else f"from {context.short(from_)}: "
    if not element.children:
        return f"{prefix}ask nothing" + (f" of {who}" if who else "")
    payload = element.children[0]
    ask = asked.get(payload.name)
    if ask is None:
        name = visible(short_name(payload.ns) or payload.local)
        direction = "from" if kind == "get" else "at"
        return f"{prefix}{kind} {name}" + (f" {direction} {who}" if who else "")
    if isinstance(ask, str):
        return prefix + ask.format(who=who or "the server")
    return prefix + ask(payload, who, context)


def _result(element: Element, sender: Sender, context: Context) -> str:
    name = element.children[0].name if element.children else context.request or ""
    if name == iq_core.ROSTER_QUERY and sender == INITIATING:
        return "roster push accepted"
    if not element.children:
        return _EMPTY.get(name, "done")
    payload = element.children[0]
    tell = _RESULTS.get(payload.name)
    if tell is not None:
        return tell(payload, context)
    if not payload.children and not payload.text and not payload.attrs and payload.name in _EMPTY:
        return _EMPTY[payload.name]
    return f"answer of {visible(short_name(payload.ns) or payload.local)}"
