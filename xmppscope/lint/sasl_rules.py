"""The rules of SASL and SASL2, with their words; `sasl` decides them."""

from typing import Final

from xmppscope.lint.preambles import CLIENT_FINAL, CLIENT_FIRST, SASL, SERVER_FIRST
from xmppscope.lint.rule import Rule, talk

_AUTH: Final = f"C: <auth {SASL} mechanism='SCRAM-SHA-1'>{CLIENT_FIRST}</auth>"
_CHALLENGE: Final = f"S: <challenge {SASL}>{SERVER_FIRST}</challenge>"
_RESPONSE: Final = f"C: <response {SASL}>{CLIENT_FINAL}</response>"
_REFUSED: Final = f"S: <failure {SASL}><not-authorized/></failure>"

NOT_OFFERED: Final = Rule(
    "sasl-mechanism-not-offered", "sasl", "warning", "RFC 6120 §6.5.7",
    needs="both directions from their headers on, without a hole, and the features of the same stream",
    what="The mechanism of <auth/> or <authenticate/> is not in the list of the features that precede it.",
    why="The server will refuse it with invalid-mechanism; a client that tries anyway has not read the offer, or "
    "somebody in between has changed it.",
    lesser="for SASL2 an error: there the server must refuse (XEP-0388 §2.3)",
    wrong=talk(f"C: <auth {SASL} mechanism='X-UNHEARD-OF'/>", after="offer"),
    right=talk(f"C: <auth {SASL} mechanism='EXTERNAL'>=</auth>", after="offer"),
)  # fmt: skip
PLAIN_IN_CLEAR: Final = Rule(
    "sasl-plain-in-clear", "sasl", "warning", "RFC 6120 §13.9.4",
    what="A login with PLAIN, or with the <password/> of XEP-0078, on a connection that is not encrypted.",
    why="Whoever reads along has the password.",
    wrong=talk(
        "C: <iq type='set' id='a1'><query xmlns='jabber:iq:auth'><username>juliet</username>"
        "<password>R0m30</password><resource>balcony</resource></query></iq>",
        "S: <iq type='result' id='a1'/>",
        after="offer",
    ),
    right=talk(_AUTH, _CHALLENGE, after="offer"),
)  # fmt: skip
BASE64: Final = Rule(
    "sasl-base64", "sasl", "error", "RFC 6120 §13.9.1",
    what="SASL data that is not strict base64: other characters, line feeds and spaces among them, or wrong padding. "
    "A lone = stands for empty data.",
    why="The receiver must refuse it with incorrect-encoding.",
    wrong=talk(f"C: <auth {SASL} mechanism='SCRAM-SHA-1'>\n{CLIENT_FIRST}\n</auth>", after="offer"),
    right=talk(_AUTH, after="offer"),
)  # fmt: skip
SEQUENCE: Final = Rule(
    "sasl-sequence", "sasl", "error", "RFC 6120 §6.4",
    needs="both directions from the first byte of the connection to its end, without a hole",
    what="By the end there were more responses than challenges, more challenges than attempts and responses, or more "
    "outcomes than attempts. Counts are compared, not times: the order of frames in a capture may be wrong.",
    why="Each side speaks once in turn; who speaks unasked has lost track, and the login fails or hangs.",
    wrong=talk(_AUTH, _CHALLENGE, _RESPONSE, _REFUSED, _RESPONSE, _REFUSED, after="offer"),
    right=talk(_AUTH, _CHALLENGE, _RESPONSE, _REFUSED, _AUTH, _REFUSED, after="offer"),
)  # fmt: skip
CONDITION: Final = Rule(
    "sasl-failure-condition", "sasl", "error", "RFC 6120 §6.4.5",
    what="A SASL <failure/> without a child that names its condition.",
    why="Without a condition a client cannot tell a wrong password from an outage.",
    lesser="information, if the condition is none that the RFC defines",
    wrong=talk(_AUTH, f"S: <failure {SASL}/>", after="offer"),
    right=talk(_AUTH, _REFUSED, after="offer"),
)  # fmt: skip
LEGACY: Final = Rule(
    "sasl-legacy-mechanism", "sasl", "info", "RFC 6331",
    what="A mechanism that is obsolete or was never a standard is offered or chosen: DIGEST-MD5, CRAM-MD5, X-OAUTH2 "
    "and the like, or the login of XEP-0078. Offers are reported once a connection.",
    why="They are weak, or work with few servers; SCRAM has taken their place.",
    wrong=talk(
        f"S: <stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><mechanisms {SASL}>"
        "<mechanism>DIGEST-MD5</mechanism></mechanisms></stream:features>",
        after="header",
    ),
    right=talk(_AUTH, after="offer"),
)  # fmt: skip
SASL2_IN_CLEAR: Final = Rule(
    "sasl2-in-clear", "sasl", "error", "XEP-0388 §3",
    what="SASL2 is offered, or used, on a connection that is not encrypted.",
    why="XEP-0388 allows it inside TLS only: in the clear the offer can be altered on the way.",
    wrong=talk(
        "S: <stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
        "<authentication xmlns='urn:xmpp:sasl:2'><mechanism>SCRAM-SHA-1</mechanism></authentication>"
        "</stream:features>",
        after="header",
    ),
    right=talk(
        "S: <stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>", after="header"
    ),
)  # fmt: skip
