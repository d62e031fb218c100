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
PREAMBLES: Final[dict[Preamble, tuple[str, ...]]] = {
    "none": (),
    "tls": (),
    "header": _HEADER,
    "offer": _OFFER,
    "account": _ACCOUNT,
    "login": _LOGIN,
    "management": (
        *_LOGIN,
        f"C: <enable {MANAGEMENT} resume='true'/>",
        f"S: <enabled {MANAGEMENT} id='m1' resume='true'/>",
    ),
    "servers": (
        f"C: <stream:stream from='montague.example' to='capulet.example' {_SERVERS}>",
        f"S: <stream:stream from='capulet.example' to='montague.example' id='s1' xml:lang='en' {_SERVERS}>",
        f"S: <stream:features>{STARTTLS}<dialback xmlns='urn:xmpp:features:dialback'/></stream:features>",
        "C: <db:result from='montague.example' to='capulet.example'>4b8a3d</db:result>",
        "S: <db:result from='capulet.example' to='montague.example' type='valid'/>",
    ),
}
"""The lines of each preamble; all use SCRAM with a made-up proof and ids that no example uses."""

NAMES: Final[dict[Preamble, str]] = {
    "none": "",
    "tls": "inside direct TLS",
    "header": "after both stream headers",
    "offer": "after the stream features",
    "account": "after authentication, before a resource is bound",
    "login": "on a client's stream, after login",
    "management": "on a client's stream, with stream management enabled",
    "servers": "between two servers",
}
"""How pages call them."""
