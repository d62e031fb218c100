"""The rules of stream management, with their words; `sm` decides them."""

from typing import Final

from xmppscope.lint.preambles import BIND, MANAGEMENT
from xmppscope.lint.rule import Rule, talk

_ASK: Final = f"C: <iq type='set' id='r1'><bind {BIND}/></iq>"
_PING: Final = "C: <iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>"
_PONG: Final = "S: <iq type='result' id='p1'/>"

ENABLE_ORDER: Final = Rule(
    "sm-enable-order", "sm", "error", "XEP-0198 §3",
    needs="a client's connection from its first byte on, without a hole, with a login by SASL",
    what="A client enables stream management before it has authenticated or before it has asked for a resource.",
    why="The server must refuse with unexpected-request, and the session goes on unmanaged.",
    wrong=talk(f"C: <enable {MANAGEMENT}/>", _ASK, after="account"),
    right=talk(_ASK, f"C: <enable {MANAGEMENT}/>", after="account"),
)  # fmt: skip
ENABLE_TWICE: Final = Rule(
    "sm-enable-twice", "sm", "error", "XEP-0198 §3",
    needs="the stream from its header on, without a hole",
    what="A second <enable/> on one stream, without a refusal of the first in between.",
    why="Stream management is enabled once; the server should close the stream, and counters may start again.",
    wrong=talk(f"C: <enable {MANAGEMENT} resume='true'/>", after="management"),
    right=talk(f"C: <r {MANAGEMENT}/>", f"S: <a {MANAGEMENT} h='0'/>", after="management"),
)  # fmt: skip
H_SYNTAX: Final = Rule(
    "sm-h-syntax", "sm", "error", "XEP-0198 §4",
    what="An <a/>, <resume/> or <resumed/> without 'h', or with one that is no number from 0 to 4294967295; a "
    "<resume/> or <resumed/> without 'previd'.",
    why="Without the count nobody knows what has arrived, and without the id nobody knows which session is meant.",
    wrong=talk(f"S: <a {MANAGEMENT} h='none'/>", after="management"),
    right=talk(f"S: <a {MANAGEMENT} h='0'/>", after="management"),
)  # fmt: skip
H_TOO_HIGH: Final = Rule(
    "sm-h-too-high", "sm", "error", "XEP-0198 §4",
    needs="both directions from their headers on, without a hole, from the enabling or the resumption on",
    what="A side acknowledges more stanzas than the other one has sent. Counting starts at <enable/> and <enabled/>, "
    "after a resumption at the counts that both sides have named.",
    why="The counters have come apart; the other side must close the stream, since it cannot tell any more what was "
    "received.",
    wrong=talk(_PING, f"S: <a {MANAGEMENT} h='2'/>", after="management"),
    right=talk(_PING, f"S: <a {MANAGEMENT} h='1'/>", _PONG, after="management"),
)  # fmt: skip
H_BACKWARDS: Final = Rule(
    "sm-h-backwards", "sm", "error", "XEP-0198 §4",
    needs="the direction from its header on, without a hole",
    what="The 'h' of an <a/> is lower than the one before from the same side. The step from 4294967295 to 0 is none "
    "backwards.",
    why="What was received once stays received: the sender has dropped those stanzas already.",
    wrong=talk(_PING, f"S: <a {MANAGEMENT} h='1'/>", f"S: <a {MANAGEMENT} h='0'/>", after="management"),
    right=talk(_PING, f"S: <a {MANAGEMENT} h='0'/>", f"S: <a {MANAGEMENT} h='1'/>", after="management"),
)  # fmt: skip
ACK_MISSING: Final = Rule(
    "sm-ack-missing", "sm", "warning", "XEP-0198 §4",
    needs="both directions from their headers on, both streams closed in order, and a proof that the request had "
    "arrived: the other side answered something later, or closed its stream a second later or more",
    what="A side sends no <a/> at all after an <r/>.",
    why="A request for an acknowledgement must be answered; without it the queue of the other side only grows.",
    wrong=talk(
        f"S: <r {MANAGEMENT}/>",
        "S: <iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>",
        "C: <iq type='result' id='p1'/>",
        "C: </stream:stream>",
        "S: </stream:stream>",
        "C fin",
        after="management",
    ),
    right=talk(
        f"S: <r {MANAGEMENT}/>", f"C: <a {MANAGEMENT} h='0'/>", "C: </stream:stream>", "S: </stream:stream>", "C fin",
        after="management",
    ),
)  # fmt: skip
ENABLED_ID: Final = Rule(
    "sm-enabled-id", "sm", "error", "XEP-0198 §5",
    what="The answer <enabled/> says that the session can be resumed, but gives no id for it.",
    why="Without the id a client cannot name the session that it wants back.",
    wrong=talk(f"C: <enable {MANAGEMENT} resume='true'/>", f"S: <enabled {MANAGEMENT} resume='true'/>"),
    right=talk(f"C: <enable {MANAGEMENT} resume='true'/>", f"S: <enabled {MANAGEMENT} id='m1' resume='true'/>"),
)  # fmt: skip
PREVID: Final = Rule(
    "sm-resumed-previd", "sm", "error", "XEP-0198 §5",
    needs="the only request to resume on the connection, and its answer",
    what="The answer <resumed/> names another session than <resume/> asked for.",
    why="The client would take the stanzas and counters of somebody else's session for its own.",
    wrong=talk(
        f"C: <resume {MANAGEMENT} previd='m1' h='0'/>", f"S: <resumed {MANAGEMENT} previd='m2' h='0'/>", after="account"
    ),
    right=talk(
        f"C: <resume {MANAGEMENT} previd='m1' h='0'/>", f"S: <resumed {MANAGEMENT} previd='m1' h='0'/>", after="account"
    ),
)  # fmt: skip
