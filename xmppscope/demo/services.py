"""The iq requests that the server answers itself, for the server and for the user's account.

Whatever is not in the tables has the answer of RFC 6120 §8.4, `service-unavailable`: private storage, carbons,
archives, block lists and all else that a product would have.
"""

import platform
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from xmppscope.demo import names, roster, subscriptions
from xmppscope.demo.accounts import Accounts
from xmppscope.demo.errors import StanzaError
from xmppscope.demo.names import tag
from xmppscope.demo.sessions import Session
from xmppscope.demo.xml import Element, element

Service: TypeAlias = Callable[[Accounts, Session, Element], Element | None]

_FEATURES: Final = (names.DISCO_INFO, names.DISCO_ITEMS, names.PING, names.VERSION, names.ROSTER)


def answer(accounts: Accounts, session: Session, iq: Element, *, account: bool) -> Element | None:
    """Carry out a request to the server, or to the user's *account*; return what the result holds."""
    request = iq[0]
    table = _OF_THE_ACCOUNT if account else _OF_THE_SERVER
    service = table.get((iq.get("type") or "", str(request.tag)))
    if service is None:
        raise StanzaError("service-unavailable")
    return service(accounts, session, iq)


def _nothing(_accounts: Accounts, _session: Session, _iq: Element) -> None:
    """Do nothing: the empty result says it all."""


def _server_info(_accounts: Accounts, _session: Session, iq: Element) -> Element:
    if iq[0].get("node"):
        raise StanzaError("item-not-found")
    identity = {"category": "server", "type": "im", "name": "xmppscope demo"}
    return _info(identity, _FEATURES)


def _account_info(_accounts: Accounts, _session: Session, iq: Element) -> Element:
    if iq[0].get("node"):
        raise StanzaError("item-not-found")
    return _info({"category": "account", "type": "registered"}, (names.DISCO_INFO,))


def _info(identity: Mapping[str, str], features: tuple[str, ...]) -> Element:
    content = [element(names.DISCO_INFO, "identity", identity)]
    content += [element(names.DISCO_INFO, "feature", {"var": feature}) for feature in features]
    return element(names.DISCO_INFO, "query", None, *content)


def _items(_accounts: Accounts, _session: Session, _iq: Element) -> Element:
    return element(names.DISCO_ITEMS, "query")


def _version(_accounts: Accounts, _session: Session, _iq: Element) -> Element:
    name = element(names.VERSION, "name", None, "xmppscope demo")
    version = element(names.VERSION, "version", None, f"on Python {platform.python_version()}")
    return element(names.VERSION, "query", None, name, version)


def _roster(_accounts: Accounts, session: Session, _iq: Element) -> Element:
    session.interested = True
    return roster.query(session.account)


def _change_roster(accounts: Accounts, session: Session, iq: Element) -> None:
    item = roster.the_item(iq)
    if item.get("subscription") == "remove":
        subscriptions.remove(accounts, session.account, roster.address(item))
    else:
        roster.update(session.account, item)


def _no_vcard(_accounts: Accounts, _session: Session, _iq: Element) -> None:
    raise StanzaError("item-not-found")


_OF_THE_SERVER: Final[dict[tuple[str, str], Service]] = {
    ("get", tag(names.DISCO_INFO, "query")): _server_info,
    ("get", tag(names.DISCO_ITEMS, "query")): _items,
    ("get", tag(names.PING, "ping")): _nothing,
    ("get", tag(names.VERSION, "query")): _version,
    ("set", tag(names.SESSION, "session")): _nothing,
}

_OF_THE_ACCOUNT: Final[dict[tuple[str, str], Service]] = {
    ("get", tag(names.DISCO_INFO, "query")): _account_info,
    ("get", tag(names.DISCO_ITEMS, "query")): _items,
    ("get", tag(names.PING, "ping")): _nothing,
    ("set", tag(names.SESSION, "session")): _nothing,
    ("get", tag(names.ROSTER, "query")): _roster,
    ("set", tag(names.ROSTER, "query")): _change_roster,
    ("get", tag(names.VCARD, "vCard")): _no_vcard,
}
