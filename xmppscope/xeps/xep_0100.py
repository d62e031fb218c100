"""Gateway Interaction (XEP-0100): which domains are gateways, who registers and logs in, whom an address stands for.

A gateway is known by its identity, or by `jabber:iq:gateway`, which nobody else speaks. From then on presence to it and
from it counts as logging in and out (§4.4, §4.5). An address behind a gateway holds another network's address, with the
`@` as `%` or escaped (§6.2, XEP-0106): what it stands for is noted where it is met first. `Addresses` makes that cheap:
nearly all stanzas have none, and each address is looked at once.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.jid import Jid
from xmppscope.model.namespaces import REGISTER
from xmppscope.model.plaintext import cut
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.xep_0030 import IDENTITY, INFO_QUERY
from xmppscope.xeps.xep_0106 import ESCAPED, unescaped

GATEWAY: Final = "jabber:iq:gateway"
_MOST_GATEWAYS: Final = 256
_MOST_ADDRESSES: Final = 4096
_SHOWN: Final = 100
_USERS: Final = "XEP-0100 §6.2"
_JID: Final = expanded(GATEWAY, "jid")
_PROMPT: Final = expanded(GATEWAY, "prompt")
_REMOVE: Final = expanded(REGISTER, "remove")

# Types of rooms that are those of another network (the registrar's, and what gateways say of themselves).
_NETWORKS: Final = frozenset({"irc", "discord", "facebook", "matrix", "mattermost", "sms", "telegram", "whatsapp"})

_LOGINS: Final[dict[str | None, tuple[str, str]]] = {
    None: ("logs the user in at the gateway", "XEP-0100 §4.4"),
    "unavailable": ("logs the user out at the gateway", "XEP-0100 §4.5"),
    "unsubscribe": ("leaves the gateway", "XEP-0100 §4.3"),
}
_ANSWERS: Final[dict[str | None, tuple[str, str]]] = {
    None: ("the gateway has logged the user in", "XEP-0100 §4.4"),
    "unavailable": ("the gateway has logged the user out", "XEP-0100 §4.5"),
    "subscribe": ("the gateway wants to know when the user is there", "XEP-0100 §4.1"),
}


class Addresses(dict[str | None, bool]):
    """Whether anything may have to be said of an address; *gateways* are the domains that are known as such."""

    def __init__(self, gateways: dict[str, str]) -> None:
        super().__init__()
        self._gateways = gateways

    def __missing__(self, address: str | None) -> bool:
        """Look at an address for the first time."""
        jid = Jid.parse(address or "")
        local = jid.localpart
        found = "%" in local or "\\" in local if local else jid.domainpart in self._gateways
        if len(self) >= _MOST_ADDRESSES:
            self.clear()
        self[address] = found
        return found


class Gateways:
    """The gateways of a capture: which network each leads to, by domain, empty where that is not known."""

    def __init__(self) -> None:
        self.forgotten = 0
        self.known: dict[str, str] = {}
        self.addresses = Addresses(self.known)

    def learn(self, domain: str, network: str = "") -> None:
        """Note that *domain* is a gateway."""
        if not domain or (domain in self.known and not network):
            return
        self.known[domain] = network
        self.addresses.clear()
        if len(self.known) > _MOST_GATEWAYS:
            del self.known[next(iter(self.known))]
            self.forgotten += 1

    def met(self, met: Met) -> None:
        """Take a stanza whose addresses may have something to tell."""
        entry, addresses = met.entry, self.addresses
        for address, answers in ((entry.to, False), (entry.from_, True)):
            if not addresses[address]:
                continue
            jid = Jid.parse(address or "")
            if jid.localpart:
                addresses[address] = False
                self._stands_for(met, jid, "sender" if answers else "recipient")
            elif entry.name == "presence":
                said = (_ANSWERS if answers else _LOGINS).get(entry.type)
                if said is not None:
                    met.note(*said)

    def _stands_for(self, met: Met, jid: Jid, who: str) -> None:
        local = jid.localpart
        if "%" in local:
            meant, section = "@".join(local.rsplit("%", 1)), _USERS
        elif ESCAPED.search(local):
            meant, section = unescaped(local), "XEP-0106 §4"
        else:
            return
        behind = ""
        if jid.domainpart in self.known:
            behind = f", behind the gateway {cut(jid.domainpart, _SHOWN)}"
        elif "%" in local:
            behind = f", if {cut(jid.domainpart, _SHOWN)} is a gateway"
        met.note(f"the {who} stands for {cut(meant, _SHOWN)}{behind}", section)


def _info(met: Met, query: Element) -> None:
    if met.entry.type != "result" or not met.entry.from_:
        return
    for child in query.children:
        if child.name != IDENTITY:
            continue
        category, network = child.attrs.get("category"), child.attrs.get("type", "")
        if category == "gateway" or (category == "conference" and network in _NETWORKS):
            met.capture.of(Gateways).learn(Jid.parse(met.entry.from_).domainpart, network)
            met.note(f"a gateway to {cut(network, _SHOWN) or 'another network'}", "XEP-0100 §4.1")
            return


def _register(met: Met, query: Element) -> None:
    entry, gateways = met.entry, met.capture.of(Gateways)
    to = Jid.parse(entry.to or "")
    if entry.type != "set" or to.localpart or to.domainpart not in gateways.known:
        return
    if query.child(_REMOVE) is not None:
        met.note("the gateway shall forget the user", "XEP-0100 §4.3")
    else:
        met.note("tells the gateway the user's account on the other network", "XEP-0100 §4.1")


def _ask(met: Met, query: Element) -> None:
    """Take a question for the JID of a contact on the other network, or its answer (§6.3)."""
    entry, answered = met.entry, met.entry.type == "result"
    address = entry.from_ if answered else entry.to
    if entry.type not in ("get", "set", "result"):
        return
    met.capture.of(Gateways).learn(Jid.parse(address or "").domainpart)
    jid, prompt = query.child_text(_JID), query.child_text(_PROMPT)
    if answered and jid:
        met.note(f"the contact's JID is {cut(jid.strip(), _SHOWN)}", "XEP-0100 §6.3")
    elif entry.type == "set" and prompt:
        met.note(f"asks for the JID of {cut(prompt.strip(), _SHOWN)}", "XEP-0100 §6.3")
    elif entry.type == "get":
        met.note("asks what the other network's addresses are called", "XEP-0100 §6.3")


EXTENSION: Final = Extension(
    number="0100",
    title="Gateway Interaction",
    namespaces=(GATEWAY,),
    elements={
        INFO_QUERY: _info,
        expanded(REGISTER, "query"): _register,
        expanded(GATEWAY, "query"): _ask,
    },
)
