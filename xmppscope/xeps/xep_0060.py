"""Publish-Subscribe (XEP-0060) and Personal Eventing (XEP-0163): items by id, options, and why an event comes.

Payloads of items go to the extensions that they are of. Affiliations and the configuration of nodes are told by their
number and names; collections and approvals are left out.
"""

from functools import partial
from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps import xep_0004, xep_0059
from xmppscope.xeps.capabilities import notified
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import address, children, listed, short, word

PUBSUB: Final = "http://jabber.org/protocol/pubsub"
OWNER: Final = f"{PUBSUB}#owner"
EVENT: Final = f"{PUBSUB}#event"

MOST_ITEMS: Final = 8
"""How many items of a stanza are looked into."""

_ERRORS: Final = f"{PUBSUB}#errors"
_ITEM: Final = expanded(PUBSUB, "item")
_OPTIONS: Final = expanded(PUBSUB, "publish-options")
_EVENT_ITEM: Final = expanded(EVENT, "item")
_RETRACT: Final = expanded(EVENT, "retract")
_TOLD: Final = ("access_model", "persist_items", "max_items", "send_last_published_item", "notify_retract")
_CONDITIONS: Final = {
    "precondition-not-met": ("7.1.5", "the node is configured otherwise than the publish options ask for"),
    "item-required": ("7.1.3.7", "an item is missing"),
    "payload-required": ("7.1.3.7", "the item has no payload"),
    "invalid-payload": ("7.1.3.6", "the payload is not of the node's type, or there is more than one"),
    "payload-too-big": ("7.1.3.5", "the payload is too big"),
    "max-items-exceeded": ("7.1.3.4", "more items than the node may have"),
    "not-subscribed": ("6.2.3.2", "there is no subscription that could be ended or changed"),
    "presence-subscription-required": ("6.1.3.2", "the node is open only to contacts that get the owner's presence"),
    "not-in-roster-group": ("6.1.3.3", "the node is open only to certain roster groups of the owner"),
    "closed-node": ("6.1.3.4", "the node is open only to a whitelist"),
    "nodeid-required": ("7.2.3.3", "no node is named"),
    "subid-required": ("6.2.3.1", "several subscriptions are there: one must be named by its subid"),
    "invalid-subid": ("6.2.3.5", "no subscription has this subid"),
    "pending-subscription": ("6.1.3.7", "the subscription waits for approval already"),
    "too-many-subscriptions": ("6.1.3.9", "there are too many subscriptions"),
}


def _pubsub(met: Met, pubsub: Element) -> None:
    if met.entry.name != "iq":
        return
    for action in pubsub.children[:2]:
        teller = _ACTIONS.get(action.local)
        if teller is not None:
            teller(met, action)
    if met.entry.type == "set":
        options = pubsub.child(_OPTIONS) or pubsub.child(expanded(PUBSUB, "configure"))
        if options is not None:
            _configured(met, options, "only if the node has" if options.name == _OPTIONS else "with")
    xep_0059.page(met, pubsub)


def _configured(met: Met, options: Element, words: str) -> None:
    """§7.1.5: publish options are a precondition, for most services also the configuration of a new node."""
    values = xep_0004.first(options.child(xep_0004.FORM))
    found = [f"{name} {values[f'pubsub#{name}']}" for name in _TOLD if values.get(f"pubsub#{name}")]
    if found:
        met.note(f"{words} {listed(found)}", "XEP-0060 §7.1.5" if words.startswith("only") else "XEP-0060 §8.2")


def _ids(items: list[Element]) -> list[str]:
    """Return the ids of items, but for "current", which only says that the node has one item (XEP-0060 §12.20)."""
    return [item.attrs["id"] for item in items if item.attrs.get("id", "current") != "current"]


def _publish(met: Met, publish: Element) -> None:
    items = children(publish, _ITEM)
    ids = _ids(items)
    if met.entry.type == "set":
        if ids:
            met.note(f"item {listed(ids, 3)}", "XEP-0060 §7.1")
        met.expect(partial(_published, node=short(publish.attrs.get("node", "")), entry=met.entry.entry))
        _payloads(met, items)
    elif ids:
        met.note(f"stored as item {listed(ids, 3)}", "XEP-0060 §7.1.2")


def _published(met: Met, _payload: Element, *, node: str, entry: int) -> None:
    if met.entry.type == "result":
        subject = f"{address(met.entry.from_ or 'own account')} {node}"
        met.change("node", "published", (entry,), subject=subject)


def _items(met: Met, items: Element) -> None:
    found = children(items, _ITEM)
    if met.entry.type == "get":
        ids = [item.attrs["id"] for item in found if item.attrs.get("id")]
        if ids:
            met.note(f"only item {listed(ids, 3)}", "XEP-0060 §6.5.8")
        elif items.attrs.get("max_items"):
            met.note(f"at most {word(items.attrs['max_items'])}", "XEP-0060 §6.5.7")
        return
    _payloads(met, found)


def _retract(met: Met, retract: Element) -> None:
    ids = [item.attrs.get("id", "?") for item in children(retract, _ITEM)]
    if met.entry.type == "set" and ids:
        notify = ", and subscribers are told" if retract.attrs.get("notify") in ("true", "1") else ""
        met.note(f"item {listed(ids, 3)}{notify}", "XEP-0060 §7.2")


def _subscribe(met: Met, subscribe: Element) -> None:
    jid = subscribe.attrs.get("jid", "")
    if met.entry.type == "set" and jid:
        subid = f", subscription {short(subscribe.attrs['subid'])}" if subscribe.attrs.get("subid") else ""
        met.note(f"for {address(jid)}{subid}", "XEP-0060 §6.1" if subscribe.local == "subscribe" else "XEP-0060 §6.2")


def _subscription(met: Met, subscription: Element) -> None:
    attrs = subscription.attrs
    if attrs.get("subid"):
        met.note(f"subscription {short(attrs['subid'])} of {address(attrs.get('jid', '?'))}", "XEP-0060 §6.1.2")
    node, state = attrs.get("node", ""), attrs.get("subscription")
    if state:
        met.change("pubsub subscription", word(state), subject=f"{address(met.entry.from_ or '')} {short(node)}")


def _payloads(met: Met, items: list[Element]) -> None:
    for item in items[:MOST_ITEMS]:
        met.place.item(met, item)


def _event(met: Met, event: Element) -> None:
    if met.entry.name != "message":
        return
    for part in event.children[:1]:
        node = part.attrs.get("node", "")
        ids = _ids([one for one in part.children if one.name in (_EVENT_ITEM, _RETRACT)])
        if part.local == "items" and ids:
            taken_back = all(one.name == _RETRACT for one in part.children)
            met.note(f"item {listed(ids, 3)}", f"XEP-0060 §{'7.2.2.1' if taken_back else '7.1.2.1'}")
        if met.received and met.c2s and node:
            _reason(met, node)
        _payloads(met, children(part, _EVENT_ITEM))


def _reason(met: Met, node: str) -> None:
    """XEP-0163 §4.3: to a contact's or the own account's node nobody subscribes; interest is announced by caps."""
    why = notified(met, node)
    if why is not None and "@" in (met.entry.from_ or "@"):
        met.note(f"sent because the client announces interest in it (#{why})", "XEP-0163 §4.3")


def _refused(met: Met, condition: Element) -> None:
    section, text = _CONDITIONS[condition.local]
    met.note(text, f"XEP-0060 §{section}")


def _unsupported(met: Met, condition: Element) -> None:
    feature = condition.attrs.get("feature")
    if feature:
        met.note(f"the service does not support {word(feature)}", "XEP-0060 §10")


_ACTIONS: Final = {
    "publish": _publish,
    "items": _items,
    "retract": _retract,
    "subscribe": _subscribe,
    "unsubscribe": _subscribe,
    "subscription": _subscription,
}

EXTENSION: Final = Extension(
    number="0060",
    title="Publish-Subscribe",
    namespaces=(PUBSUB, OWNER, EVENT),
    elements={
        expanded(PUBSUB, "pubsub"): _pubsub,
        expanded(OWNER, "pubsub"): _pubsub,
        expanded(EVENT, "event"): _event,
    },
    errors={
        **{expanded(_ERRORS, local): _refused for local in _CONDITIONS},
        expanded(_ERRORS, "unsupported"): _unsupported,
    },
)
