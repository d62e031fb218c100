"""The namespaces that the demo speaks, and the names of its elements in lxml's notation, `{namespace}local`."""

from typing import Final

CLIENT: Final = "jabber:client"
STREAMS: Final = "http://etherx.jabber.org/streams"
STREAM_ERRORS: Final = "urn:ietf:params:xml:ns:xmpp-streams"
STANZA_ERRORS: Final = "urn:ietf:params:xml:ns:xmpp-stanzas"
TLS: Final = "urn:ietf:params:xml:ns:xmpp-tls"
SASL: Final = "urn:ietf:params:xml:ns:xmpp-sasl"
BIND: Final = "urn:ietf:params:xml:ns:xmpp-bind"
SESSION: Final = "urn:ietf:params:xml:ns:xmpp-session"
ROSTER: Final = "jabber:iq:roster"
MANAGEMENT: Final = "urn:xmpp:sm:3"  # XEP-0198
CHANNEL_BINDING: Final = "urn:xmpp:sasl-cb:0"  # XEP-0440
DISCO_INFO: Final = "http://jabber.org/protocol/disco#info"  # XEP-0030
DISCO_ITEMS: Final = "http://jabber.org/protocol/disco#items"
PING: Final = "urn:xmpp:ping"  # XEP-0199
VERSION: Final = "jabber:iq:version"  # XEP-0092
VCARD: Final = "vcard-temp"  # XEP-0054
DELAY: Final = "urn:xmpp:delay"  # XEP-0203
CHAT_STATES: Final = "http://jabber.org/protocol/chatstates"  # XEP-0085
RECEIPTS: Final = "urn:xmpp:receipts"  # XEP-0184
XML: Final = "http://www.w3.org/XML/1998/namespace"


def tag(namespace: str, local: str) -> str:
    """Return the name of an element or attribute in lxml's notation."""
    return f"{{{namespace}}}{local}"


def split(name: str) -> tuple[str, str]:
    """Return the namespace, empty where there is none, and the local name of a name in lxml's notation."""
    namespace, brace, local = name.removeprefix("{").rpartition("}")
    return (namespace, local) if brace else ("", name)


LANG: Final = tag(XML, "lang")
STREAM: Final = tag(STREAMS, "stream")
FEATURES: Final = tag(STREAMS, "features")
STREAM_ERROR: Final = tag(STREAMS, "error")
MESSAGE: Final = tag(CLIENT, "message")
PRESENCE: Final = tag(CLIENT, "presence")
IQ: Final = tag(CLIENT, "iq")
BODY: Final = tag(CLIENT, "body")
STANZAS: Final = frozenset({MESSAGE, PRESENCE, IQ})
