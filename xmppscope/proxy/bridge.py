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
        self._asked = self._answers_next = False
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
            self._features = relay.features.without_offer(way, item)
            if self._asked:
                way.send(relay.features.edited(way, item, time), time)
                self._grant(time)
            return self._asked
        if way is relay.down or not relay.features.offers:
            return False
        if item.element.name != _STARTTLS:
            relay.features.offers = False  # it logs in without TLS
            return False
        relay.edit(way, item, _BY, "dropped", time)
        if self._features:
            self._grant(time)
        else:
            self._asked = True  # ahead of the offer, which has to come first all the same
            way.wait()
        return True

    def _grant(self, time: int) -> None:
        """Let the client begin TLS."""
        relay, way = self._relay, self._relay.up
        relay.features.offers = False
        relay.negotiation.element(RECEIVING, Element(_PROCEED, {}, []))
        relay.make(relay.client, RECEIVING, _BY, f"<proceed xmlns='{TLS}'/>", time)
        behind = way.rest()
        way.restart()
        relay.security.expect_client(time)
        self._answers_next = True
        relay.security.from_client(behind, time, told=len(behind))


class ServerBridge:
    """Is the initiating end of STARTTLS for the server; `asks` until that has granted it.

    Of what the client says in its TLS only the header goes out before the server leg has TLS too. A client may well
    send more in one go, its password for instance.
    """

    def __init__(self, relay: "Relay") -> None:
        self.asks = True
        self._relay = relay
        self._header = b""

    def header(self, way: Way, head: Head, raw: bytes, time: int) -> bool:
        """Take a stream header; whether it is dealt with and goes no further."""
        relay = self._relay
        if way is relay.up:
            first = not self._header
            if first:
                self._header = raw
                relay.passage.dial()
            return first
        if self.asks:
            relay.edit(way, head, _BY, "dropped", time)
        return self.asks

    def connected(self, time: int) -> None:
        """Begin the stream with the server."""
        self._relay.server.send(self._header, time)

    def element(self, way: Way, item: Item, time: int) -> bool:
        """Take a first-level element; whether it is dealt with and goes no further."""
        relay = self._relay
        if not self.asks or way is relay.up:
            return False
        relay.edit(way, item, _BY, "dropped", time)
        if item.element.name == _PROCEED:
            self.asks = False
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
