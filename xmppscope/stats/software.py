"""Which software the two ends of a connection say they are.

Told, the surest first, by an answer to a version request (XEP-0092), by an identity with a name (XEP-0030), by the node
of entity capabilities (XEP-0115), by the user agent of a login (XEP-0388 §2.1). Left out: other people's clients, and
what is said between servers.
"""

from collections.abc import Callable
from typing import Final

from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.jid import bare
from xmppscope.model.namespaces import SASL2
from xmppscope.model.timeline import INITIATING, Entry, Sender
from xmppscope.session.seen import About

_VERSION: Final = "jabber:iq:version"
_INFO: Final = "http://jabber.org/protocol/disco#info"
_CAPS: Final = f"http://jabber.org/protocol/caps{SEPARATOR}c"
_USER_AGENT: Final = f"{SASL2}{SEPARATOR}user-agent"
_SOFTWARE: Final = f"{SASL2}{SEPARATOR}software"
_LONGEST: Final = 200

SURE, NAMED, CAPS, AGENT = range(4, 0, -1)


class SoftwareNames:
    """What is known of one connection, by sender."""

    def __init__(self) -> None:
        self.names: dict[Sender, str] = {}
        self._sure: dict[Sender, int] = {}

    def iq(self, entry: Entry, payload: Element, about: About) -> None:
        """Take the payload of an iq result that `PAYLOADS` names."""
        if entry.sender == INITIATING or _is_server(entry.from_ or "", about):
            PAYLOADS[payload.name](self, entry.sender, payload)

    def presence(self, entry: Entry, presence: Element) -> None:
        """Take a presence of the client's own."""
        caps = presence.child(_CAPS) if entry.sender == INITIATING else None
        if caps is not None:
            self._note(INITIATING, caps.attrs.get("node", ""), CAPS)

    def login(self, authenticate: Element) -> None:
        """Take `<authenticate/>`."""
        agent = authenticate.child(_USER_AGENT)
        self._note(INITIATING, (None if agent is None else agent.child_text(_SOFTWARE)) or "", AGENT)

    def _version(self, sender: Sender, query: Element) -> None:
        name, version, system = (query.child_text(f"{_VERSION}{SEPARATOR}{part}") for part in ("name", "version", "os"))
        if name:
            text = " ".join(filter(None, (name.strip(), (version or "").strip())))
            self._note(sender, f"{text} ({system.strip()})" if system and system.strip() else text, SURE)

    def _info(self, sender: Sender, query: Element) -> None:
        identities = (child.attrs for child in query.children if child.name == f"{_INFO}{SEPARATOR}identity")
        wanted = "client" if sender == INITIATING else "server"
        name = next((one["name"] for one in identities if one.get("category") == wanted and one.get("name")), "")
        self._note(sender, name, NAMED)

    def _note(self, sender: Sender, name: str, sure: int) -> None:
        if name.strip() and sure >= self._sure.get(sender, 0):
            self.names[sender], self._sure[sender] = name.strip()[:_LONGEST], sure


def _is_server(address: str, about: About) -> bool:
    """Tell whether an answer comes from the server itself."""
    return "@" not in address and bare(address).lower() == about.negotiation.domain.lower()


PAYLOADS: Final[dict[str, Callable[[SoftwareNames, Sender, Element], None]]] = {
    f"{_VERSION}{SEPARATOR}query": SoftwareNames._version,
    f"{_INFO}{SEPARATOR}query": SoftwareNames._info,
}
"""The payloads of iq results that tell, by expanded name."""
