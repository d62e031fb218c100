"""Legs that differ, because the user says so: the proxy plays the part of STARTTLS that one of the peers lacks.

Towards a client that begins in the clear while the server leg is to be direct TLS, or to have none, the proxy offers
STARTTLS itself and then repeats the header and the features that the server sent. Towards a server that wants STARTTLS
while the client has direct TLS, it asks for TLS itself and then repeats the client's header.
"""

from typing import TYPE_CHECKING, Final

from xmppscope.framing.pieces import Head, Item
from xmppscope.model.element import Element
from xmppscope.model.namespaces import STREAM, TLS
from xmppscope.model.timeline import INITIATING, RECEIVING
from xmppscope.proxy.way import Way

if TYPE_CHECKING:
    from xmppscope.proxy.relay import Relay

_STARTTLS: Final = f"{TLS}\nstarttls"
_PROCEED: Final = f"{TLS}\nproceed"
_FEATURES: Final = f"{STREAM}\nfeatures"
_BY: Final = "starttls"
_ADVICE: Final = "tls: or plain: before --upstream HOST:PORT names another way to it"


class ClientBridge:
    """Is the receiving end of STARTTLS for the client; a client that wants no TLS goes on without."""

    def __init__(self, relay: "Relay") -> None:
        self._relay = relay
        self._header = self._features = b""
        self._answers_next = False
        relay.features.offers = relay.features.hides_starttls = True

    def header(self, way: Way, head: Head, raw: bytes, time: int) -> bool:
        """Take a stream header; whether it is dealt with and goes no further."""
        relay = self._relay
        if way is relay.down:
            self._header = raw
            return False
        if not self._answers_next:
            return False
        self._answers_next = False
        relay.edit(way, head, _BY, "dropped", time)
        relay.passage.answered = True
        text = (self._header + self._features).decode()
        relay.make(relay.client, RECEIVING, _BY, text, time)
        return True

    def element(self, way: Way, item: Item, time: int) -> bool:
        """Take a first-level element; whether it is dealt with and goes no further."""
        relay = self._relay
        if way is relay.down and item.element.name == _FEATURES and relay.features.offers:
            relay.features.offers = False
            self._features = relay.features.edited(way, item, time)
            relay.features.offers = True
            return False
        if way is relay.down or not relay.features.offers:
            return False
        relay.features.offers = False
        if item.element.name != _STARTTLS:
            return False  # it logs in without TLS
        relay.features.offers = False
        relay.edit(way, item, _BY, "dropped", time)
        relay.negotiation.element(RECEIVING, Element(_PROCEED, {}, []))
        relay.make(relay.client, RECEIVING, _BY, f"<proceed xmlns='{TLS}'/>", time)
        behind = way.rest()
        way.restart()
        relay.security.expect_client(time)
        self._answers_next = True
        relay.security.from_client(behind, time, told=len(behind))
        return True


class ServerBridge:
    """Is the initiating end of STARTTLS for the server."""

    def __init__(self, relay: "Relay") -> None:
        self._relay = relay
        self._header = b""
        self._asks = True

    def header(self, way: Way, head: Head, raw: bytes, time: int) -> bool:
        """Take a stream header; whether it is dealt with and goes no further."""
        if way is self._relay.up:
            self._header = self._header or raw
            return False
        if self._asks:
            self._relay.edit(way, head, _BY, "dropped", time)
        return self._asks

    def element(self, way: Way, item: Item, time: int) -> bool:
        """Take a first-level element; whether it is dealt with and goes no further."""
        relay = self._relay
        if not self._asks or way is relay.up:
            return False
        relay.edit(way, item, _BY, "dropped", time)
        if item.element.name == _PROCEED:
            self._asks = False
            relay.security.begin_server(time)
        elif item.element.name == _FEATURES and item.element.child(_STARTTLS) is not None:
            relay.negotiation.element(INITIATING, Element(_STARTTLS, {}, []))
            relay.make(relay.server, INITIATING, _BY, f"<starttls xmlns='{TLS}'/>", time)
        else:
            text = "the server grants no STARTTLS"
            why = "The client has TLS, and the server was to be asked for it by STARTTLS, which it does not grant."
            relay.ending.fail(text, text, why, _ADVICE, time)
        return True

    def secured(self, time: int) -> None:
        """Repeat the client's header, now that the server leg has TLS."""
        self._relay.make(self._relay.server, INITIATING, _BY, self._header.decode(), time)
