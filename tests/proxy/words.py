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

CLEAR_PHASES = ("header", "features", "starttls", "proceed")
PHASES = {
    "starttls": (*CLEAR_PHASES, "greeting", "secured", "secured-header", "auth", "success", "bind", "open", "closed"),
    "direct": ("greeting", "secured", "secured-header", "auth", "success", "bind", "open", "closed"),
    "plain": ("secured-header", "auth", "success", "bind", "open", "closed"),
}
"""Where the scripts below can be told to end, in the order in which they come to it."""


def client(
    context: ssl.SSLContext, way: Way = "starttls", *, header: bytes = HEADER, leaves: str = "", how: str = "stall"
) -> Play:
    """A client that logs in, says a word, hears one, and leaves."""
    return partial(_client, context=context, way=way, header=header, leaves=leaves, how=how)


def server(
    context: ssl.SSLContext, way: Way = "starttls", *, header: bytes = RESPONSE, leaves: str = "", how: str = "stall"
) -> Play:
    """The server of such a client; it can also leave when it is ``reached`` or ``greeted``."""
    return partial(_server, context=context, way=way, header=header, leaves=leaves, how=how)


def _client(peer: Peer, context: ssl.SSLContext, way: Way, header: bytes, leaves: str, how: str) -> Script:
    peer.leaves, peer.how = leaves, how
    if way == "direct":
        yield from peer.secure(context)
    elif way == "starttls":
        peer.say(header)
        peer.at("header")
        yield from peer.hear(END_OF_FEATURES)
        peer.at("features")
        peer.say(STARTTLS)
        peer.at("starttls")
        yield from peer.hear(PROCEED)
        peer.at("proceed")
        yield from peer.secure(context)
    peer.say(header)
    peer.at("secured-header")
    yield from peer.hear(END_OF_FEATURES)
    peer.say(AUTH)
    peer.at("auth")
    yield from peer.hear(SUCCESS)
    peer.at("success")
    peer.say(header)
    yield from peer.hear(END_OF_FEATURES)
    peer.say(BIND)
    peer.at("bind")
    yield from peer.hear(BOUND)
    peer.say(MESSAGE)
    yield from peer.hear(REPLY)
    peer.at("open")
    peer.say(CLOSE)
    peer.at("closed")
    yield from peer.hear(CLOSE)
    peer.close()


def _server(peer: Peer, context: ssl.SSLContext, way: Way, header: bytes, leaves: str, how: str) -> Script:
    peer.leaves, peer.how = leaves, how
    peer.at("reached")
    if way == "direct":
        yield from peer.secure(context)
    elif way == "starttls":
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(header)
        peer.at("header")
        peer.say(OFFER)
        peer.at("features")
        yield from peer.hear(STARTTLS)
        peer.at("starttls")
        peer.say(PROCEED)
        peer.at("proceed")
        yield from peer.secure(context)
    yield from peer.hear(b"<stream:stream", b">")
    peer.say(header, LOGIN_FEATURES)
    peer.at("secured-header")
    yield from peer.hear(AUTH)
    peer.at("auth")
    peer.say(SUCCESS)
    peer.at("success")
    yield from peer.hear(b"<stream:stream", b">")
    peer.say(header, BIND_FEATURES)
    yield from peer.hear(BIND)
    peer.at("bind")
    peer.say(BOUND)
    yield from peer.hear(MESSAGE)
    peer.say(REPLY)
    peer.at("open")
    yield from peer.hear(CLOSE)
    peer.say(CLOSE)
    peer.at("closed")
    peer.close()
