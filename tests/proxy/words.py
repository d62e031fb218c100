"""What the scripted peers say to each other, and how: logins over STARTTLS, direct TLS and in the clear."""

import ssl
from functools import partial
from typing import Literal

from tests.proxy.peers import Peer, Play, Script

STREAM = b"xmlns:stream='http://etherx.jabber.org/streams' version='1.0'"
CLIENT_NS = b"xmlns='jabber:client' " + STREAM
SERVER_NS = b"xmlns='jabber:server' xmlns:db='jabber:server:dialback' " + STREAM
HEADER = b"<?xml version='1.0'?><stream:stream to='a.example' " + CLIENT_NS + b">"
RESPONSE = b"<?xml version='1.0'?><stream:stream from='a.example' id='s1' " + CLIENT_NS + b">"
S2S_HEADER = b"<stream:stream from='b.example' to='a.example' " + SERVER_NS + b">"
S2S_RESPONSE = b"<stream:stream from='a.example' to='b.example' id='s1' " + SERVER_NS + b">"
CLOSE = b"</stream:stream>"
TLS = b"urn:ietf:params:xml:ns:xmpp-tls"
SASL = b"urn:ietf:params:xml:ns:xmpp-sasl"
STARTTLS = b"<starttls xmlns='" + TLS + b"'/>"
PROCEED = b"<proceed xmlns='" + TLS + b"'/>"
FAILURE = b"<failure xmlns='" + TLS + b"'/>"
OFFER = b"<stream:features>" + STARTTLS[:-2] + b"><required/></starttls></stream:features>"
MECHANISMS = b"<mechanisms xmlns='" + SASL + b"'><mechanism>PLAIN</mechanism></mechanisms>"
LOGIN_FEATURES = b"<stream:features>" + MECHANISMS + b"</stream:features>"
SECRET = b"AGp1bGlldAByMG0zMG15cjBtMzA="
AUTH = b"<auth xmlns='" + SASL + b"' mechanism='PLAIN'>" + SECRET + b"</auth>"
SUCCESS = b"<success xmlns='" + SASL + b"'/>"
BIND_NS = b"urn:ietf:params:xml:ns:xmpp-bind"
BIND_FEATURES = b"<stream:features><bind xmlns='" + BIND_NS + b"'/></stream:features>"
BIND = b"<iq type='set' id='b1'><bind xmlns='" + BIND_NS + b"'/></iq>"
BOUND = b"<iq type='result' id='b1'><bind xmlns='" + BIND_NS + b"'><jid>juliet@a.example/r</jid></bind></iq>"
MESSAGE = b"<message to='romeo@a.example'><body>Art thou not Romeo, and a Montague?</body></message>"
REPLY = b"<message from='romeo@a.example/r'><body>Neither, fair saint, if either thee dislike.</body></message>"
END_OF_FEATURES = b"</stream:features>"

Way = Literal["starttls", "direct", "plain"]


def client(context: ssl.SSLContext, way: Way = "starttls", *, header: bytes = HEADER, until: str = "end") -> Play:
    """A client that logs in, says a word, hears one, and leaves; `until` names the phase where it falls silent."""
    return partial(_client, context=context, way=way, header=header, until=until)


def server(context: ssl.SSLContext, way: Way = "starttls", *, header: bytes = RESPONSE, until: str = "end") -> Play:
    """The server of such a client."""
    return partial(_server, context=context, way=way, header=header, until=until)


def _client(peer: Peer, context: ssl.SSLContext, way: Way, header: bytes, until: str) -> Script:
    if way == "direct":
        yield from peer.secure(context)
    peer.say(header)
    if way == "starttls":
        yield from peer.hear(END_OF_FEATURES)
        peer.say(STARTTLS)
        yield from peer.hear(PROCEED)
        yield from peer.secure(context)
        peer.say(header)
    yield from peer.hear(END_OF_FEATURES)
    if until == "features":
        return
    peer.say(AUTH)
    yield from peer.hear(SUCCESS)
    peer.say(header)
    yield from peer.hear(END_OF_FEATURES)
    peer.say(BIND)
    yield from peer.hear(BOUND)
    peer.say(MESSAGE)
    yield from peer.hear(REPLY)
    if until == "open":
        return
    peer.say(CLOSE)
    yield from peer.hear(CLOSE)
    peer.close()


def _server(peer: Peer, context: ssl.SSLContext, way: Way, header: bytes, until: str) -> Script:
    if way == "direct":
        yield from peer.secure(context)
    yield from peer.hear(b"<stream:stream", b">")
    if way == "starttls":
        peer.say(header, OFFER)
        yield from peer.hear(STARTTLS)
        peer.say(PROCEED)
        yield from peer.secure(context)
        yield from peer.hear(b"<stream:stream", b">")
    peer.say(header, LOGIN_FEATURES)
    if until == "features":
        return
    yield from peer.hear(AUTH)
    peer.say(SUCCESS)
    yield from peer.hear(b"<stream:stream", b">")
    peer.say(header, BIND_FEATURES)
    yield from peer.hear(BIND)
    peer.say(BOUND)
    yield from peer.hear(MESSAGE)
    peer.say(REPLY)
    if until == "open":
        return
    yield from peer.hear(CLOSE)
    peer.say(CLOSE)
    peer.close()
