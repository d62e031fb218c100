"""XML namespace names that the code speaks of by name, with the specification that defines each."""

from typing import Final

STREAM: Final = "http://etherx.jabber.org/streams"  # RFC 6120 §4.8.1
CLIENT: Final = "jabber:client"  # RFC 6120 §4.8.2
SERVER: Final = "jabber:server"  # RFC 6120 §4.8.2
STREAM_ERRORS: Final = "urn:ietf:params:xml:ns:xmpp-streams"  # RFC 6120 §4.9.2
STANZA_ERRORS: Final = "urn:ietf:params:xml:ns:xmpp-stanzas"  # RFC 6120 §8.3.2
TLS: Final = "urn:ietf:params:xml:ns:xmpp-tls"  # RFC 6120 §5.4
SASL: Final = "urn:ietf:params:xml:ns:xmpp-sasl"  # RFC 6120 §6.4
BIND: Final = "urn:ietf:params:xml:ns:xmpp-bind"  # RFC 6120 §7
SESSION: Final = "urn:ietf:params:xml:ns:xmpp-session"  # RFC 3921 §3
SASL2: Final = "urn:xmpp:sasl:2"  # XEP-0388
BIND2: Final = "urn:xmpp:bind:0"  # XEP-0386
FAST: Final = "urn:xmpp:fast:0"  # XEP-0484
SM3: Final = "urn:xmpp:sm:3"  # XEP-0198
SM2: Final = "urn:xmpp:sm:2"  # XEP-0198, earlier version
COMPRESS: Final = "http://jabber.org/protocol/compress"  # XEP-0138
COMPRESS_FEATURE: Final = "http://jabber.org/features/compress"  # XEP-0138 §3
COMPONENT_ACCEPT: Final = "jabber:component:accept"  # XEP-0114
COMPONENT_CONNECT: Final = "jabber:component:connect"  # XEP-0114
CONTENT: Final = (CLIENT, SERVER, COMPONENT_ACCEPT, COMPONENT_CONNECT)  # RFC 6120 §4.8.2, XEP-0114
DIALBACK: Final = "jabber:server:dialback"  # XEP-0220
DIALBACK_FEATURE: Final = "urn:xmpp:features:dialback"  # XEP-0220 §2.4.2
BIDI: Final = "urn:xmpp:bidi"  # XEP-0288
AUTH: Final = "jabber:iq:auth"  # XEP-0078
AUTH_FEATURE: Final = "http://jabber.org/features/iq-auth"  # XEP-0078
REGISTER: Final = "jabber:iq:register"  # XEP-0077
ROSTER: Final = "jabber:iq:roster"  # RFC 6121 §2
FRAMING: Final = "urn:ietf:params:xml:ns:xmpp-framing"  # RFC 7395 §3.3.2
HTTPBIND: Final = "http://jabber.org/protocol/httpbind"  # XEP-0124 §5
