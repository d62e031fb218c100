"""Which end sent an element, and what kind of connection it is on, told from the element alone.

For captures without the TCP handshake and without a stream header. Only strong evidence counts: an element that the
specifications let one end alone send. Stanzas mostly say nothing: a server may route whatever a client may send.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.namespaces import (
    AUTH,
    BIDI,
    BIND,
    BIND2,
    CLIENT,
    COMPONENT_ACCEPT,
    COMPONENT_CONNECT,
    DIALBACK,
    FRAMING,
    ROSTER,
    SASL2,
    SERVER,
    SESSION,
    SM2,
    SM3,
    STREAM,
)
from xmppscope.model.timeline import INITIATING, RECEIVING, ConnectionKind, Sender
from xmppscope.session.states import Trigger
from xmppscope.session.triggers import DEFAULTS, IQ, TRIGGERS, expanded

COMPONENT_BIND: Final = "urn:xmpp:component:0"
"""The namespace of hostname binding (XEP-0225 §4)."""

CSI: Final = "urn:xmpp:csi:0"
"""Client State Indication (XEP-0352)."""

KINDS: Final[dict[str, ConnectionKind]] = {
    CLIENT: "c2s",
    SERVER: "s2s",
    COMPONENT_ACCEPT: "component",
    COMPONENT_CONNECT: "component",
    FRAMING: "c2s",
}
"""The kind of a connection by the content namespace of its stream header; RFC 7395 is for clients alone."""

# With XEP-0288 both ends send dialback keys and answers; a handshake is told by its text; both ends send stream errors.
_AMBIGUOUS: Final = frozenset({Trigger.DIALBACK, Trigger.HANDSHAKE, Trigger.STREAM_ERROR})

_SENDERS: Final[dict[str, Sender]] = {
    **{
        name: sender
        for sender, names in TRIGGERS.items()
        for name, trigger in names.items()
        if trigger not in _AMBIGUOUS
    },
    expanded(SM3, "enable"): INITIATING,
    expanded(SM2, "enable"): INITIATING,
    expanded(SM3, "enabled"): RECEIVING,
    expanded(SM2, "enabled"): RECEIVING,
    expanded(CSI, "active"): INITIATING,
    expanded(CSI, "inactive"): INITIATING,
    expanded(BIDI, "bidi"): INITIATING,
}
_HEADERS: Final = frozenset({expanded(STREAM, "stream"), expanded(FRAMING, "open")})
_HANDSHAKES: Final = frozenset(expanded(ns, "handshake") for ns in DEFAULTS)
_DELIVERED: Final = frozenset(expanded(ns, local) for ns in (CLIENT, "") for local in ("message", "presence"))
_SENDERS_OF_IQ: Final[dict[tuple[str | None, str], Sender]] = {
    ("set", expanded(BIND, "bind")): INITIATING,
    ("result", expanded(BIND, "bind")): RECEIVING,
    ("set", expanded(COMPONENT_BIND, "bind")): INITIATING,
    ("result", expanded(COMPONENT_BIND, "bind")): RECEIVING,
    ("set", expanded(SESSION, "session")): INITIATING,
    ("set", expanded(AUTH, "query")): INITIATING,
    ("get", expanded(AUTH, "query")): INITIATING,
    ("result", expanded(AUTH, "query")): RECEIVING,
    ("get", expanded(ROSTER, "query")): INITIATING,
}
_KIND_OF_PAYLOAD: Final[dict[str, ConnectionKind]] = {
    expanded(BIND, "bind"): "c2s",
    expanded(SESSION, "session"): "c2s",
    expanded(AUTH, "query"): "c2s",
    expanded(COMPONENT_BIND, "bind"): "component",
}


def sent_by(element: Element) -> Sender | None:
    """Return the end that must have sent *element* (a stream header included), or None where either may have."""
    name = element.name
    sender = _SENDERS.get(name)
    if sender is not None:
        return sender
    if name in _HEADERS:
        return _sender_of_header(element)
    if name in IQ:
        return _sender_of_iq(element)
    if name in _HANDSHAKES:
        return INITIATING if element.text.strip() else RECEIVING
    if name in _DELIVERED and "to" in element.attrs and "from" not in element.attrs:
        # RFC 6120 §8.1: a server stamps 'from' on what it delivers, and between servers both addresses are required.
        return INITIATING
    return None


def kind_of(element: Element) -> ConnectionKind:
    """Return the kind of connection that *element* can only be on, or ``unknown``: stanzas alone do not tell."""
    name = element.name
    if element.ns in (DIALBACK, BIDI):
        return "s2s"
    if name in _HANDSHAKES:
        return "component"
    if element.ns == CSI or (element.ns == SASL2 and any(child.ns == BIND2 for child in element.children)):
        return "c2s"
    if name in IQ and element.children:
        return _KIND_OF_PAYLOAD.get(element.children[0].name, "unknown")
    return "unknown"


def _sender_of_header(header: Element) -> Sender | None:
    """RFC 6120 §4.7.3: only the response header has an id; some servers write an empty one into what they initiate."""
    identity = header.attrs.get("id")
    if identity is None:
        return INITIATING
    return RECEIVING if identity else None


def _sender_of_iq(iq: Element) -> Sender | None:
    return _SENDERS_OF_IQ.get((iq.attrs.get("type"), iq.children[0].name)) if iq.children else None
