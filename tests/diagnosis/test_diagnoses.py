"""Each way for a session to end badly has its diagnosis, and orderly ends have none."""

from collections.abc import Callable

import pytest

from tests.diagnosis.conftest import Told

Tell = Callable[..., Told]

PLAIN = "C: <auth {sasl} mechanism='PLAIN'>AGFsaWNlAHB3</auth>"  # \0alice\0pw
EXTERNAL = "C: <auth {sasl} mechanism='EXTERNAL'>=</auth>"
BIND = "C: <iq type='set' id='b'><bind {bind}/></iq>"
REGISTER = "C: <iq type='set' id='r'><query {register}><username>eve</username></query></iq>"
ENABLED = ("C: <enable {sm} resume='true'/>", "S: <enabled {sm} id='m1' resume='true' max='300'/>")
CONFLICT = "<stream:error><conflict {streams}/></stream:error>{close}"


def failure(condition: str) -> str:
    return f"S: <failure {{sasl}}><{condition}/></failure>"


def refused(identity: str, condition: str) -> str:
    return f"S: <iq type='error' id='{identity}'><error type='cancel'><{condition} {{errors}}/></error></iq>"


def broken(condition: str) -> str:
    return f"S: <stream:error><{condition} {{streams}}/></stream:error>{{close}}"


CLOSE = ("C: {close}", "S: {close}", "S fin", "C fin")

BAD: list[tuple[str, tuple[str, ...], str, list[str]]] = [
    ("password", ("offer", PLAIN, failure("not-authorized"), *CLOSE),
     "alice did not get in: the server refused the password (PLAIN): it is wrong, or there is no such account.",
     ["failure"]),
    ("account-disabled", ("offer", PLAIN, failure("account-disabled"), *CLOSE), "the account is disabled", ["failure"]),
    ("expired", ("offer", PLAIN, failure("credentials-expired"), *CLOSE), "has expired", ["failure"]),
    ("encryption", ("offer", PLAIN, failure("encryption-required"), *CLOSE), "without TLS", ["failure"]),
    ("too weak", ("offer", PLAIN, failure("mechanism-too-weak"), *CLOSE), "weaker than the server's", ["failure"]),
    ("temporary", ("offer", PLAIN, failure("temporary-auth-failure"), *CLOSE), "may well be right", ["failure"]),
    ("malformed request", ("offer", PLAIN, failure("malformed-request"), *CLOSE), "could not read", ["failure"]),
    ("certificate", ("offer", EXTERNAL, failure("not-authorized"), *CLOSE), "refused the certificate", ["failure"]),
    ("no mechanism", ("offer", EXTERNAL, failure("invalid-mechanism"), *CLOSE), "it offers SCRAM-SHA-1, PLAIN.",
     ["features", "failure"]),
    ("unfinished", ("offer", PLAIN, "C fin", "S fin"), "alice broke off the login (PLAIN)", ["auth", "closed"]),
    ("dropped", ("offer", PLAIN, "S fin", "C fin"), "in the middle of the login (PLAIN)", ["auth", "closed"]),
    ("left", ("offer", *CLOSE), "without trying to log in", ["features", "stream"]),
    ("needs TLS",
     ("header", "S: <stream:features><starttls {tls}><required/></starttls></stream:features>", *CLOSE),
     "a.example insists on TLS", ["features", "stream"]),
    ("TLS refused",
     ("header", "S: <stream:features><starttls {tls}/></stream:features>", "C: <starttls {tls}/>",
      "S: <failure {tls}/>{close}", "S fin", "C fin"),
     "a.example refused to begin TLS", ["starttls", "failure"]),
    ("no answer", ("C: <stream:stream to='a.example' xmlns='jabber:client' "
                   "xmlns:stream='http://etherx.jabber.org/streams'>", "S rst"),
     "instead of answering the stream header", ["stream", "closed"]),
    ("bind", ("login", BIND, refused("b", "resource-constraint"), *CLOSE), "as many resources", ["iq", "iq"]),
    ("register", ("offer", REGISTER, refused("r", "conflict"), *CLOSE), "was not registered: the name is taken",
     ["iq", "iq"]),
    ("host", ("header", broken("host-unknown"), "S fin", "C fin"), "does not serve the domain a.example",
     ["stream", "error"]),
    ("policy", ("in", "C: <message><body>x</body></message>", broken("policy-violation"), "S fin", "C fin"),
     "the client broke a rule of this server", ["message", "error"]),
    ("shutdown", ("in", broken("system-shutdown"), "S fin", "C fin"), "shut down or restarted", ["error"]),
    ("XML", ("in", "C: <message><body></message>", broken("not-well-formed"), "S fin", "C fin"),
     "The client sent what is not well-formed XML", ["malformed", "error"]),
    ("timeout",
     ("in", "S: <iq type='get' id='p'>{ping}</iq>", "wait 30", broken("connection-timeout"), "S fin", "C fin"),
     "heard nothing for 30 s, not even an answer to #", ["iq", "error"]),
    ("acknowledged", ("in", "S: <stream:error><undefined-condition {streams}/><handled-count-too-high {sm}/>"
                      "</stream:error>{close}", "S fin", "C fin"),
     "the client acknowledged more stanzas than it was sent", ["error"]),
    ("component", ("component", "C: <handshake>00</handshake>", broken("not-authorized"), "S fin", "C fin"),
     "The component echo.a.example was not let in", ["handshake", "error"]),
    ("account removed",
     ("in", "S: <stream:error><conflict {streams}/><text {streams}>User removed</text></stream:error>{close}",
      "S fin", "C fin"), "alice@a.example/desk was thrown out: the account was removed", ["error"]),
    ("dialback",
     ("servers", "C: <db:result from='b.example' to='a.example'>k</db:result>",
      "S: <db:result from='a.example' to='b.example' type='invalid'/>", *CLOSE),
     "a.example does not let b.example in: the key did not hold", ["result"]),
    ("dialback behind EXTERNAL",
     ("servers", "C: <auth {sasl} mechanism='EXTERNAL'>Yi5leGFtcGxl</auth>", failure("not-authorized"),
      "C: <db:result from='b.example' to='a.example'>k</db:result>",
      "S: <db:result from='a.example' to='b.example' type='error'><error><remote-server-not-found {errors}/></error>"
      "</db:result>", "C: <stream:error><not-authorized {streams}/></stream:error>{close}", "C fin", "S fin"),
     "a.example does not let b.example in: it could not be verified (remote-server-not-found). EXTERNAL had been "
     "refused before (not-authorized).", ["failure", "result", "error"]),
    ("RST", ("in", "C rst"), "alice@a.example/desk reset the connection without closing its stream", ["iq", "closed"]),
    ("answered with RST", ("in", "C: <presence/>", "wait 60", "S: <message/>", "C rst"),
     "alice@a.example/desk vanished: what was sent to it last was answered with a reset, 60 s after",
     ["message", "closed"]),
    ("FIN", ("in", "S fin", "C fin"), "The server ended the connection without closing its stream", ["iq", "closed"]),
    ("ping", ("in", "C: <iq type='get' id='p'>{ping}</iq>", "wait 20", "C fin"),
     "The server no longer answered: the client waited 20 s", ["iq", "closed"]),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "text", "shows"), [one[1:] for one in BAD], ids=[one[0] for one in BAD])
def test_a_bad_end(tell: Tell, lines: tuple[str, ...], text: str, shows: list[str]) -> None:
    told = tell(*lines)
    assert len(told.diagnoses) == 1, told.texts
    assert text in told.texts[0]
    assert told.shows == [shows]
    assert told.diagnoses[0].advice
    assert "{" not in told.texts[0] + told.diagnoses[0].advice


HEALTHY: list[tuple[str, tuple[str, ...]]] = [
    ("in order", ("in", *CLOSE)),
    ("the client stays", ("in",)),
    ("a second try", ("offer", PLAIN, failure("not-authorized"), "in", *CLOSE)),
    ("bytes missing", ("in", "C gap", "C rst")),
    ("bytes missing before a login", ("offer", "S gap", "C fin", "S fin")),
    ("from the middle", ("C: <message to='b@a.example'><body>x</body></message>", "C: <message/>", "C rst")),
    ("RST behind the closing tags", ("in", "C: {close}", "S: {close}", "S rst")),
    ("may be resumed", ("in", *ENABLED, "C rst")),
    ("registered only", ("offer", REGISTER, "S: <iq type='result' id='r'/>", *CLOSE)),
    ("the account is deleted",
     ("in", "C: <iq type='set' id='r'><query {register}><remove/></query></iq>", "S: <iq type='result' id='r'/>",
      "S: " + CONFLICT, "S fin", "C fin")),
    ("a stanza is refused",
     ("in", "C: <iq type='get' id='x'><query xmlns='urn:x'/></iq>", refused("x", "service-unavailable"), *CLOSE)),
    ("an answered ping", ("in", "C: <iq type='get' id='p'>{ping}</iq>", "S: <iq type='result' id='p'/>", *CLOSE)),
    ("dialback valid",
     ("servers", "C: <db:result from='b.example' to='a.example'>k</db:result>",
      "S: <db:result from='a.example' to='b.example' type='valid'/>", *CLOSE)),
]  # fmt: skip


@pytest.mark.parametrize("lines", [one[1] for one in HEALTHY], ids=[one[0] for one in HEALTHY])
def test_no_bad_end(tell: Tell, lines: tuple[str, ...]) -> None:
    assert tell(*lines, syn=not lines[0].startswith("C: <message")).texts == []


def test_what_was_seen_holds_in_a_damaged_capture_too(tell: Tell) -> None:
    assert "shut down" in tell("in", "C gap", broken("system-shutdown"), "S fin", "C fin").texts[0]


def test_a_conflict_names_whoever_took_the_resource(tell: Tell) -> None:
    told = tell("in", "in 2", "S: " + CONFLICT, "S fin", "C fin", "C2: {close}", "S2: {close}", "S2 fin", "C2 fin")
    assert told.texts == ["alice@a.example/desk was thrown out: connection 2 has bound the same resource (#20)."]
    assert told.shows == [["iq", "error"]]


@pytest.mark.parametrize(
    ("resume", "condition", "text"),
    [
        ("m1", "<item-not-found {errors}/>", "the session of connection 1 was not resumed: 400 s after the cut"),
        ("m2", "<item-not-found {errors}/>", "the session m2 was not resumed: the server does not hold it"),
        ("m1", "<undefined-condition {errors}/><handled-count-too-high {sm}/>", "received more stanzas than"),
        ("m1", "<unexpected-request {errors}/>", "came out of turn"),
    ],
)
def test_a_resumption_that_is_refused(tell: Tell, resume: str, condition: str, text: str) -> None:
    told = tell(
        "in", *ENABLED, "C rst", "wait 400", "login 2",
        f"C2: <resume {{sm}} previd='{resume}' h='0'/>", f"S2: <failed {{sm}}>{condition}</failed>",
        "C2: <iq type='set' id='b'><bind {bind}/></iq>",
        "S2: <iq type='result' id='b'><bind {bind}><jid>alice@a.example/new</jid></bind></iq>",
        "C2: {close}", "S2: {close}", "S2 fin", "C2 fin",
    )  # fmt: skip
    text = text.replace("400 s", "7 min")
    assert len(told.texts) == 1
    assert text in told.texts[0]
    assert told.shows[0][-2:] == ["resume", "failed"]


def test_a_session_that_is_resumed_has_not_ended(tell: Tell) -> None:
    told = tell(
        "in", *ENABLED, "C rst", "login 2", "C2: <resume {sm} previd='m1' h='0'/>",
        "S2: <resumed {sm} previd='m1' h='0'/>", "C2: {close}", "S2: {close}", "S2 fin", "C2 fin",
    )  # fmt: skip
    assert told.texts == []


def test_other_attempts_are_named_too(tell: Tell) -> None:
    bob = "C: <auth {sasl} mechanism='PLAIN'>AGJvYgBwdw==</auth>"
    told = tell(
        "offer", PLAIN, failure("not-authorized"), bob, failure("not-authorized"), PLAIN, failure("not-authorized"),
        EXTERNAL, failure("invalid-mechanism"), *CLOSE,
    )  # fmt: skip
    assert told.texts == [
        "alice did not get in: the server refused the password (PLAIN), 2 times in all: it is wrong, or there is no "
        "such account. Also refused: bob (not-authorized, #7), EXTERNAL (invalid-mechanism, #11)."
    ]


def test_words_from_the_wire_are_made_safe(tell: Tell) -> None:
    told = tell("in", "S: <stream:error><undefined-condition {streams}/><text {streams}>a&#x202e;b</text>"
                "</stream:error>{close}", "S fin", "C fin")  # fmt: skip
    assert '"a\\u202eb"' in told.texts[0]
