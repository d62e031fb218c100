"""Summaries of what opens, secures and closes a stream: headers, features, TLS, compression, dialback, components."""

from typing import Final

from xmppscope.explain.condition import condition
from xmppscope.explain.context import Context, short_id
from xmppscope.explain.registry import short_name
from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.namespaces import (
    AUTH_FEATURE,
    BIDI,
    BIND,
    COMPONENT_ACCEPT,
    COMPONENT_CONNECT,
    COMPRESS,
    COMPRESS_FEATURE,
    DIALBACK,
    DIALBACK_FEATURE,
    FRAMING,
    SASL,
    SASL2,
    SESSION,
    SM2,
    SM3,
    STREAM,
    TLS,
)
from xmppscope.model.plaintext import visible
from xmppscope.model.timeline import INITIATING, Sender
from xmppscope.session.roles import COMPONENT_BIND

_MECHANISMS: Final = f"{SASL}{SEPARATOR}mechanisms"
_AUTHENTICATION: Final = f"{SASL2}{SEPARATOR}authentication"
_FEATURES: Final = {
    f"{TLS}{SEPARATOR}starttls": "STARTTLS",
    _MECHANISMS: "SASL",
    _AUTHENTICATION: "SASL2",
    f"{AUTH_FEATURE}{SEPARATOR}auth": "legacy login",
    f"{BIND}{SEPARATOR}bind": "bind",
    f"{COMPONENT_BIND}{SEPARATOR}bind": "hostname binding",
    f"{SESSION}{SEPARATOR}session": "session",
    f"{SM3}{SEPARATOR}sm": "stream management",
    f"{SM2}{SEPARATOR}sm": "stream management",
    f"{COMPRESS_FEATURE}{SEPARATOR}compression": "compression",
    f"{DIALBACK_FEATURE}{SEPARATOR}dialback": "dialback",
    f"urn:xmpp:features:bidi{SEPARATOR}bidi": "both directions",
    f"{BIDI}{SEPARATOR}bidi": "both directions",
    f"urn:xmpp:csi:0{SEPARATOR}csi": "client state",
    f"urn:xmpp:features:rosterver{SEPARATOR}ver": "roster versions",
    f"urn:xmpp:features:pre-approval{SEPARATOR}sub": "pre-approval",
    f"urn:xmpp:sasl-cb:0{SEPARATOR}sasl-channel-binding": "channel binding",
    f"http://jabber.org/features/iq-register{SEPARATOR}register": "registration",
    f"urn:xmpp:ibr-token:0{SEPARATOR}register": "registration by token",
    f"http://jabber.org/protocol/caps{SEPARATOR}c": "",
}
_ORDER: Final = {word: place for place, word in enumerate(_FEATURES.values())}


def header(element: Element, sender: Sender, context: Context) -> str:
    """Tell of a stream header, or of WebSocket's `<open/>`."""
    attrs = element.attrs
    if sender != INITIATING:
        domain = attrs.get("from", "")
        if domain and not context.domain:
            context.domain = domain
        identity = attrs.get("id")
        return f"stream open, id {short_id(identity)}" if identity else "stream open, without an id"
    domain = attrs.get("to", "")
    if domain:
        context.domain = domain
    text = f"open a stream to {visible(domain)}" if domain else "open a stream, naming no domain"
    if context.after:
        text += f" (after {context.after})"
        context.after = ""
    return text


def close(_element: Element, _sender: Sender, _context: Context) -> str:
    """Tell of WebSocket's `<close/>`."""
    return "close the stream"


def features(element: Element, _sender: Sender, context: Context) -> str:
    """Tell what is offered, in the order in which it is used."""
    words: dict[str, None] = {}
    for child in element.children:
        word = _FEATURES.get(child.name)
        if word is None:
            word = visible(short_name(child.ns) if child.ns else child.local)
        if child.name in {_MECHANISMS, _AUTHENTICATION}:
            word += _mechanisms(child, context)
        if word:
            words[word] = None
    if not words:
        return "offers nothing"
    ordered = sorted(words, key=lambda word: _ORDER.get(word.partition(" with")[0], len(_ORDER)))
    return f"offers {', '.join(ordered)}"


def _mechanisms(offer: Element, context: Context) -> str:
    names = frozenset(child.text.strip() for child in offer.children if child.local == "mechanism")
    context.offered[offer.ns] = names
    if not names:
        return " without mechanisms"
    return " with -PLUS" if any(name.endswith("-PLUS") for name in names) else ""


def stream_error(element: Element, _sender: Sender, _context: Context) -> str:
    """Tell why the stream ends."""
    return condition(element)


def starttls(_element: Element, _sender: Sender, _context: Context) -> str:
    """Tell of `<starttls/>`."""
    return "ask for TLS"


def proceed(_element: Element, _sender: Sender, context: Context) -> str:
    """Tell of `<proceed/>`."""
    context.after = "TLS"
    return "go ahead: TLS begins with the next byte"


def tls_failure(_element: Element, _sender: Sender, _context: Context) -> str:
    """Tell of the refusal of TLS."""
    return "TLS is refused"


def compress(element: Element, _sender: Sender, _context: Context) -> str:
    """Tell of `<compress/>`."""
    methods = [visible(child.text.strip()) for child in element.children if child.local == "method"]
    return f"ask for {', '.join(methods) or 'no method of'} compression"


def compressed(_element: Element, _sender: Sender, context: Context) -> str:
    """Tell of `<compressed/>`."""
    context.after = "compression"
    return "go ahead: compression begins with the next byte"


def failure(element: Element, _sender: Sender, _context: Context) -> str:
    """Tell why something was refused."""
    return condition(element)


def dialback_result(element: Element, _sender: Sender, context: Context) -> str:
    """Tell of a claim to be a domain, or what became of it (XEP-0220 §2)."""
    attrs = element.attrs
    kind = attrs.get("type")
    if kind is None:
        claimed = visible(attrs.get("from", "?"))
        return f"claim to be {claimed}, {context.secret('key', element.text)}"
    claimed = visible(attrs.get("to", "?"))
    if kind == "valid":
        return f"{claimed} is accepted"
    return f"{claimed} is refused" + _reason(element, kind)


def dialback_verify(element: Element, _sender: Sender, context: Context) -> str:
    """Tell of the question to the authoritative server, or of its answer (XEP-0220 §2)."""
    attrs = element.attrs
    kind = attrs.get("type")
    if kind is None:
        return f"ask whether a key is from {visible(attrs.get('to', '?'))}, {context.secret('key', element.text)}"
    domain = visible(attrs.get("from", "?"))
    if kind == "valid":
        return f"the key is from {domain}"
    return f"the key is not from {domain}" + _reason(element, kind)


def _reason(element: Element, kind: str) -> str:
    for child in element.children:
        if child.local == "error":
            return f": {condition(child)}"
    return "" if kind == "invalid" else f": {visible(kind)}"


def handshake(element: Element, sender: Sender, context: Context) -> str:
    """Tell of a component's proof, or of its acceptance (XEP-0114 §3)."""
    if sender == INITIATING or element.text:
        return f"prove to know the shared secret, {context.secret('digest', element.text)}"
    return "the component is accepted"


def bidi(_element: Element, _sender: Sender, _context: Context) -> str:
    """Tell of `<bidi/>` (XEP-0288)."""
    return "let stanzas go both ways on this stream"


HANDLERS: Final = {
    f"{STREAM}{SEPARATOR}stream": header,
    f"{STREAM}{SEPARATOR}features": features,
    f"{STREAM}{SEPARATOR}error": stream_error,
    f"{FRAMING}{SEPARATOR}open": header,
    f"{FRAMING}{SEPARATOR}close": close,
    f"{TLS}{SEPARATOR}starttls": starttls,
    f"{TLS}{SEPARATOR}proceed": proceed,
    f"{TLS}{SEPARATOR}failure": tls_failure,
    f"{COMPRESS}{SEPARATOR}compress": compress,
    f"{COMPRESS}{SEPARATOR}compressed": compressed,
    f"{COMPRESS}{SEPARATOR}failure": failure,
    f"{DIALBACK}{SEPARATOR}result": dialback_result,
    f"{DIALBACK}{SEPARATOR}verify": dialback_verify,
    f"{COMPONENT_ACCEPT}{SEPARATOR}handshake": handshake,
    f"{COMPONENT_CONNECT}{SEPARATOR}handshake": handshake,
    "handshake": handshake,
    f"{BIDI}{SEPARATOR}bidi": bidi,
}
