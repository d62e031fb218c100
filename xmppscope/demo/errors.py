"""The errors that XMPP itself defines: of a stream, which ends it (RFC 6120 §4.9), and of a stanza (§8.3).

They are raised where a rule is broken and become elements where they are sent.
"""

from typing import Final

from xmppscope.demo.names import CLIENT, STANZA_ERRORS, STREAM_ERRORS, STREAMS
from xmppscope.demo.xml import Element, element, local_name, stanza

# RFC 6120 §8.3.3: the error type that goes with each condition this server uses.
_TYPES: Final = {
    "bad-request": "modify",
    "item-not-found": "cancel",
    "jid-malformed": "modify",
    "not-acceptable": "modify",
    "not-allowed": "cancel",
    "recipient-unavailable": "wait",
    "remote-server-not-found": "cancel",
    "resource-constraint": "wait",
    "service-unavailable": "cancel",
}


class StreamError(Exception):
    """A stream must end, with this condition."""

    def __init__(self, condition: str, text: str = "", application: Element | None = None) -> None:
        super().__init__(f"{condition}: {text}" if text else condition)
        self.condition = condition
        self._text = text
        self._application = application

    def element(self) -> Element:
        """Return the `<stream:error/>`."""
        made = element(STREAMS, "error", None, element(STREAM_ERRORS, self.condition))
        if self._text:
            made.append(element(STREAM_ERRORS, "text", None, self._text))
        if self._application is not None:
            made.append(self._application)
        return made


class StanzaError(Exception):
    """A stanza is answered with an error of this condition."""

    def __init__(self, condition: str, text: str = "") -> None:
        super().__init__(f"{condition}: {text}" if text else condition)
        self.condition = condition
        self._text = text

    def answer(self, to: Element) -> Element:
        """Return the error that answers the stanza *to*."""
        made = element(CLIENT, "error", {"type": _TYPES[self.condition]}, element(STANZA_ERRORS, self.condition))
        if self._text:
            made.append(element(STANZA_ERRORS, "text", None, self._text))
        attributes = {"type": "error", "id": to.get("id"), "from": to.get("to"), "to": to.get("from")}
        return stanza(local_name(to), attributes, made)
