"""What a client is told when the proxy cannot go on for it: a stream error, behind a response header if that is due.

RFC 6120 §4.9.1.2: "If the error is triggered by the initial stream header, the receiving entity MUST still send the
opening <stream> tag, include the <error/> element as a child of the stream element, and send the closing </stream>
tag".
"""

import re
from typing import Final, Literal
from xml.sax.saxutils import escape, quoteattr

import msgspec

from xmppscope.model.namespaces import CLIENT, STREAM
from xmppscope.model.plaintext import cut

Condition = Literal[
    "remote-connection-failed", "connection-timeout", "host-unknown", "policy-violation", "system-shutdown"
]

_MOST_TEXT: Final = 500
_FORBIDDEN: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 §2.2, Char

_ERRORS: Final = "urn:ietf:params:xml:ns:xmpp-streams"
_CONTENT: Final = {"c2s": CLIENT, "unknown": CLIENT, "s2s": "jabber:server", "component": "jabber:component:accept"}


class Refusal(msgspec.Struct, frozen=True):
    """Why a stream ends: the condition and a text for people."""

    condition: Condition
    text: str

    def xml(self, *, header_due: bool, kind: str, domain: str, identity: str) -> str:
        """Return the error and the closing tag; with *header_due* a response header of stream *identity* before it."""
        # What others wrote may be in it: names of a certificate, say, in which anything can stand.
        text = f"<text xmlns='{_ERRORS}' xml:lang='en'>{escape(_allowed(cut(self.text, _MOST_TEXT)))}</text>"
        error = f"<stream:error><{self.condition} xmlns='{_ERRORS}'/>{text}</stream:error></stream:stream>"
        return (header(kind, domain, identity) if header_due else "") + error


def header(kind: str, domain: str, identity: str) -> str:
    """Return a response header for a stream of this *kind* (RFC 6120 §4.7)."""
    sender = f" from={quoteattr(_allowed(domain))}" if domain else ""
    return (
        f"<?xml version='1.0'?><stream:stream xmlns='{_CONTENT[kind]}' xmlns:stream='{STREAM}'{sender}"
        f" id={quoteattr(identity)} version='1.0' xml:lang='en'>"
    )


def _allowed(text: str) -> str:
    """Return *text* with what no XML can hold replaced."""
    return _FORBIDDEN.sub("\ufffd", text)
