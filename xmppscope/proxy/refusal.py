"""What a client is told when the proxy cannot go on for it: a stream error, behind a response header if that is due.

RFC 6120 §4.9.1.2: "If the error is triggered by the initial stream header, the receiving entity MUST still send the
opening <stream> tag, include the <error/> element as a child of the stream element, and send the closing </stream>
tag".
"""

from typing import Final, Literal
from xml.sax.saxutils import escape, quoteattr

import msgspec

from xmppscope.model.namespaces import CLIENT, STREAM

Condition = Literal[
    "remote-connection-failed", "connection-timeout", "host-unknown", "policy-violation", "system-shutdown"
]

_ERRORS: Final = "urn:ietf:params:xml:ns:xmpp-streams"
_CONTENT: Final = {"c2s": CLIENT, "unknown": CLIENT, "s2s": "jabber:server", "component": "jabber:component:accept"}


class Refusal(msgspec.Struct, frozen=True):
    """Why a stream ends: the condition and a text for people."""

    condition: Condition
    text: str

    def xml(self, *, header_due: bool, kind: str, domain: str, identity: str) -> str:
        """Return the error and the closing tag; with *header_due* a response header of stream *identity* before it."""
        text = f"<text xmlns='{_ERRORS}' xml:lang='en'>{escape(self.text)}</text>"
        error = f"<stream:error><{self.condition} xmlns='{_ERRORS}'/>{text}</stream:error></stream:stream>"
        return (header(kind, domain, identity) if header_due else "") + error


def header(kind: str, domain: str, identity: str) -> str:
    """Return a response header for a stream of this *kind* (RFC 6120 §4.7)."""
    sender = f" from={quoteattr(domain)}" if domain else ""
    return (
        f"<?xml version='1.0'?><stream:stream xmlns='{_CONTENT[kind]}' xmlns:stream='{STREAM}'{sender}"
        f" id={quoteattr(identity)} version='1.0' xml:lang='en'>"
    )
