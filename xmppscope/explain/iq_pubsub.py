"""What an iq says about nodes and their items: XEP-0060, and XEP-0163 where no service is named."""

from typing import Final

from xmppscope.explain.context import Context, plural
from xmppscope.explain.iq_table import Tables
from xmppscope.explain.wording import node_name
from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.plaintext import visible

_PUBSUB: Final = f"http://jabber.org/protocol/pubsub{SEPARATOR}pubsub"
_OWNER: Final = f"http://jabber.org/protocol/pubsub#owner{SEPARATOR}pubsub"
_GET: Final = {
    "items": "get the items of",
    "subscriptions": "get the subscriptions to",
    "affiliations": "get the affiliations with",
    "options": "get the subscription options of",
    "default": "get the default configuration of",
    "configure": "get the configuration of",
}
_SET: Final = {
    "publish": "publish",
    "create": "create",
    "retract": "take back items of",
    "subscribe": "subscribe to",
    "unsubscribe": "unsubscribe from",
    "options": "set the subscription options of",
    "configure": "configure",
    "delete": "delete",
    "purge": "empty",
    "subscriptions": "change the subscriptions to",
    "affiliations": "change the affiliations with",
}


def _ask(words: dict[str, str], payload: Element, who: str) -> str:
    at = f" at {who}" if who else ""
    if not payload.children:
        return f"ask nothing of pubsub{at}"
    action = payload.children[0]
    verb = words.get(action.local) or visible(action.local)
    node = action.attrs.get("node")
    if node is None:
        return f"{verb} {'a node of any name' if action.local == 'create' else 'all nodes'}{at}"
    text = f"{verb} {node_name(node)}{at}"
    if action.local == "publish" and len(action.children) > 1:
        text += f", {plural(len(action.children), 'item')}"
    return text


def _get(payload: Element, who: str, _context: Context) -> str:
    return _ask(_GET, payload, who)


def _set(payload: Element, who: str, _context: Context) -> str:
    return _ask(_SET, payload, who)


def _result(payload: Element, _context: Context) -> str:
    if not payload.children:
        return "nothing of pubsub"
    answer = payload.children[0]
    node = node_name(answer.attrs.get("node", ""))
    local = answer.local
    if local == "items":
        return f"{plural(len(answer.children), 'item')} of {node}"
    if local == "publish":
        return f"published {node}"
    if local == "create":
        return f"created {node}"
    if local == "subscription":
        return f"subscription to {node}: {visible(answer.attrs.get('subscription', '?'))}"
    if local in {"subscriptions", "affiliations"}:
        return f"{len(answer.children)} {local}"
    return f"{visible(local)} of {node}"


TABLES: Final = Tables(
    get={_PUBSUB: _get, _OWNER: _get},
    set={_PUBSUB: _set, _OWNER: _set},
    result={_PUBSUB: _result, _OWNER: _result},
    empty={},
)
