"""The rules that every kind of stanza shares, with their words; `stanzas` decides them."""

from typing import Final

from xmppscope.lint.rule import Rule, talk

_NOT_FOUND: Final = "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"

WRONG_NS: Final = Rule(
    "stanza-wrong-content-ns", "stanza", "error", "RFC 6120 §4.8.3",
    needs="the stream header of the same direction",
    what="A client's stream carries a stanza in the namespace jabber:server, or a server's one in jabber:client. "
    "Only first-level elements are looked at.",
    why="The namespace says which rules of addressing hold; a receiver may close the stream with invalid-namespace.",
    wrong=talk("C: <message xmlns='jabber:server' to='romeo@montague.example'><body>Hi</body></message>"),
    right=talk("C: <message xmlns='jabber:client' to='romeo@montague.example'><body>Hi</body></message>"),
)  # fmt: skip
PREFIXED: Final = Rule(
    "content-ns-prefixed", "stanza", "error", "RFC 6120 §4.8.5",
    what="A stanza in jabber:client or jabber:server is written with a namespace prefix.",
    why="Stanzas must be written without a prefix; many receivers look for the bare name and find nothing.",
    wrong=talk("C: <c:message xmlns:c='jabber:client' to='romeo@montague.example'><c:body>Hi</c:body></c:message>"),
    right=talk("C: <message to='romeo@montague.example'><body>Hi</body></message>"),
)  # fmt: skip
ERROR_MISSING: Final = Rule(
    "error-child-missing", "stanza", "error", "RFC 6120 §8.3.1",
    what="A stanza of type error without an <error/>.",
    why="The type alone does not say what went wrong, and the sender cannot react to it.",
    wrong=talk("S: <message type='error' from='romeo@montague.example' to='juliet@capulet.example/balcony'/>"),
    right=talk(
        "S: <message type='error' from='romeo@montague.example' to='juliet@capulet.example/balcony'>"
        f"<error type='cancel'>{_NOT_FOUND}</error></message>"
    ),
)  # fmt: skip
ERROR_UNEXPECTED: Final = Rule(
    "error-child-unexpected", "stanza", "error", "RFC 6120 §8.3.1",
    what="An <error/> of the stanza's own namespace on a stanza whose type is not error.",
    why="Receivers look at the type: they take the stanza for an ordinary one.",
    wrong=talk(
        "S: <message from='romeo@montague.example' to='juliet@capulet.example/balcony'>"
        f"<error type='cancel'>{_NOT_FOUND}</error></message>"
    ),
    right=talk(
        "S: <message type='error' from='romeo@montague.example' to='juliet@capulet.example/balcony'>"
        f"<error type='cancel'>{_NOT_FOUND}</error></message>"
    ),
)  # fmt: skip
ERROR_TYPE: Final = Rule(
    "stanza-error-type", "stanza", "error", "RFC 6120 §8.3.2",
    what="The type of an <error/> is not auth, cancel, continue, modify or wait, or there is none.",
    why="It tells whether to try again, and after what.",
    wrong=talk(
        "S: <message type='error' from='romeo@montague.example' to='juliet@capulet.example/balcony'>"
        f"<error type='fatal'>{_NOT_FOUND}</error></message>"
    ),
    right=talk(
        "S: <message type='error' from='romeo@montague.example' to='juliet@capulet.example/balcony'>"
        f"<error type='cancel'>{_NOT_FOUND}</error></message>"
    ),
)  # fmt: skip
ERROR_CONDITION: Final = Rule(
    "stanza-error-condition", "stanza", "error", "RFC 6120 §8.3.2",
    what="An <error/> has no child that names a condition in urn:ietf:params:xml:ns:xmpp-stanzas.",
    why="The condition is what programs decide by; a code of the time before XMPP, or a text, does not replace it.",
    lesser="information, if the condition is none that the RFC defines (any more)",
    wrong=talk(
        "S: <message type='error' from='romeo@montague.example' to='juliet@capulet.example/balcony'>"
        "<error code='404' type='cancel'/></message>"
    ),
    right=talk(
        "S: <message type='error' from='romeo@montague.example' to='juliet@capulet.example/balcony'>"
        f"<error code='404' type='cancel'>{_NOT_FOUND}</error></message>"
    ),
)  # fmt: skip
ADDRESSING: Final = Rule(
    "s2s-addressing", "stanza", "error", "RFC 6120 §8.1.1.2",
    needs="a stream between two servers",
    what="A stanza between servers lacks 'to' or 'from'.",
    why="The receiving server cannot route it, nor check who sent it, and must close the stream with "
    "improper-addressing.",
    wrong=talk("C: <message to='juliet@capulet.example'><body>Hi</body></message>", after="servers"),
    right=talk(
        "C: <message from='romeo@montague.example/garden' to='juliet@capulet.example'><body>Hi</body></message>",
        after="servers",
    ),
)  # fmt: skip
JID: Final = Rule(
    "jid-structure", "stanza", "error", "RFC 7622 §3.1",
    what="A 'to' or 'from' that cannot be an address: an empty part, a part longer than 1023 octets, or one of "
    "\" & ' : < > or a space in the localpart. Whether an address is properly prepared is not judged.",
    why="The stanza cannot be delivered; the receiver answers with jid-malformed at best.",
    wrong=talk("C: <message to='romeo montague@montague.example'><body>Hi</body></message>"),
    right=talk("C: <message to='romeo\\20montague@montague.example'><body>Hi</body></message>"),
)  # fmt: skip
MESSAGE_TYPE: Final = Rule(
    "message-type", "stanza", "warning", "RFC 6121 §5.2.2",
    what="The type of a message is not chat, error, groupchat, headline or normal.",
    why="Receivers treat it as normal, whatever was meant.",
    wrong=talk("C: <message to='romeo@montague.example' type='private'><body>Hi</body></message>"),
    right=talk("C: <message to='romeo@montague.example' type='chat'><body>Hi</body></message>"),
)  # fmt: skip
PRESENCE_TYPE: Final = Rule(
    "presence-type", "stanza", "error", "RFC 6121 §4.7.1",
    what="A presence has a type that is not defined. To be available is to have none: 'available' is no type.",
    why="A server may refuse it; whoever receives it does not know what to make of it.",
    wrong=talk("C: <presence type='available'/>"),
    right=talk("C: <presence/>"),
)  # fmt: skip
PRESENCE_SHOW: Final = Rule(
    "presence-show", "stanza", "error", "RFC 6121 §4.7.2.1",
    what="A presence has more than one <show/>, or one that is not away, chat, dnd or xa. An empty one is neither.",
    why="Plainly available is said by leaving it out; strict receivers refuse anything else.",
    wrong=talk("C: <presence><show></show></presence>"),
    right=talk("C: <presence><show>away</show></presence>"),
)  # fmt: skip
PRESENCE_PRIORITY: Final = Rule(
    "presence-priority", "stanza", "error", "RFC 6121 §4.7.2.3",
    what="A presence has more than one <priority/>, or one that is no whole number from -128 to 127.",
    why="The server chooses by it which resource gets messages.",
    wrong=talk("C: <presence><priority>200</priority></presence>"),
    right=talk("C: <presence><priority>-1</priority></presence>"),
)  # fmt: skip
SUBSCRIBE: Final = Rule(
    "subscribe-full-jid", "stanza", "error", "RFC 6121 §3.1.1",
    needs="a client's stream",
    what="A client asks for a subscription to a full JID.",
    why="Subscriptions are between accounts; the resource must be left out.",
    wrong=talk("C: <presence type='subscribe' to='romeo@montague.example/garden'/>"),
    right=talk("C: <presence type='subscribe' to='romeo@montague.example'/>"),
)  # fmt: skip
