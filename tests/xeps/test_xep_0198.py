import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.model.timeline import Entry
from xmppscope.xeps.xep_0198 import MODULUS, MOST_IN_FLIGHT, MOST_SESSIONS, Ack, Half, Sessions, StreamManagement


def stanza(number: int, identity: str | None = None, name: str = "message") -> Entry:
    when = "2026-01-01T00:00:00.000000Z"
    return Entry(
        number, 1, 1, "initiating", "stanza", when, when, "", "open", "none", name=name, id=identity or f"id{number}"
    )


def half(sent: int, at: int = 0) -> Half:
    """A side that has sent stanzas with the entries 1, 2, … since its counter stood at *at*."""
    one = Half()
    one.start(at)
    for number in range(1, sent + 1):
        one.count(stanza(number))
    return one


# What was sent from where on, the h that comes, what it comes to, and how much is in flight then.
ACKNOWLEDGEMENTS = [
    pytest.param(0, 0, 0, Ack(0, None, 0), 0, id="nothing sent"),
    pytest.param(3, 0, 0, Ack(0, None, 0), 3, id="nothing handled"),
    pytest.param(3, 0, 2, Ack(2, 2, 0), 1, id="some"),
    pytest.param(3, 0, 3, Ack(3, 3, 0), 0, id="all"),
    pytest.param(3, 0, 5, Ack(3, 3, 2), 0, id="more than were sent"),
    pytest.param(0, 0, 1, Ack(0, None, 1), 0, id="one although none was sent"),
    pytest.param(4, MODULUS - 2, MODULUS - 1, Ack(1, 1, 0), 3, id="before the wrap"),
    pytest.param(4, MODULUS - 2, 0, Ack(2, 2, 0), 2, id="at the wrap"),
    pytest.param(4, MODULUS - 2, 2, Ack(4, 4, 0), 0, id="behind the wrap"),
    pytest.param(4, MODULUS - 2, 3, Ack(4, 4, 1), 0, id="more than were sent, behind the wrap"),
    pytest.param(3, 10, 9, Ack(0, None, 0), 3, id="older than the start"),
]


@pytest.mark.parametrize(("sent", "at", "h", "ack", "left"), ACKNOWLEDGEMENTS)
def test_acknowledgement(sent: int, at: int, h: int, ack: Ack, left: int) -> None:
    one = half(sent, at)
    assert one.sent == (at + sent) % MODULUS
    assert one.acknowledge(h) == ack
    assert (one.acked, one.unacknowledged, len(one.in_flight)) == (h, left, left)


def test_the_same_acknowledgement_again_names_the_same_stanza() -> None:
    one = half(3)
    assert [one.acknowledge(h) for h in (2, 2, 1, 3)] == [Ack(2, 2, 0), Ack(0, 2, 0), Ack(0, 2, 0), Ack(1, 3, 0)]


def test_after_too_high_an_acknowledgement_counting_goes_on_from_what_was_sent() -> None:
    one = half(2)
    one.acknowledge(7)
    one.count(stanza(8))
    assert one.unacknowledged == 1
    assert one.acknowledge(3) == Ack(1, 8, 0)


def test_all_are_counted_and_few_remembered() -> None:
    one = half(MOST_IN_FLIGHT + 10)
    assert (one.unacknowledged, len(one.in_flight)) == (MOST_IN_FLIGHT + 10, MOST_IN_FLIGHT)
    assert one.acknowledge(5) == Ack(5, None, 0)
    assert one.acknowledge(12) == Ack(7, 12, 0)
    assert len(one.in_flight) == one.unacknowledged == MOST_IN_FLIGHT - 2


def test_a_resumed_side_goes_on_from_h_and_knows_what_comes_again() -> None:
    one, earlier = Half(), half(5)
    assert one.resume(earlier, 3) == Ack(3, 3, 0)
    assert (one.sent, one.acked, one.unacknowledged) == (3, 3, 0)
    repeated = [one.count(stanza(number, identity)) for number, identity in ((10, "id4"), (11, "id5"), (12, "new"))]
    assert [sent and sent.entry for sent in repeated] == [4, 5, None]
    assert (one.sent, earlier.sent, earlier.acked) == (6, 5, 0)


def test_what_was_given_up_is_passed_over() -> None:
    one = Half()
    one.resume(half(5), 1)
    repeated = one.count(stanza(10, "id4"))
    assert repeated is not None
    assert repeated.entry == 4
    assert one.count(stanza(11, "id2")) is None


def test_ids_in_use_again_much_later_are_no_repetition() -> None:
    one = Half()
    one.resume(half(2), 0)
    for number in range(100, 200):
        one.count(stanza(number))
    assert one.count(stanza(300, "id1")) is None


def test_another_kind_of_stanza_with_the_same_id_is_no_repetition() -> None:
    one = Half()
    one.resume(half(1), 0)
    assert one.count(stanza(9, "id1", "iq")) is None


def test_a_resumption_that_acknowledges_too_much_awaits_nothing() -> None:
    one = Half()
    assert one.resume(half(2), 4) == Ack(2, 2, 2)
    assert not one.awaited


def test_sessions_are_bounded() -> None:
    sessions = Sessions()
    first = StreamManagement(sessions)
    sessions.add("a.example", "first", first)
    for number in range(MOST_SESSIONS):
        sessions.add("a.example", str(number), StreamManagement(sessions))
    assert sessions.find("a.example", "first") is None
    assert sessions.find("a.example", "0") is not None
    assert sessions.find("b.example", "0") is None
    assert sessions.forgotten == 1


CUT = """
open 1 alice@a.example/desk
C: {resumable}
S: {enabled}
C: <message id='m1' to='b@a.example'/><message id='m2' to='b@a.example'/><presence id='p1'/>
S: <message id='n1' from='b@a.example/x'/>
S: <a {sm} h='1'/>
C: <r {sm}/>
open 2
C2: <resume {sm} previd='s1' h='0'/>
S2: <resumed {sm} previd='s1' h='2'/>
S2: <message id='n1' from='b@a.example/x'/>
C2: <presence id='p1'/><message id='m3' to='b@a.example'/>
S2: <a {sm} h='4'/>
C2: <a {sm} h='1'/>
"""


def test_a_session_over_two_connections(play) -> None:
    played = play(CUT)
    first, second = played.report.connections
    assert first.jid == second.jid == "alice@a.example/desk"
    before, after = first.stream_management, second.stream_management
    assert before is not None
    assert after is not None
    assert (before.enabled, before.resumable, before.resumed) == (True, True, False)
    assert (before.initiating.sent, before.initiating.acked) == (3, 1)
    assert (before.receiving.sent, before.receiving.acked) == (1, 0)
    assert (after.enabled, after.resumable, after.resumed) == (False, False, True)
    assert (after.resumed_at.initiating_h, after.resumed_at.receiving_h) == (0, 2)
    assert (after.initiating.sent, after.initiating.acked) == (4, 4)
    assert (after.receiving.sent, after.receiving.acked) == (1, 1)
    assert [(one.sender, one.name, one.id) for one in after.resent] == [
        ("receiving", "message", "n1"),
        ("initiating", "presence", "p1"),
    ]


def test_what_is_linked_and_noted_on_the_way(play) -> None:
    played = play(CUT)
    assert played.links == [
        ("a", "ack", "m1"),
        ("resumed", "ack", "m2"),
        ("n1", "resent", "n1"),
        ("p1", "resent", "p1"),
        ("a", "ack", "m3"),
        ("a", "ack", "n1"),
    ]
    assert played.notes == [
        "1 of 3 received, 2 unacknowledged: the oldest for 2 ms (#8)",
        "the session of alice@a.example/desk, on connection 1 so far",
        "1 stanza did not arrive: the server sends again",
        "1 stanza did not arrive: the client sends again",
        "4 of 4 received",
        "1 of 1 received",
    ]


def test_a_session_may_be_resumed_twice(play) -> None:
    played = play(
        CUT
        + """
        open 3
        C3: <resume {sm} previd='s1' h='1'/>
        S3: <resumed {sm} previd='s1' h='4'/>
        S3: <message id='n2'/>
        """
    )
    third = played.report.connections[2]
    assert third.jid == "alice@a.example/desk"
    assert third.stream_management is not None
    assert third.stream_management.receiving.sent == 2
    assert third.stream_management.resent == []


def test_a_session_that_was_not_seen_goes_on_without_a_name(play) -> None:
    one = play(
        """
        open 1
        C: <resume {sm} previd='elsewhere' h='3'/>
        S: <resumed {sm} previd='elsewhere' h='5'/>
        C: <message id='m'/>
        """
    ).connection
    assert one.jid is None
    assert one.stream_management is not None
    assert (one.stream_management.initiating.sent, one.stream_management.receiving.sent) == (6, 3)


@pytest.mark.parametrize(
    ("failed", "condition"),
    [
        ("<failed {sm}><item-not-found {errors}/></failed>", "item-not-found"),
        ("<failed {sm} h='2'><text {errors}>no</text><unexpected-request {errors}/></failed>", "unexpected-request"),
        ("<failed {sm}/>", ""),
    ],
)
def test_failure(play, failed: str, condition: str) -> None:
    one = play(f"open 1\nC: <resume {{sm}} previd='x' h='0'/>\nS: {failed}").connection.stream_management
    assert one is not None
    assert (one.enabled, one.resumed, one.failed, one.initiating, one.receiving) == (
        False,
        False,
        condition,
        None,
        None,
    )


def test_nothing_is_told_where_nothing_was_answered(play) -> None:
    assert play("open 1 a@a.example/r\nC: {resumable}\nC: <presence/>").connection.stream_management is None


def test_too_high_an_acknowledgement_is_noted(play) -> None:
    played = play("open 1 a@a.example/r\nC: {resumable}\nS: {enabled}\nC: <presence id='p'/>\nS: <a {sm} h='3'/>")
    assert played.notes == ["acknowledges 2 stanzas more than were sent"]
    assert played.links == [("a", "ack", "p")]
    assert played.connection.stream_management.initiating.acked == 3


@pytest.mark.parametrize("h", ["", "-1", "x", "4294967296", "99999999999", "1.5"])
def test_what_is_no_number_acknowledges_nothing(play, h: str) -> None:
    script = "open 1 a@a.example/r\nC: {resumable}\nS: {enabled}\nC: <presence id='p'/>\n"
    played = play(script + f"S: <a {{sm}} h='{h}'/>")
    assert played.links == []
    assert played.connection.stream_management.initiating.acked == 0


INLINE = """
open 1
C: <authenticate {sasl2} mechanism='PLAIN'><bind xmlns='urn:xmpp:bind:0'>{resumable}</bind></authenticate>
S: <success {sasl2}><authorization-identifier>a@a.example/r</authorization-identifier>\
<bound xmlns='urn:xmpp:bind:0'>{enabled}</bound></success>
S: <message id='n1'/>
open 2
C2: <authenticate {sasl2} mechanism='PLAIN'><resume {sm} previd='s1' h='1'/></authenticate>
S2: <success {sasl2}><authorization-identifier>a@a.example</authorization-identifier>\
<resumed {sm} previd='s1' h='0'/></success>
"""


def test_inline_negotiation_counts_like_any_other(play) -> None:
    first, second = play(INLINE).report.connections
    assert first.stream_management is not None
    assert first.stream_management.receiving.sent == 1
    assert second.jid == "a@a.example/r"
    assert second.stream_management is not None
    assert second.stream_management.resumed_at.initiating_h == 1


IN_FLIGHT = "open 1 a@a.example/r\nC: {resumable}\nS: {enabled}\nC: <presence/>\nS: <message/><message/>\n"


def test_a_cut_tells_what_was_in_flight(play) -> None:
    assert play(IN_FLIGHT + "cut 1").notes == [
        "1 stanza of the client unacknowledged: sent again after a resumption",
        "2 stanzas of the server unacknowledged: sent again after a resumption",
    ]


def test_a_cut_of_what_cannot_be_resumed(play) -> None:
    script = IN_FLIGHT.replace("{enabled}", "<enabled {sm}/>") + "S: <a {sm} h='1'/>\ncut 1"
    assert play(script).notes == [
        "1 of 1 received",
        "2 stanzas of the server unacknowledged: the session cannot be resumed",
    ]


@pytest.mark.parametrize(
    "script",
    [
        IN_FLIGHT + "C: </stream:stream>\nS: </stream:stream>\ncut 1",
        IN_FLIGHT + "C: <a {sm} h='2'/>\nS: <a {sm} h='1'/>\ncut 1",
        "open 1 a@a.example/r\nC: <presence/>\ncut 1",
    ],
)
def test_an_end_with_nothing_in_flight_tells_nothing(play, script: str) -> None:
    assert not [note for note in play(script).notes if "sent again" in note]


START_AT = st.one_of(st.integers(0, 5), st.integers(MODULUS - 5, MODULUS - 1))


@given(START_AT, st.lists(st.one_of(st.none(), st.integers(0, 12)), max_size=60))
def test_whatever_is_acknowledged_the_figures_agree(at: int, steps: list[int | None]) -> None:
    """None sends a stanza; a number acknowledges so many more than the last honest one did, which may be too many."""
    one = half(0, at)
    sent = honest = 0
    for step in steps:
        if step is None:
            sent += 1
            one.count(stanza(sent))
        else:
            ack = one.acknowledge((at + honest + step) % MODULUS)
            assert ack.new == min(step, sent - honest)
            assert ack.over == max(0, step - (sent - honest))
            honest += ack.new
            assert ack.last == (honest or None)
        assert one.sent == (at + sent) % MODULUS
        assert one.unacknowledged == len(one.in_flight) == sent - honest
        assert [held.entry for held in one.in_flight] == list(range(honest + 1, sent + 1))
