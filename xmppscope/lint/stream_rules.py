"""The rules of how a stream goes on and ends, with their words; `stream_course` decides them."""

from typing import Final

from xmppscope.lint.preambles import (
    BIND,
    CLIENT_FINAL,
    CLIENT_FIRST,
    OFFER,
    OPEN,
    OPENED,
    REOPENED,
    SASL,
    SERVER_FINAL,
    SERVER_FIRST,
)
from xmppscope.lint.rule import Rule, talk

_AUTHENTICATED: Final = (
    f"C: <auth {SASL} mechanism='SCRAM-SHA-1'>{CLIENT_FIRST}</auth>",
    f"S: <challenge {SASL}>{SERVER_FIRST}</challenge>",
    f"C: <response {SASL}>{CLIENT_FINAL}</response>",
    f"S: <success {SASL}>{SERVER_FINAL}</success>",
)
_ASK: Final = f"C: <iq type='set' id='r1'><bind {BIND}/></iq>"
_FEATURES: Final = f"S: <stream:features><bind {BIND}/></stream:features>"

FEATURES_MISSING: Final = Rule(
    "features-missing", "stream", "error", "RFC 6120 §4.3.2",
    needs="a client's stream, both headers of version 1.0 or later, no hole in either direction",
    what="The first element behind a response header is neither stream features nor a stream error.",
    why="A client waits for the features before it does anything; without them it cannot know what is offered.",
    wrong=talk(
        OPEN, OPENED,
        "S: <proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        after="none",
    ),
    right=talk(OPEN, OPENED, OFFER, after="none"),
)  # fmt: skip
RESTART_MISSING: Final = Rule(
    "restart-missing", "stream", "error", "RFC 6120 §6.3.2",
    needs="both directions from their headers on, both of version 1.0 or later",
    what="After SASL <success/>, or after TLS was begun with <proceed/>, the initiating entity sends an element "
    "where the header of a new stream must come.",
    why="The old stream is discarded; what is sent on it is an error for the receiver.",
    wrong=talk(*_AUTHENTICATED, _ASK, after="offer"),
    right=talk(*_AUTHENTICATED, OPEN, REOPENED, _FEATURES, _ASK, after="offer"),
)  # fmt: skip
CLOSE_TAG: Final = Rule(
    "restart-with-close-tag", "stream", "error", "RFC 6120 §4.3.3",
    needs="the direction from its header on, without a hole",
    what="A side closes its stream with </stream:stream> before it sends the header of a restart.",
    why="A restart replaces the stream without closing it: peers take the closing tag for the end of the session.",
    wrong=talk(*_AUTHENTICATED, "C: </stream:stream>", OPEN, REOPENED, _FEATURES, after="offer"),
    right=talk(*_AUTHENTICATED, OPEN, REOPENED, _FEATURES, after="offer"),
)  # fmt: skip
BEFORE_BIND: Final = Rule(
    "stanza-before-bind", "stream", "error", "RFC 6120 §4.3.5",
    needs="the connection from its first byte on, without a hole",
    what="A client sends a stanza to another domain before it has asked for a resource, by whatever means: resource "
    "binding, Bind 2, resumption or the login of XEP-0078.",
    why="Before that the client has no address that an answer could go to; the server must refuse with "
    "not-authorized.",
    wrong=talk("C: <message to='romeo@montague.example'><body>Hi</body></message>", after="account"),
    right=talk(_ASK, "C: <message to='romeo@montague.example'><body>Hi</body></message>", after="account"),
)  # fmt: skip
AFTER_CLOSE: Final = Rule(
    "data-after-close", "stream", "error", "RFC 6120 §4.4",
    needs="the direction from its header on, without a hole",
    what="More than white space behind </stream:stream>, in the same direction.",
    why="Who has closed its stream must not send on it any more: the other side may have stopped listening.",
    wrong=talk("C: </stream:stream>", "C: <presence type='unavailable'/>"),
    right=talk("C: <presence type='unavailable'/>", "C: </stream:stream>"),
)  # fmt: skip
UNFINISHED: Final = Rule(
    "stream-unfinished", "stream", "warning", "RFC 6120 §4.4",
    needs="both directions from their headers on, and the end of the connection (FIN or RST)",
    what="The side that ended the transport first has not closed its stream with </stream:stream>, nor has the other "
    "one. Not after a stream error, nor while TLS is being negotiated, nor where the session can be resumed "
    "(XEP-0198 §7).",
    why="The other side cannot tell a farewell from a broken line, and may keep the session, or lose what was "
    "under way.",
    wrong=talk("C fin", "S fin"),
    right=talk("C: </stream:stream>", "S: </stream:stream>", "S fin", "C fin"),
)  # fmt: skip
