"""The table itself: every state with every trigger, and what must hold whatever it says."""

from typing import get_args

import pytest

from xmppscope.model import timeline
from xmppscope.session.states import Action, State, Transition, Trigger
from xmppscope.session.table import TRANSITIONS, transition
from xmppscope.session.triggers import STOPS, TRIGGERS, VARIANTS

EVERY = [(state, trigger) for state in State for trigger in Trigger]


def test_the_states_are_those_of_the_timeline() -> None:
    assert [state.value for state in State] == list(get_args(timeline.State))


@pytest.mark.parametrize(("state", "trigger"), EVERY, ids=lambda part: part.name)
def test_every_trigger_has_a_result_in_every_state(state: State, trigger: Trigger) -> None:
    result = transition(state, trigger)
    assert result == TRANSITIONS.get((state, trigger), Transition(state))
    assert isinstance(result.state, State)
    assert isinstance(result.action, Action)


@pytest.mark.parametrize("state", State, ids=lambda state: state.name)
def test_a_connection_that_has_ended_does_not_come_back(state: State) -> None:
    for end in (Trigger.END, Trigger.END_UNSEEN):
        assert transition(state, end).state in (State.CLOSED, State.BROKEN)
    dead = {trigger for trigger in Trigger if transition(State.BROKEN, trigger) != Transition(State.BROKEN)}
    assert dead == set()


def test_every_state_but_the_two_beginnings_is_reached() -> None:
    reached, frontier = set(), {State.CONNECTED, State.UNKNOWN}
    while frontier:
        reached |= frontier
        frontier = {transition(state, trigger).state for state in frontier for trigger in Trigger} - reached
    assert reached == set(State)


def test_every_trigger_does_something_somewhere() -> None:
    assert {trigger for _, trigger in TRANSITIONS} == set(Trigger)


def test_an_open_stream_stays_xml() -> None:
    actions = {transition(State.OPEN, trigger).action for trigger in Trigger}
    assert actions == {Action.NONE, Action.GO_ON}


def test_tls_and_deflate_start_in_their_states() -> None:
    for to in TRANSITIONS.values():
        assert (to.action is Action.TLS) <= (to.state is State.TLS)
        assert (to.action in (Action.DEFLATE, Action.RESTART)) <= (to.state is State.CONNECTED)


def test_the_splitter_stops_behind_what_changes_its_bytes_and_nowhere_else() -> None:
    names = {name.rpartition("\n")[2] for name in STOPS}
    assert names == {"starttls", "proceed", "success", "compress", "compressed"}
    assert "urn:ietf:params:xml:ns:xmpp-sasl\nsuccess" in STOPS
    assert "urn:xmpp:sasl:2\nsuccess" not in STOPS


def test_variants_are_variants_of_what_elements_mean() -> None:
    assert set(VARIANTS) <= {trigger for names in TRIGGERS.values() for trigger in names.values()}
