"""Rules with several ways to be broken, and what looks like it: each by a short conversation."""

from collections.abc import Callable
from typing import Any

import pytest

from xmppscope.lint.preambles import MANAGEMENT, OPEN, OPENED, PREAMBLES, SASL, STARTTLS

Hear = Callable[..., Any]

PEER = "romeo@montague.example/garden"
IBB = "xmlns='http://jabber.org/protocol/ibb' sid='i1'"
OFFER2 = "xmlns='urn:xmpp:sasl:2'"
AUTHENTICATE = f"C: <authenticate {OFFER2} mechanism='EXTERNAL'><initial-response>=</initial-response></authenticate>"
RESUME = f"C2: <resume {MANAGEMENT} previd='m1' h='0'/>"
BOUND = (
    "S: <iq type='result' id='b1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>juliet@capulet.example/balcony"
    "</jid></bind></iq>"
)
CAPS = (
    f"S: <presence from='{PEER}'><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v'/></presence>",
    f"C: <iq type='get' id='d1' to='{PEER}'><query xmlns='http://jabber.org/protocol/disco#info' node='n#v'/></iq>",
)
FEATURE = "<feature var='urn:xmpp:ping'/>"


def answered(features: str) -> str:
    return (
        f"S: <iq type='result' id='d1' from='{PEER}'><query xmlns='http://jabber.org/protocol/disco#info' node='n#v'>"
        f"{features}</query></iq>"
    )


def block(seq: object, size: int = 4, identity: str = "d") -> str:
    data = "AAAA" * (size // 3)
    return f"C: <iq type='set' id='{identity}{seq}' to='{PEER}'><data {IBB} seq='{seq}'>{data}</data></iq>"


OPEN_IBB = f"C: <iq type='set' id='o1' to='{PEER}'><open {IBB} block-size='6'/></iq>"
BROKEN = {
    "a block that is too large": ([OPEN_IBB, block(0, 9)], "login", "ibb-seq", "a block of 9 bytes, at most 6"),
    "a block without a number": (
        [OPEN_IBB, block(0).replace(" seq='0'", "")], "login", "ibb-seq", "a block without a number"),
    "a header that a slot must not name": (
        ["C: <iq type='get' id='u' to='u.example'><request xmlns='urn:xmpp:http:upload:0' filename='a' size='1'/></iq>",
         "S: <iq type='result' id='u' from='u.example'><slot xmlns='urn:xmpp:http:upload:0'><put url='https://u/a'>"
         "<header name='X-Secret'>s</header></put><get url='https://u/a'/></slot></iq>"],
        "login", "upload-slot-https", "the header X-Secret beside the slot"),
    "a stage of a command that belongs to no run": (
        ["C: <iq type='set' id='c' to='c.example'><command xmlns='http://jabber.org/protocol/commands' node='n' "
         "action='next'/></iq>"], "login", "adhoc-shape", "the action next without sessionid"),
    "a feature that is there twice": (
        [*CAPS, answered(FEATURE * 2)], "login", "caps-hash-mismatch", "the answer cannot be hashed: a feature"),
    "a token that never ends": (
        [AUTHENTICATE, f"S: <success {OFFER2}><authorization-identifier>a@c.example</authorization-identifier>"
         "<token xmlns='urn:xmpp:fast:0' token='t'/></success>"], "sasl2", "fast-mechanism", "a token without expiry"),
    "types of channel binding without a mechanism for them": (
        [f"S: <stream:features><authentication {OFFER2}><mechanism>SCRAM-SHA-1</mechanism></authentication>"
         "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-server-end-point'/>"
         "</sasl-channel-binding></stream:features>"], "secure", "cb-types-inconsistent", "types of channel binding"),
    "a server that sends something new before what was lost": (
        [RESUME, f"S2: <resumed {MANAGEMENT} previd='m1' h='2'/>",
         f"S2: <message from='{PEER}' id='new'><body>Hi</body></message>"],
        "lost", "sm-retransmit-missing", "something new, before 1 of what"),
    "two statuses in one language": (
        ["C: <presence><status>in</status><status>out</status></presence>"], "login", "duplicate-lang",
        "2 <status/> without a language"),
    "a component that forgets who it writes to": (
        ["C: <message from='puck@plays.capulet.example'/>"], "component", "component-from", "no 'to'"),
    "a name in the hello that is not the stream's": (
        [OPEN.replace("capulet.example", "montague.example")], "tls", "direct-tls-sni",
        "the ClientHello names capulet.example, the stream montague.example"),
    "a response to somebody else": (
        [OPEN.replace("to=", "from='juliet@capulet.example' to="),
         OPENED.replace("id=", "to='nurse@capulet.example' id="), f"S: <stream:features>{STARTTLS}</stream:features>"],
        "none", "stream-response-to", "the response is for somebody else"),
}  # fmt: skip
SOUND = {
    "a bind result that was captured before the header of its stream": (
        [BOUND, OPEN, "C: <iq type='set' id='b1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"], "account"),
    "a header after a binding that failed": (
        ["C: <iq type='set' id='r1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
         "S: <iq type='error' id='r1'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
         "</error></iq>", OPEN], "account"),
    "the number that follows 65535": ([OPEN_IBB, *(block(n % 65536) for n in range(3))], "login"),
    "a bytestream whose opening was not seen": ([block(7), block(9)], "login"),
    "-PLUS in SASL alone names no types": (
        [f"S: <stream:features>{STARTTLS}<mechanisms {SASL}><mechanism>SCRAM-SHA-1-PLUS</mechanism></mechanisms>"
         "</stream:features>"], "header"),
    "an answer to a hash that nobody announced": (
        [CAPS[1], answered(FEATURE)], "login"),
    "features behind the success of SASL2": (
        [AUTHENTICATE, f"S: <success {OFFER2}><authorization-identifier>a@c.example</authorization-identifier>"
         "</success>", "S: <stream:features/>"], "sasl2"),
    "who was cut sends what was lost, and then more": (
        [RESUME, f"S2: <resumed {MANAGEMENT} previd='m1' h='1'/>",
         "C2: <message to='romeo@montague.example' id='y2'><body>Hark!</body></message>",
         "S2: <iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>", "C2: <iq type='result' id='p'/>",
         "C2: <message to='romeo@montague.example' id='y3'><body>Hark!</body></message>"], "cut"),
    "a client that may not know yet that it was resumed": (
        [RESUME, f"S2: <resumed {MANAGEMENT} previd='m1' h='1'/>",
         "C2: <message to='romeo@montague.example' id='new'><body>Hark!</body></message>"], "cut"),
    "a session that was not seen": (
        [f"C: <resume {MANAGEMENT} previd='m9' h='0'/>", f"S: <resumed {MANAGEMENT} previd='m9' h='1'/>",
         "C: <iq type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq>"], "account"),
    "the own address in other letters": (
        ["C: <message from='Juliet@Capulet.Example/balcony' to='romeo@montague.example'/>"], "login"),
    "a call that is ended by both": (
        [f"{who}: <iq type='set' id='j{number}' {way}><jingle xmlns='urn:xmpp:jingle:1' action='{action}' "
         "sid='a'/></iq>"
         for number, (who, way, action) in enumerate([
             ("C", f"to='{PEER}'", "session-initiate"), ("S", f"from='{PEER}'", "session-terminate"),
             ("C", f"to='{PEER}'", "session-terminate"), ("C", f"to='{PEER}'", "session-terminate"),
             ("C", f"to='{PEER}'", "session-initiate"), ("C", f"to='{PEER}'", "session-info")])], "login"),
    "a prefix of the header inside text": (
        [OPEN.replace("xmlns=", "xmlns:x='urn:example' xmlns="), OPENED,
         f"S: <stream:features>{STARTTLS}</stream:features>",
         "C: <iq type='get' id='a' to='capulet.example'><query xmlns='urn:example'>&lt;x:y/> x:z='1'</query></iq>",
         "C: <iq type='get' id='b' to='capulet.example'><query xmlns='urn:example' a=\" x:z='1'\"/></iq>"], "none"),
}  # fmt: skip


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a preamble in which the server's last message was not acknowledged."""
    message = f"S: <message from='{PEER}' id='x1'><body>Hark!</body></message>"
    lines = list(PREAMBLES["cut"])
    lines.insert(lines.index("C rst"), message)
    monkeypatch.setitem(PREAMBLES, "lost", tuple(lines))  # type: ignore[misc]


@pytest.mark.usefixtures("lost")
@pytest.mark.parametrize("name", list(BROKEN))
def test_ways_to_break_a_rule(name: str, hear: Hear) -> None:
    lines, after, rule, text = BROKEN[name]
    (finding,) = hear(*lines, after=after).findings
    assert finding.rule == rule
    assert finding.text.startswith(text)


@pytest.mark.parametrize("name", list(SOUND))
def test_what_only_looks_like_it(name: str, hear: Hear) -> None:
    lines, after = SOUND[name]
    assert [(finding.rule, finding.text) for finding in hear(*lines, after=after).findings] == []


@pytest.mark.parametrize(
    "lines",
    [
        ["S: <iq type='result' id='r9' from='romeo@montague.example/garden'/>"],
        ["C: <iq type='get' id='r1'><query xmlns='jabber:iq:roster' ver=''/></iq>"],
        ["C: <message from='nurse@capulet.example' to='romeo@montague.example'/>"],
    ],
)
def test_behind_a_hole_the_later_rules_conclude_nothing(lines: list[str], hear: Hear) -> None:
    assert hear("S gap", *lines).rules == []
    assert hear(*lines, after="none", syn=False).rules == []
