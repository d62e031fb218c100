"""Where rules stay silent: what is missing, out of order or legal however odd it looks is held against nobody."""

from collections.abc import Callable
from typing import Any

import pytest

from xmppscope.lint.preambles import (
    BIND,
    CLIENT_FINAL,
    CLIENT_FIRST,
    MANAGEMENT,
    OFFER,
    OPEN,
    OPENED,
    REOPENED,
    SASL,
    SERVER_FINAL,
    SERVER_FIRST,
    STARTTLS,
)

Hear = Callable[..., Any]

PING = "<ping xmlns='urn:xmpp:ping'/>"
AUTH = f"C: <auth {SASL} mechanism='SCRAM-SHA-1'>{CLIENT_FIRST}</auth>"
CHALLENGE = f"S: <challenge {SASL}>{SERVER_FIRST}</challenge>"
RESPONSE = f"C: <response {SASL}>{CLIENT_FINAL}</response>"
SUCCESS = f"S: <success {SASL}>{SERVER_FINAL}</success>"
BOUND = f"S: <stream:features><bind {BIND}/></stream:features>"
JOIN = "C: <presence to='r@c.example/j'><x xmlns='http://jabber.org/protocol/muc'/></presence>"
JOINED = (
    "S: <presence from='r@c.example/j'><x xmlns='http://jabber.org/protocol/muc#user'><status code='110'/>"
    "</x></presence>"
)
COMPRESS = "xmlns='http://jabber.org/protocol/compress'"
LEGAL = {
    "a header without a version is of another time": (
        ["C: <stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
         "S: <stream:stream id='1' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
         "C: <message to='a@b.example'/>"], "none"),
    "a response that only serves an error": (
        [OPEN, "S: <stream:stream version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
         "S: <stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"], "none"),
    "the answer was captured before the question": (
        ["S: <iq type='result' id='p1'/>", f"C: <iq type='get' id='p1'>{PING}</iq>",
         f"C: <iq type='get' id='p2'>{PING}</iq>", "S: <iq type='result' id='p2'/>",
         "C: </stream:stream>", "S: </stream:stream>", "C fin", "S fin"], "login"),
    "an answer behind the closing tag of who asked": (
        [f"C: <iq type='get' id='p1'>{PING}</iq>", "C: </stream:stream>", "S: <iq type='result' id='p1'/>",
         "S: </stream:stream>"], "login"),
    "an id that comes back": (
        [f"C: <iq type='get' id='x'>{PING}</iq>", "S: <iq type='result' id='x'/>"] * 3, "login"),
    "login messages in the wrong order": ([OFFER, SUCCESS, AUTH, RESPONSE, CHALLENGE, OPEN, REOPENED, BOUND], "header"),
    "the choice was captured before the offer": ([OPEN, AUTH, OPENED, OFFER, CHALLENGE, RESPONSE, SUCCESS], "none"),
    "an attempt that was given up, and another one": (
        [AUTH, CHALLENGE, f"C: <abort {SASL}/>", f"S: <failure {SASL}><aborted/></failure>", AUTH, CHALLENGE], "offer"),
    "features once more, when a server has proved who it is": (["S: <stream:features/>"], "servers"),
    "white space as a keepalive": (["C:  ", "S: \n", "C: \n"], "login"),
    "white space behind the answer": (
        [AUTH, CHALLENGE, RESPONSE, SUCCESS, f"C: \n{OPEN[3:]}", REOPENED, BOUND], "offer"),
    "a lone equals sign is no data": ([f"C: <auth {SASL} mechanism='EXTERNAL'>=</auth>"], "offer"),
    "a stanza before binding, to the own server": (
        [f"C: <iq type='get' id='p' to='capulet.example'>{PING}</iq>"], "account"),
    "acknowledged before it was captured": (
        [f"S: <a {MANAGEMENT} h='1'/>", f"C: <iq type='get' id='p1'>{PING}</iq>", "S: <iq type='result' id='p1'/>"],
        "management"),
    "counters after a resumption": (
        [f"C: <resume {MANAGEMENT} previd='m1' h='4'/>", f"S: <resumed {MANAGEMENT} previd='m1' h='7'/>",
         "C: <presence/>", f"S: <a {MANAGEMENT} h='8'/>", f"C: <a {MANAGEMENT} h='4'/>"], "account"),
    "the counter wraps": (
        [f"C: <resume {MANAGEMENT} previd='m1' h='0'/>", f"S: <resumed {MANAGEMENT} previd='m1' h='4294967295'/>",
         "C: <presence/>", f"S: <a {MANAGEMENT} h='0'/>"], "account"),
    "enabled again after a refusal": (
        [f"C: <enable {MANAGEMENT}/>",
         f"S: <failed {MANAGEMENT}><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>",
         f"C: <enable {MANAGEMENT}/>"], "login"),
    "a cut that can be resumed": (["C rst"], "management"),
    "an end behind a stream error": (
        ["S: <stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>", "C fin"], "login"),
    "zlib whose permission is missing": (
        [f"C: <compress {COMPRESS}><method>zlib</method></compress>", "C: \x78\x01\x02&garbage"], "login"),
    "TLS is given up": (
        [f"C: {STARTTLS}", "S: <proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "C fin", "S fin"], "offer"),
    "white space around a value": (["C: <presence><show> away </show><priority> +5 </priority></presence>"], "login"),
    "escaped localparts, slashes and quotes in resources": (
        ["C: <message to=\"a\\20b@c.example/it's @ &lt;home&gt;/2\"><body/></message>"], "login"),
    "unknown children and attributes": (["C: <presence x='1'><y xmlns='urn:example'/></presence>"], "login"),
    "a room's subject for who was in already": (
        [JOIN,
         JOINED,
         JOIN,
         "S: <message type='groupchat' from='r@c.example'><subject/></message>",
         JOINED],
        "login"),
    "live traffic while a room is entered": (
        [JOIN,
         "S: <message type='groupchat' from='r@c.example/x'><body>Hi</body></message>",
         JOINED],
        "login"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(LEGAL))
def test_what_is_legal_or_cannot_be_known_is_no_finding(name: str, hear: Hear) -> None:
    lines, after = LEGAL[name]
    assert [(finding.rule, finding.text) for finding in hear(*lines, after=after).findings] == []


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        (["C gap", "C: <message><body>a & b</body></message>"], "login"),
        (["S gap", "C: <message><body>a & b</body></message>"], "login"),
        (["S gap", f"S: <a {MANAGEMENT} h='9'/>", "S fin"], "management"),
        (["C gap", f"S: <a {MANAGEMENT} h='9'/>", "S fin"], "management"),
        (["C gap", "C fin", "S fin"], "login"),
        (["S gap", f"C: <auth {SASL} mechanism='X-UNHEARD-OF'/>"], "header"),
        (["C gap", SUCCESS, "C: <presence/>"], "offer"),
        (["S gap", "S: <challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>cj1hLHM9YSxpPTE=</challenge>"], "offer"),
        (["S gap", "C: </stream:stream>", "S: </stream:stream>", "C fin"], "management"),
        # The answer was lost, and that is known only after the white space behind it has come.
        (
            [f"C: <auth {SASL} mechanism='SCRAM-SHA-1'>bixhLCxuPWEscj1i</auth>", "C:  ", "S gap", "C fin", "S fin"],
            "offer",
        ),
    ],
)
def test_behind_a_hole_nothing_is_concluded(lines: list[str], after: str, hear: Hear) -> None:
    assert hear(*lines, after=after).rules == []


@pytest.mark.parametrize(
    "lines",
    [
        ["C: ge to='a@b.example'>&</message>", "C: <presence/>"],
        [f"C: <auth {SASL} mechanism='X-UNHEARD-OF'/>"],
        [f"C: <enable {MANAGEMENT}/>", f"S: <a {MANAGEMENT} h='70'/>"],
        [SUCCESS, "C: <message to='romeo@montague.example'/>"],
        ["C: <message to='romeo@montague.example'/>", "C fin"],
    ],
)
def test_in_mid_stream_nothing_is_concluded(lines: list[str], hear: Hear) -> None:
    assert hear(*lines, after="none", syn=False).rules == []


@pytest.mark.parametrize(
    ("lines", "after", "rule", "severity"),
    [
        (["S: <message type='error' from='a@b.example'><error type='cancel'><payment-required "
          "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"],
         "login", "stanza-error-condition", "info"),
        (["S: <stream:error><invalid-id xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"],
         "login", "stream-error-condition", "info"),
        ([AUTH, f"S: <failure {SASL}><bad-protocol/></failure>"], "offer", "sasl-failure-condition", "info"),
        (["C: <iq type='set' id='j'><jingle xmlns='urn:xmpp:jingle:1' sid='s' action='source-add'/></iq>"],
         "login", "jingle-shape", "info"),
    ],
)  # fmt: skip
def test_what_is_unknown_but_allowed_is_information(
    lines: list[str], after: str, rule: str, severity: str, hear: Hear
) -> None:
    assert [(finding.rule, finding.severity) for finding in hear(*lines, after=after).findings] == [(rule, severity)]


def test_a_finding_names_the_guilty_entry_and_follows_it(hear: Hear) -> None:
    heard = hear("C: <presence/>", "C: <iq type='ask' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>", "C: <presence/>")
    (finding,) = heard.findings
    guilty = heard.entries[-2]
    assert finding.entries == [guilty.entry]
    assert finding.time == guilty.end_time
    assert finding.text == '"ask" is no iq type'


def test_text_from_the_wire_is_made_visible(hear: Hear) -> None:
    (finding,) = hear("C: <presence type='\u202eoff'/>").findings
    assert finding.text == '"\\u202eoff" is no type of presence'


def test_only_selected_rules_report(hear: Hear) -> None:
    lines = ["C: <presence type='off'/>", "C: <iq type='get'/>"]
    assert hear(*lines).rules == ["presence-type", "iq-id-missing", "iq-request-children"]
    assert hear(*lines, select=["iq"]).rules == ["iq-id-missing", "iq-request-children"]
    assert hear(*lines, select=["presence-type", "muc"]).rules == ["presence-type"]


def test_each_repeated_address_and_language_is_found_once_among_many(hear: Hear) -> None:
    ids = "".join(f"<stanza-id xmlns='urn:xmpp:sid:0' id='{n}' by='a{n % 400}@b.example'/>" for n in range(401))
    bodies = "".join(f"<body xml:lang='l{n % 400}'/>" for n in range(401))
    heard = hear(f"S: <message>{ids}</message>", f"S: <message>{ids}{bodies}</message>")
    ours = [one.text for one in heard.findings]
    assert sorted(ours) == ['2 <body/> in "l0"', *["2 <stanza-id/> by a0@b.example"] * 2]
