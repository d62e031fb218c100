"""What has passed before the lines of an example: conversations in which no rule finds anything."""

from typing import Final

from xmppscope.lint.rule import Preamble

STREAM: Final = "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'"
_SERVERS: Final = (
    "xmlns='jabber:server' xmlns:db='jabber:server:dialback' xmlns:stream='http://etherx.jabber.org/streams' "
    "version='1.0'"
)
SASL: Final = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
STARTTLS: Final = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
BIND: Final = "xmlns='urn:ietf:params:xml:ns:xmpp-bind'"
MANAGEMENT: Final = "xmlns='urn:xmpp:sm:3'"

OPEN: Final = f"C: <stream:stream to='capulet.example' {STREAM}>"
OPENED: Final = f"S: <stream:stream from='capulet.example' id='s1' xml:lang='en' {STREAM}>"
REOPENED: Final = f"S: <stream:stream from='capulet.example' id='s2' xml:lang='en' {STREAM}>"
OFFER: Final = (
    f"S: <stream:features>{STARTTLS}<mechanisms {SASL}><mechanism>SCRAM-SHA-1</mechanism>"
    "<mechanism>EXTERNAL</mechanism></mechanisms></stream:features>"
)
CLIENT_FIRST: Final = "biwsbj1qdWxpZXQscj1DMQ=="  # n,,n=juliet,r=C1
SERVER_FIRST: Final = "cj1DMVMxLHM9YzJGc2RBPT0saT00MDk2"  # r=C1S1,s=c2FsdA==,i=4096
CLIENT_FINAL: Final = "Yz1iaXdzLHI9QzFTMSxwPXByb29m"  # c=biws,r=C1S1,p=proof
SERVER_FINAL: Final = "dj1zaWduYXR1cmU="  # v=signature

_HEADER: Final = (OPEN, OPENED)
_OFFER: Final = (*_HEADER, OFFER)
_ACCOUNT: Final = (
    *_OFFER,
    f"C: <auth {SASL} mechanism='SCRAM-SHA-1'>{CLIENT_FIRST}</auth>",
    f"S: <challenge {SASL}>{SERVER_FIRST}</challenge>",
    f"C: <response {SASL}>{CLIENT_FINAL}</response>",
    f"S: <success {SASL}>{SERVER_FINAL}</success>",
    OPEN,
    REOPENED,
    f"S: <stream:features><bind {BIND}/><sm {MANAGEMENT}/></stream:features>",
)
_LOGIN: Final = (
    *_ACCOUNT,
    f"C: <iq type='set' id='b1'><bind {BIND}/></iq>",
    f"S: <iq type='result' id='b1'><bind {BIND}><jid>juliet@capulet.example/balcony</jid></bind></iq>",
)
_INSIDE: Final = (
    OPEN.replace("to=", "from='juliet@capulet.example' to="),
    OPENED.replace("id=", "to='juliet@capulet.example' id="),
)
_SASL2: Final = (
    *_INSIDE,
    "S: <stream:features><authentication xmlns='urn:xmpp:sasl:2'><mechanism>SCRAM-SHA-1</mechanism>"
    "<mechanism>EXTERNAL</mechanism><inline><bind xmlns='urn:xmpp:bind:0'/><sm xmlns='urn:xmpp:sm:3'/>"
    "<fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-NONE</mechanism></fast></inline></authentication>"
    "</stream:features>",
)
_BOSH: Final = "xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh'"
_COMPONENT: Final = "xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'"
_MANAGED: Final = (
    *_LOGIN,
    f"C: <enable {MANAGEMENT} resume='true'/>",
    f"S: <enabled {MANAGEMENT} id='m1' resume='true'/>",
)
_SENT: Final = tuple(
    f"C: <message to='romeo@montague.example' id='{identity}'><body>Hark!</body></message>" for identity in ("y1", "y2")
)
PREAMBLES: Final[dict[Preamble, tuple[str, ...]]] = {
    "none": (),
    "tls": (),
    "tls-old": (),
    "tls-nameless": (),
    "tls-web": (),
    "secure": _INSIDE,
    "sasl2": _SASL2,
    "component": (
        f"C: <stream:stream to='plays.capulet.example' {_COMPONENT}>",
        f"S: <stream:stream from='plays.capulet.example' id='s1' {_COMPONENT}>",
        "C: <handshake>aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e</handshake>",
        "S: <handshake/>",
    ),
    "header": _HEADER,
    "offer": _OFFER,
    "account": _ACCOUNT,
    "login": _LOGIN,
    "management": _MANAGED,
    "cut": (*_MANAGED, *_SENT, "C rst", *(line.replace(":", "2:", 1) for line in _ACCOUNT)),
    "websocket": (
        "C: <open to='capulet.example' version='1.0' xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>",
        "S: <open from='capulet.example' id='w1' xml:lang='en' version='1.0' "
        "xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>",
    ),
    "servers": (
        f"C: <stream:stream from='montague.example' to='capulet.example' {_SERVERS}>",
        f"S: <stream:stream from='capulet.example' to='montague.example' id='s1' xml:lang='en' {_SERVERS}>",
        f"S: <stream:features>{STARTTLS}<dialback xmlns='urn:xmpp:features:dialback'/></stream:features>",
        "C: <db:result from='montague.example' to='capulet.example'>4b8a3d</db:result>",
        "S: <db:result from='capulet.example' to='montague.example' type='valid'/>",
    ),
    "bosh": (
        f"C: <body {_BOSH} xmpp:version='1.0' rid='1001' to='capulet.example' ver='1.6' wait='60' hold='1'/>",
        f"S: <body {_BOSH} xmpp:version='1.0' sid='s1' from='capulet.example' wait='60' hold='1' requests='2' "
        f"xmlns:stream='http://etherx.jabber.org/streams'><stream:features><mechanisms {SASL}>"
        "<mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features></body>",
    ),
}
"""The lines of each preamble; all use SCRAM with a made-up proof and ids that no example uses."""

INSIDE_TLS: Final[frozenset[Preamble]] = frozenset({"tls", "tls-old", "tls-nameless", "tls-web", "secure", "sasl2"})
"""Those whose lines pass inside direct TLS."""

ON_WEBSOCKET: Final[frozenset[Preamble]] = frozenset({"websocket"})
"""Those whose lines are messages of a WebSocket."""

NAMES: Final[dict[Preamble, str]] = {
    "none": "",
    "tls": "inside direct TLS",
    "tls-old": "behind a handshake that agrees upon TLS 1.1",
    "tls-nameless": "inside direct TLS whose ClientHello has no SNI",
    "tls-web": "inside direct TLS whose ClientHello offers http/1.1",
    "secure": "inside direct TLS, after both stream headers",
    "sasl2": "inside direct TLS, after features with SASL2",
    "component": "on a component's stream, after the handshake",
    "header": "after both stream headers",
    "offer": "after the stream features",
    "account": "after authentication, before a resource is bound",
    "login": "on a client's stream, after login",
    "management": "on a client's stream, with stream management enabled",
    "cut": "after two messages (y1, y2), a cut and another login",
    "servers": "between two servers",
    "websocket": "over WebSocket, after <open/> of both sides",
    "bosh": "over BOSH, after the session was created with rid 1001",
}
"""How pages call them."""
