"""Whole negotiations, element by element: the state after each one, and what happens to the bytes behind it."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.model.element import Element
from xmppscope.model.timeline import INITIATING, RECEIVING, Sender
from xmppscope.session.negotiation import Negotiation
from xmppscope.session.states import State, Trigger
from xmppscope.session.table import transition

Parse = Callable[..., Element]

TLS = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'"
SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
SASL2 = "xmlns='urn:xmpp:sasl:2'"
BIND = "xmlns='urn:ietf:params:xml:ns:xmpp-bind'"
SESSION = "xmlns='urn:ietf:params:xml:ns:xmpp-session'"
COMPRESS = "xmlns='http://jabber.org/protocol/compress'"
SM = "xmlns='urn:xmpp:sm:3'"
AUTH = "xmlns='jabber:iq:auth'"
COMPONENT = "xmlns='urn:xmpp:component:0'"
HEADER = "http://etherx.jabber.org/streams\nstream"

STARTTLS = f"<starttls {TLS}/>"
PROCEED = f"<proceed {TLS}/>"
FEATURES = "<stream:features/>"
SUCCESS = f"<success {SASL}/>"
BIND_REQUEST = f"<iq type='set' id='b'><bind {BIND}/></iq>"
BIND_RESULT = f"<iq type='result' id='b'><bind {BIND}><jid>romeo@a.example/x</jid></bind></iq>"


class Dialogue:
    """Plays lines such as ``> <auth/>`` (initiating) and ``< <success/>`` (receiving) and notes the steps."""

    def __init__(self, parse: Parse, content: str = "jabber:client", *, start: bool = True) -> None:
        self.negotiation = Negotiation(start=start)
        self._parse = parse
        self._content = content

    def play(self, *lines: str) -> list[str]:
        return [self._one(INITIATING if line[0] == ">" else RECEIVING, line[1:].strip()) for line in lines]

    def _one(self, sender: Sender, what: str) -> str:
        step = self._step(sender, what)
        return step[0] if step[1].value == "none" else f"{step[0]}, {step[1].value}"

    def _step(self, sender: Sender, what: str) -> tuple[str, object]:
        negotiation = self.negotiation
        if what == "<stream>":
            attrs = {"to": "a.example"} if sender == INITIATING else {"from": "a.example", "id": "s"}
            return negotiation.header(sender, Element(HEADER, attrs, []), {"": self._content})
        if what == "</stream>":
            return negotiation.close_tag(sender)
        if what in ("FIN", "RST"):
            return negotiation.ended(sender, reset=what == "RST")
        if what == "LOST":
            return negotiation.lost(sender)
        if what in ("TLS done", "TLS failed"):
            return negotiation.tls(done=what == "TLS done")
        return negotiation.element(sender, self._parse(what, self._content))


HEADERS = ("> <stream>", "< <stream>")
BOTH = ["header-sent", "header-both"]


def test_a_client_logs_in_by_starttls_and_sasl(parse: Parse) -> None:
    dialogue = Dialogue(parse)
    assert dialogue.play(*HEADERS, f"< {FEATURES}", f"> {STARTTLS}", f"< {PROCEED}", "< TLS done") == [
        *BOTH, "negotiating", "negotiating, wait", "tls, tls", "connected",
    ]  # fmt: skip
    assert dialogue.play(
        *HEADERS,
        f"< {FEATURES}",
        f"> <auth {SASL}/>",
        f"< <challenge {SASL}/>",
        f"> <response {SASL}/>",
        f"< {SUCCESS}",
    ) == [*BOTH, "negotiating", "sasl", "sasl", "sasl", "connected, restart"]
    assert dialogue.play(*HEADERS, f"< {FEATURES}", f"> {BIND_REQUEST}", f"< {BIND_RESULT}", "> <presence/>") == [
        *BOTH, "negotiating", "negotiating", "open", "open",
    ]  # fmt: skip
    assert dialogue.play("> </stream>", "< <message/>", "< </stream>", "> FIN", "< FIN") == [
        "half-closed", "half-closed", "closed", "closed", "closed",
    ]  # fmt: skip
    assert (dialogue.negotiation.kind, dialogue.negotiation.domain) == ("c2s", "a.example")
    assert dialogue.negotiation.bound == "romeo@a.example/x"


def test_what_is_refused_leads_back_to_the_negotiation(parse: Parse) -> None:
    dialogue = Dialogue(parse)
    dialogue.play(*HEADERS, f"< {FEATURES}")
    assert dialogue.play(f"> {STARTTLS}", f"< <failure {TLS}/>") == ["negotiating, wait", "negotiating, go on"]
    assert dialogue.play(f"> <auth {SASL}/>", f"< <failure {SASL}/>") == ["sasl", "negotiating"]
    assert dialogue.play(f"> <compress {COMPRESS}/>", f"< <failure {COMPRESS}/>") == [
        "compressing, wait", "negotiating, go on",
    ]  # fmt: skip
    assert dialogue.play(f"> <resume {SM} h='0' previd='x'/>", f"< <failed {SM}/>") == ["negotiating"] * 2
    assert dialogue.play(f"> {BIND_REQUEST}", "< <iq type='error' id='b'/>") == ["negotiating"] * 2


def test_compression_begins_behind_its_request_and_its_answer(parse: Parse) -> None:
    dialogue = Dialogue(parse)
    dialogue.play(*HEADERS, f"< {FEATURES}")
    steps = dialogue.play(f"> <compress {COMPRESS}/>", f"< <compressed {COMPRESS}/>", *HEADERS)
    assert steps == ["compressing, wait", "connected, deflate", *BOTH]


@pytest.mark.parametrize(
    ("first", "then"),
    [(f"< {PROCEED}", f"> {STARTTLS}"), (f"< <compressed {COMPRESS}/>", f"> <compress {COMPRESS}/>")],
)
def test_an_answer_that_was_captured_before_its_request_waits_for_it(parse: Parse, first: str, then: str) -> None:
    dialogue = Dialogue(parse)
    dialogue.play(*HEADERS, f"< {FEATURES}")
    early, late = dialogue.play(first, then)
    assert early == "negotiating, wait"
    assert late in ("tls, tls", "connected, deflate")


def test_a_resource_is_bound_by_the_answer_alone(parse: Parse) -> None:
    """The request was lost, or captured late."""
    dialogue = Dialogue(parse)
    dialogue.play(*HEADERS, f"< {FEATURES}")
    assert dialogue.play(f"< {BIND_RESULT}", f"> {BIND_REQUEST}") == ["open"] * 2
    assert dialogue.negotiation.bound == "romeo@a.example/x"
    mid_stream = Dialogue(parse, start=False)
    assert mid_stream.play("< <iq type='result' id='b'/>", f"> {BIND_RESULT}", f"< {BIND_RESULT}") == [
        "unknown", "unknown", "open",
    ]  # fmt: skip


def test_an_answer_that_nobody_asked_for_does_not_hold_the_bytes_for_long(parse: Parse) -> None:
    dialogue = Dialogue(parse)
    dialogue.play(*HEADERS, f"< {FEATURES}")
    assert dialogue.play(f"< {PROCEED}", f"> <auth {SASL}/>", f"< {SUCCESS}") == [
        "negotiating, wait", "sasl, go on", "connected, restart",
    ]  # fmt: skip
    dialogue.play(*HEADERS, f"< {FEATURES}", f"> {BIND_REQUEST}", f"< {BIND_RESULT}")
    assert dialogue.play(f"< {PROCEED}", f"< {SUCCESS}", f"< <compressed {COMPRESS}/>") == ["open"] * 3


@pytest.mark.parametrize(("how", "state"), [("<stream:error/>", "closing"), ("</stream>", "half-closed")])
def test_who_waits_goes_on_when_the_other_side_gives_up(parse: Parse, how: str, state: str) -> None:
    dialogue = Dialogue(parse)
    dialogue.play(*HEADERS, f"< {FEATURES}", f"> {STARTTLS}")
    assert dialogue.play(f"< {how}", "> </stream>")[0] == f"{state}, go on"


def test_a_pipelining_client_is_followed(parse: Parse) -> None:
    dialogue = Dialogue(parse)
    assert dialogue.play("> <stream>", f"> <auth {SASL}/>", "> <stream>", f"> {BIND_REQUEST}") == ["header-sent"] * 4
    assert dialogue.play("< <stream>", f"< {FEATURES}", f"< {SUCCESS}") == [
        "header-both",
        "negotiating",
        "connected, restart",
    ]
    assert dialogue.play("< <stream>", f"< {FEATURES}", f"< {BIND_RESULT}") == ["header-both", "negotiating", "open"]
    held = Dialogue(parse)
    assert held.play("> <stream>", f"> {STARTTLS}", "< <stream>", f"< {FEATURES}", f"< {PROCEED}") == [
        "header-sent", "header-sent, wait", "header-both", "negotiating", "tls, tls",
    ]  # fmt: skip


def test_sasl2_has_no_restart_and_may_bind_or_resume_inline(parse: Parse) -> None:
    identity = "<authorization-identifier>romeo@a.example/y</authorization-identifier>"
    for inline, state in (
        ("", "negotiating"),
        ("<bound xmlns='urn:xmpp:bind:0'/>", "open"),
        (f"<resumed {SM}/>", "open"),
    ):
        dialogue = Dialogue(parse)
        dialogue.play(*HEADERS, f"< {FEATURES}")
        assert dialogue.play(
            f"> <authenticate {SASL2}/>", f"< <continue {SASL2}/>", f"> <next {SASL2}/>",
            f"< <success {SASL2}>{inline}{identity}</success>", f"< {FEATURES}",
        ) == ["sasl", "sasl", "sasl", state, state]  # fmt: skip
        assert dialogue.negotiation.bound == ("romeo@a.example/y" if inline else "")


def test_a_session_that_is_not_optional_is_the_last_step(parse: Parse) -> None:
    features = f"<stream:features><bind {BIND}/><session {SESSION}>%s</session></stream:features>"
    lines = (f"> {BIND_REQUEST}", f"< {BIND_RESULT}")
    asked = (f"> <iq type='set' id='s'><session {SESSION}/></iq>", "< <iq type='result' id='s'/>")

    mandatory = Dialogue(parse)
    assert mandatory.play(*HEADERS, "< " + features % "", *lines, *asked)[3:] == ["negotiating"] * 3 + ["open"]
    ignored = Dialogue(parse)
    assert ignored.play(*HEADERS, "< " + features % "", *lines, "> <presence/>", "< <presence/>")[3:] == [
        "negotiating", "negotiating", "negotiating", "open",
    ]  # fmt: skip
    optional = Dialogue(parse)
    assert (
        optional.play(*HEADERS, "< " + features % "<optional/>", *lines, *asked)[3:] == ["negotiating"] + ["open"] * 3
    )


def test_other_mandatory_features_hold_the_stream_back_too(parse: Parse) -> None:
    dialogue = Dialogue(parse)
    features = f"<stream:features><bind {BIND}><required/></bind><sm {SM}><required/></sm></stream:features>"
    assert dialogue.play(
        *HEADERS, f"< {features}", f"> {BIND_REQUEST}", f"< {BIND_RESULT}", f"> <enable {SM}/>", f"< <enabled {SM}/>"
    )[4:] == ["negotiating", "negotiating", "open"]


def test_legacy_authentication_binds(parse: Parse) -> None:
    dialogue = Dialogue(parse)
    query = f"<query {AUTH}><username>romeo</username><resource>r</resource><digest>0</digest></query>"
    assert dialogue.play(*HEADERS, f"> <iq type='set' id='a'>{query}</iq>", "< <iq type='result' id='a'/>") == [
        *BOTH, "negotiating", "open",
    ]  # fmt: skip
    assert dialogue.negotiation.bound == "romeo@a.example/r"


@pytest.mark.parametrize("content", ["jabber:component:accept", "jabber:component:connect"])
def test_a_component_is_accepted_by_an_empty_handshake(parse: Parse, content: str) -> None:
    dialogue = Dialogue(parse, content)
    assert dialogue.play(*HEADERS, "> <handshake>aaee83</handshake>", "< <handshake/>") == [
        *BOTH,
        "negotiating",
        "open",
    ]
    assert (dialogue.negotiation.kind, dialogue.negotiation.bound) == ("component", "a.example")
    refused = Dialogue(parse, content)
    assert refused.play(
        *HEADERS, "> <handshake>aaee83</handshake>", "< <stream:error/>", "< </stream>", "< FIN"
    )[3:] == ["closing", "closing", "closed"]  # fmt: skip


def test_a_component_may_bind_hostnames(parse: Parse) -> None:
    dialogue = Dialogue(parse)
    bind = f"<bind {COMPONENT}><hostname>chat.a.example</hostname></bind>"
    dialogue.play(
        *HEADERS, f"< {FEATURES}", f"> <iq type='set' id='b'>{bind}</iq>", f"< <iq type='result' id='b'>{bind}</iq>"
    )
    assert (dialogue.negotiation.kind, dialogue.negotiation.state) == ("component", "open")
    assert dialogue.negotiation.bound == "chat.a.example"


def test_servers_open_by_dialback_but_not_by_a_verification(parse: Parse) -> None:
    addresses = "from='b.example' to='a.example'"
    dialogue = Dialogue(parse, "jabber:server")
    assert dialogue.play(
        *HEADERS, f"< {FEATURES}", f"> <db:verify {addresses} id='s'>key</db:verify>",
        f"< <db:verify {addresses} id='s' type='valid'/>", f"> <db:result {addresses}>key</db:result>",
        f"< <db:result {addresses} type='valid'/>", f"< <db:result {addresses} type='invalid'/>",
    )[2:] == ["negotiating", "negotiating", "negotiating", "negotiating", "open", "open"]  # fmt: skip
    assert dialogue.negotiation.kind == "s2s"


def test_servers_open_with_the_features_behind_external(parse: Parse) -> None:
    dialogue = Dialogue(parse, "jabber:server")
    assert dialogue.play(
        *HEADERS,
        f"< {FEATURES}",
        f"> <auth {SASL} mechanism='EXTERNAL'>=</auth>",
        f"< {SUCCESS}",
        *HEADERS,
        f"< {FEATURES}",
    )[3:] == ["sasl", "connected, restart", *BOTH, "open"]


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        (["> FIN"], "broken"),
        (["< RST"], "broken"),
        (["> </stream>", "> FIN"], "half-closed"),
        (["> </stream>", "> FIN", "< <message/>", "< FIN"], "closed"),
        (["> </stream>", "> RST"], "closed"),
        (["< <stream:error/>", "< FIN"], "closed"),
        (["> LOST", "> FIN"], "closed"),
        (["> LOST", "> <message/>", "> FIN"], "broken"),
        (["> LOST", "< FIN"], "broken"),
    ],
)
def test_how_an_open_stream_ends(parse: Parse, lines: list[str], state: str) -> None:
    dialogue = Dialogue(parse)
    dialogue.play(*HEADERS, f"< {FEATURES}", f"> {BIND_REQUEST}", f"< {BIND_RESULT}")
    assert dialogue.play(*lines)[-1] == state


def test_a_connection_without_a_stream_just_closes(parse: Parse) -> None:
    assert Dialogue(parse).play("> FIN") == ["closed"]


def test_tls_that_fails_breaks_the_connection(parse: Parse) -> None:
    dialogue = Dialogue(parse)
    dialogue.negotiation.direct_tls()
    assert dialogue.play("< TLS failed", "< FIN") == ["broken", "broken"]


def test_in_mid_stream_stanzas_tell_nothing_but_other_elements_do(parse: Parse) -> None:
    assert Dialogue(parse, "", start=False).play("> <message/>", "< <iq type='result' id='1'/>") == ["unknown"] * 2
    for line, step in (
        (f"< {PROCEED}", "tls, tls"),
        (f"< {SUCCESS}", "connected, restart"),
        (f"< <compressed {COMPRESS}/>", "connected, deflate"),
        (f"> {STARTTLS}", "negotiating, wait"),
        (f"< <resumed {SM}/>", "open"),
        ("< <handshake/>", "open"),
        ("> <stream>", "header-sent"),
        ("< <stream>", "header-both"),
    ):
        assert Dialogue(parse, start=False).play(line) == [step]


def test_a_gap_makes_a_negotiation_unknown_and_leaves_an_open_stream_open(parse: Parse) -> None:
    dialogue = Dialogue(parse)
    dialogue.play(*HEADERS, f"< {FEATURES}", f"> {STARTTLS}")
    assert dialogue.play("> LOST", "< LOST", f"< {PROCEED}") == ["unknown", "unknown, go on", "tls, tls"]
    dialogue.play("< TLS done", *HEADERS, f"> {BIND_REQUEST}", f"< {BIND_RESULT}")
    assert dialogue.play("< LOST", "< <message/>") == ["open", "open"]


def test_the_content_namespace_may_have_a_prefix_and_websocket_is_for_clients() -> None:
    server, client = Negotiation(start=True), Negotiation(start=True)
    server.header(
        INITIATING, Element(HEADER, {}, []), {"stream": "http://etherx.jabber.org/streams", "x": "jabber:server"}
    )
    client.header(INITIATING, Element("urn:ietf:params:xml:ns:xmpp-framing\nopen", {}, []), {})
    assert (server.kind, client.kind) == ("s2s", "c2s")


def test_requests_without_answers_are_bounded(parse: Parse) -> None:
    dialogue = Dialogue(parse)
    dialogue.play(*HEADERS, f"< {FEATURES}")
    dialogue.play(*(f"> <iq type='set' id='{number}'><bind {BIND}/></iq>" for number in range(100)))
    assert dialogue.play("< <iq type='result' id='0'/>", "< <iq type='result' id='99'/>") == ["negotiating", "open"]


# Elements whose trigger does not depend on what came before, each with what it is.
PLAIN = {
    f"> <auth {SASL}/>": Trigger.AUTH,
    f"< <challenge {SASL}/>": Trigger.EXCHANGE,
    f"< {SUCCESS}": Trigger.SUCCESS,
    f"< <failure {SASL}/>": Trigger.FAILURE,
    f"< <success {SASL2}/>": Trigger.SASL2_SUCCESS,
    f"< <success {SASL2}><bound xmlns='urn:xmpp:bind:0'/></success>": Trigger.SASL2_SUCCESS_BOUND,
    f"> <resume {SM}/>": Trigger.RESUME,
    f"< <resumed {SM}/>": Trigger.RESUMED,
    f"< <failed {SM}/>": Trigger.RESUME_FAILED,
    "> <handshake>00</handshake>": Trigger.HANDSHAKE,
    "< <handshake/>": Trigger.HANDSHAKE_ACCEPTED,
    "> <db:result>key</db:result>": Trigger.DIALBACK,
    "< <db:result type='valid'/>": Trigger.DIALBACK_VALID,
    f"< {FEATURES}": Trigger.FEATURES,
    "> <stream>": Trigger.HEADER_INITIATING,
    "< <stream>": Trigger.HEADER_RECEIVING,
}
WAYS: dict[State, tuple[str, ...]] = {
    State.CONNECTED: (),
    State.HEADER_SENT: HEADERS[:1],
    State.HEADER_BOTH: HEADERS,
    State.NEGOTIATING: (*HEADERS, f"< {FEATURES}"),
    State.TLS: (*HEADERS, f"> {STARTTLS}", f"< {PROCEED}"),
    State.SASL: (*HEADERS, f"> <auth {SASL}/>"),
    State.COMPRESSING: (*HEADERS, f"> <compress {COMPRESS}/>"),
    State.OPEN: (*HEADERS, f"> {BIND_REQUEST}", f"< {BIND_RESULT}"),
    State.HALF_CLOSED: (*HEADERS, "> </stream>"),
    State.CLOSING: (*HEADERS, "< <stream:error/>"),
    State.CLOSED: (*HEADERS, "> </stream>", "< </stream>"),
    State.BROKEN: (*HEADERS, "> RST"),
}


@pytest.mark.parametrize("line", PLAIN)
@pytest.mark.parametrize("state", WAYS, ids=lambda state: state.name)
def test_the_machine_does_what_the_table_says(parse: Parse, state: State, line: str) -> None:
    dialogue = Dialogue(parse)
    dialogue.play(*WAYS[state])
    assert dialogue.negotiation.state == state.value
    to = transition(state, PLAIN[line])
    expected = to.state.value if to.action.value == "none" else f"{to.state.value}, {to.action.value}"
    assert dialogue.play(line) == [expected]


LINES = [*PLAIN, f"> {STARTTLS}", f"< {PROCEED}", f"> <compress {COMPRESS}/>", f"< <compressed {COMPRESS}/>"]
LINES += [f"> {BIND_REQUEST}", f"< {BIND_RESULT}", "> <message/>", "< <presence/>", "> LOST", "< LOST"]
LINES += ["> </stream>", "< </stream>", "> FIN", "< RST", "< TLS done", "< TLS failed", f"< <failure {TLS}/>"]


@given(start=st.booleans(), lines=st.lists(st.sampled_from(LINES), max_size=30))
def test_any_order_of_things_gives_steps_and_nobody_waits_for_himself(
    parse: Parse, start: bool, lines: list[str]
) -> None:
    dialogue = Dialogue(parse, start=start)
    waiting = ""
    for line, step in zip(lines, dialogue.play(*lines), strict=True):
        state, _, action = step.partition(", ")
        assert dialogue.negotiation.state or state
        if action == "wait":
            waiting = line[0]
        elif action == "go on":
            assert waiting
            assert waiting != line[0]
            waiting = ""
        elif action in ("tls", "deflate"):
            waiting = ""
