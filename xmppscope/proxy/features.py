"""Stream features on their way to the client: what cannot work through the proxy is taken out of them, and said so."""

from typing import TYPE_CHECKING, Final

from xmppscope.framing.pieces import Item
from xmppscope.framing.tags import start_tag_end
from xmppscope.model.element import Element
from xmppscope.model.marks import ToldMark
from xmppscope.model.namespaces import TLS
from xmppscope.proxy.channel_binding import Stripped, strip, strip_starttls
from xmppscope.proxy.downgrade import Watch
from xmppscope.proxy.downgrade_words import Notice
from xmppscope.proxy.external import External
from xmppscope.proxy.way import Way

if TYPE_CHECKING:
    from xmppscope.proxy.relay import Relay

_FAILURES: Final = frozenset({"failure", "abort"})

OFFER: Final = f"<starttls xmlns='{TLS}'/>".encode()


class FeatureEdits:
    """Edits the features of one connection, and follows its logins to tell what that does to them.

    `hides_starttls` says that the client leg has TLS while the server leg has none, or does not need it; `offers` that
    the proxy offers STARTTLS of its own.
    """

    def __init__(self, relay: "Relay") -> None:
        self.hides_starttls = False
        self.offers = False
        self._told: frozenset[str] = frozenset()
        self._relay = relay
        self._watch = Watch(real_certificate=relay.settings.real_certificate)
        self._external = External(shows=relay.settings.shows_certificate)

    def edited(self, way: Way, item: Item, time: int) -> bytes:
        """Return the features as the client is to get them."""
        data, stripped, texts = self._stripped(way, item)
        if self.offers:
            data = _with_offer(data)
            texts.append("with STARTTLS, which the proxy offers")
        if data != item.raw:
            by = "channel-binding" if stripped is not None else "starttls"
            self._relay.edit(way, item, by, "changed", time, ", ".join(texts), data.decode())
        for leg in (self._relay.client, self._relay.server):
            self._watch.tls(leg.name, leg.version)
        self._warn(self._watch.features(item.element, stripped), time)
        return data

    def without_offer(self, way: Way, item: Item) -> bytes:
        """Return the features as they are to be repeated once the proxy has nothing to offer any more."""
        return self._stripped(way, item)[0]

    def _stripped(self, way: Way, item: Item) -> tuple[bytes, Stripped | None, list[str]]:
        """Return the features without what cannot work, and what that is."""
        data, texts = item.raw, []
        stripped = None if self._relay.settings.keep_channel_binding else strip(data, item.element, way.xmlns)
        if stripped is not None:
            data = stripped.data
            texts.append(stripped.text)
        if self.hides_starttls and (without := strip_starttls(data, item.element, way.xmlns)) is not None:
            data = without
            texts.append("without STARTTLS, which the server leg does not use")
        return data, stripped, texts

    def watch(self, element: Element, time: int) -> None:
        """Take any other element: a login may be about to fail because of what was taken out."""
        if self._relay.server.established:
            self._tell(self._external.element(element), time)
        notice = self._watch.element(element)
        if element.local in _FAILURES:
            self._tell(notice, time)
        else:
            self._warn(notice, time)

    def ended(self, time: int) -> None:
        """Take the end of the connection: a client that verifies may have given up without a word."""
        self._tell(self._watch.ended(), time)

    def _warn(self, notice: Notice | None, time: int) -> None:
        """Say what is to be expected; why, and what to do, is said if it comes true."""
        if notice is not None and self._is_news(notice.text):
            self._relay.mark(ToldMark(notice.text, warns=True), time)

    def _tell(self, notice: Notice | None, time: int) -> None:
        """Tell what has happened, why, and what to do; a client that tries one mechanism after another is told once."""
        if notice is not None and self._is_news(notice.why):
            self._relay.mark(ToldMark(notice.text, notice.text, notice.why, notice.advice), time)

    def _is_news(self, words: str) -> bool:
        known, self._told = self._told, self._told | {words}
        return words not in known


def _with_offer(features: bytes) -> bytes:
    """Return features with the offer of STARTTLS as the first one."""
    if features.endswith(b"/>") and start_tag_end(features) == len(features):
        name = features[1:-2].split()[0]
        return features[:-2] + b">" + OFFER + b"</" + name + b">"
    end = start_tag_end(features)
    return features[:end] + OFFER + features[end:]
