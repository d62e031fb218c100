"""The rules of SASL2, Bind 2 and FAST, with their words; `sasl2` and `fast` decide them."""

from typing import Final

from xmppscope.lint.rule import Rule, talk

SASL2: Final = "xmlns='urn:xmpp:sasl:2'"
FAST: Final = "xmlns='urn:xmpp:fast:0'"
_BIND: Final = "<bind xmlns='urn:xmpp:bind:0'><tag>balcony</tag></bind>"
_BARE: Final = "<authorization-identifier>juliet@capulet.example</authorization-identifier>"
_FULL: Final = "<authorization-identifier>juliet@capulet.example/balcony~1</authorization-identifier>"
_BOUND: Final = "<bound xmlns='urn:xmpp:bind:0'/>"
_AGENT: Final = "<user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'/>"


def _authenticate(more: str = "", mechanism: str = "EXTERNAL") -> str:
    return (
        f"C: <authenticate {SASL2} mechanism='{mechanism}'><initial-response>=</initial-response>{more}</authenticate>"
    )


_CHALLENGE: Final = f"S: <challenge {SASL2}>Zm9v</challenge>"
_RESPONSE: Final = f"C: <response {SASL2}>YmFy</response>"
_SUCCESS: Final = f"S: <success {SASL2}>{_BARE}</success>"
_FEATURES: Final = "S: <stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"
_BIND1: Final = "C: <iq type='set' id='b1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"

EMPTY: Final = Rule(
    "sasl2-empty", "sasl", "error", "XEP-0388 §2.1",
    what="SASL2 is offered without a mechanism.",
    why="There is nothing that a client could choose; where there is no mechanism, SASL2 must not be offered.",
    wrong=talk(f"S: <stream:features><authentication {SASL2}/></stream:features>", after="secure"),
    right=talk("S: <stream:features/>", after="secure"),
)  # fmt: skip
TRAFFIC: Final = Rule(
    "sasl2-traffic-during-auth", "sasl", "error", "XEP-0388 §2.4",
    needs="the direction from its header on, without a hole",
    what="Between two elements of SASL2 of one login, the same side sends something else.",
    why="While a login runs only SASL2 is spoken; the other side may close the stream.",
    wrong=talk(_authenticate(), _CHALLENGE, "C: <presence/>", _RESPONSE, _SUCCESS, after="sasl2"),
    right=talk(_authenticate(), _CHALLENGE, _RESPONSE, _SUCCESS, after="sasl2"),
)  # fmt: skip
SECOND: Final = Rule(
    "sasl2-second-authenticate", "sasl", "error", "XEP-0388 §4.8",
    needs="both directions from their headers on, without a hole, and an element of the client after the success",
    what="A client that was told of its success, and has gone on, begins another login on the same stream.",
    why="There is one login on a stream; the server must close it.",
    wrong=talk(_authenticate(), _SUCCESS, _FEATURES, _BIND1, _authenticate(), after="sasl2"),
    right=talk(_authenticate(), _SUCCESS, _FEATURES, _BIND1, after="sasl2"),
)  # fmt: skip
IDENTIFIER: Final = Rule(
    "sasl2-success-identifier", "sasl", "error", "XEP-0388 §2.6.1",
    what="The success of SASL2 does not say for whom it is, or names a bare JID although a resource is bound "
    "(XEP-0386 §3.2.1).",
    why="The client learns its own address from it.",
    wrong=talk(_authenticate(_BIND), f"S: <success {SASL2}>{_BARE}{_BOUND}</success>", after="sasl2"),
    right=talk(_authenticate(_BIND), f"S: <success {SASL2}>{_FULL}{_BOUND}</success>", after="sasl2"),
)  # fmt: skip
USER_AGENT: Final = Rule(
    "sasl2-user-agent-id", "sasl", "warning", "XEP-0388 §2.3",
    what="The id by which a client names its installation is no UUID of version 4.",
    why="Servers tell installations apart by it; another form may be refused, and one that is not random may tell more "
    "than it should.",
    wrong=talk(_authenticate("<user-agent id='balcony'/>"), after="sasl2"),
    right=talk(_authenticate(_AGENT), after="sasl2"),
)  # fmt: skip
BIND_UNANSWERED: Final = Rule(
    "bind2-unanswered", "bind", "error", "XEP-0386 §3.2",
    needs="both directions from their headers on, without a hole, and features that offer Bind 2",
    what="A client asks for a resource within its login, and the success has neither <bound/> nor <resumed/>.",
    why="The client takes the success for the end of the negotiation, and has no address.",
    wrong=talk(_authenticate(_BIND), _SUCCESS, after="sasl2"),
    right=talk(_authenticate(_BIND), f"S: <success {SASL2}>{_FULL}{_BOUND}</success>", after="sasl2"),
)  # fmt: skip
PRECONDITIONS: Final = Rule(
    "fast-preconditions", "sasl", "error", "XEP-0484 §4.1",
    needs="the client's stream header",
    what="A client logs in with a token (FAST), and has named itself neither by 'from' in its stream header nor by an "
    "id of its installation, or only by one of them.",
    why="The server looks tokens up by account and installation, and offers FAST for them.",
    wrong=talk(_authenticate(f"<fast {FAST}/>", "HT-SHA-256-NONE"), after="sasl2"),
    right=talk(_authenticate(f"{_AGENT}<fast {FAST}/>", "HT-SHA-256-NONE"), after="sasl2"),
)  # fmt: skip
TOKEN: Final = Rule(
    "fast-mechanism", "sasl", "error", "XEP-0484 §3.2",
    needs="for a request the features of the same stream",
    what="A token is asked for a mechanism that the <fast/> of the features does not list, or is given without the "
    "token itself or the time at which it expires (§3.3).",
    why="Such a token cannot be used: the server must refuse the mechanism, or the client does not know what to send.",
    wrong=talk(_authenticate(f"<request-token {FAST} mechanism='HT-SHA-512-NONE'/>"), after="sasl2"),
    right=talk(_authenticate(f"<request-token {FAST} mechanism='HT-SHA-256-NONE'/>"), after="sasl2"),
)  # fmt: skip
