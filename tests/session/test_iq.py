"""Requests and answers: by id and peer, in both directions, for clients, components and servers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.model.timeline import INITIATING, RECEIVING
from xmppscope.session.iq import Answer, IqCorrelator, PairCorrelator
from xmppscope.session.pending import MOST_PENDING

FULL, BARE, DOMAIN = "romeo@a.example/x", "romeo@a.example", "a.example"
OWN = ["", BARE, FULL, DOMAIN]


def client(*, known: bool = True) -> IqCorrelator:
    correlator = IqCorrelator(PairCorrelator())
    if known:
        correlator.know("c2s", DOMAIN, FULL)
    return correlator


def link(correlator: IqCorrelator, *answer: str) -> int | None:
    sender, identity, to, from_ = answer
    found = correlator.answer(RECEIVING if sender == RECEIVING else INITIATING, identity, to, from_, 0)
    return None if found is None else found.entry


def test_latency_is_from_last_byte_to_last_byte_in_seconds() -> None:
    correlator = client()
    correlator.request(7, INITIATING, "1", DOMAIN, "", 1_000_000_000_000_001_000)
    found = correlator.answer(RECEIVING, "1", FULL, DOMAIN, 1_000_000_000_004_301_000)
    assert found == Answer(7, 0.0043)
    correlator.request(8, INITIATING, "2", DOMAIN, "", 1_000)
    assert correlator.answer(RECEIVING, "2", FULL, DOMAIN, 999) == Answer(8, None)


@pytest.mark.parametrize("to", OWN)
@pytest.mark.parametrize("from_", OWN)
def test_a_request_to_oneself_is_answered_from_any_own_address(to: str, from_: str) -> None:
    correlator = client()
    correlator.request(1, INITIATING, "1", to, "", 0)
    assert link(correlator, RECEIVING, "1", FULL, from_) == 1
    assert link(correlator, RECEIVING, "1", FULL, from_) is None


@pytest.mark.parametrize("from_", OWN)
@pytest.mark.parametrize("to", OWN)
def test_a_request_of_the_server_is_answered_to_any_own_address(from_: str, to: str) -> None:
    correlator = client()
    correlator.request(1, RECEIVING, "1", FULL, from_, 0)
    assert link(correlator, INITIATING, "1", to, "") == 1


def test_an_answer_from_somebody_else_is_none() -> None:
    correlator = client()
    correlator.request(1, INITIATING, "1", "juliet@b.example/y", "", 0)
    assert link(correlator, RECEIVING, "1", FULL, "mallory@b.example/y") is None
    assert link(correlator, RECEIVING, "1", FULL, "") is None
    assert link(correlator, INITIATING, "1", "juliet@b.example/y", "") is None
    assert link(correlator, RECEIVING, "2", FULL, "juliet@b.example/y") is None
    assert link(correlator, RECEIVING, "1", FULL, "Juliet@B.example/y") == 1


def test_one_id_may_be_pending_at_several_peers_and_in_both_directions() -> None:
    correlator = client()
    peers = ["", "juliet@b.example/y", "juliet@b.example/Y", "room@c.example"]
    for entry, peer in enumerate(peers):
        correlator.request(entry, INITIATING, "1", peer, "", 0)
        correlator.request(entry + 10, RECEIVING, "1", FULL, peer, 0)
    for entry, peer in reversed(list(enumerate(peers))):
        assert link(correlator, INITIATING, "1", peer, "") == entry + 10
        assert link(correlator, RECEIVING, "1", FULL, peer) == entry


def test_among_own_addresses_the_one_asked_comes_first_then_the_oldest() -> None:
    correlator = client()
    for entry, to in enumerate([DOMAIN, "", BARE]):
        correlator.request(entry, INITIATING, "1", to, "", 0)
    assert [link(correlator, RECEIVING, "1", FULL, from_) for from_ in (BARE, FULL, "", DOMAIN)] == [2, 0, 1, None]


def test_an_id_may_be_used_again_and_equal_requests_are_answered_in_order() -> None:
    correlator = client()
    for entry in (1, 2):
        correlator.request(entry, INITIATING, "1", DOMAIN, "", 0)
    assert [link(correlator, RECEIVING, "1", FULL, DOMAIN) for _ in range(3)] == [1, 2, None]
    correlator.request(3, INITIATING, "1", DOMAIN, "", 0)
    assert link(correlator, RECEIVING, "1", FULL, DOMAIN) == 3


def test_before_binding_the_domain_of_the_header_is_all_that_is_known() -> None:
    correlator = client(known=False)
    correlator.know("c2s", DOMAIN)
    correlator.request(1, INITIATING, "bind", "", "", 0)
    correlator.know("c2s", DOMAIN, FULL)
    assert link(correlator, RECEIVING, "bind", FULL, DOMAIN) == 1


def test_what_was_asked_before_the_own_address_was_known_is_found_afterwards() -> None:
    correlator = client(known=False)
    for entry, to in enumerate([BARE, "", "juliet@b.example/y"]):
        correlator.request(entry, INITIATING, "1", to, "", 0)
    correlator.know("c2s", DOMAIN, FULL)
    assert link(correlator, RECEIVING, "1", FULL, "") == 1
    assert link(correlator, RECEIVING, "1", FULL, "") == 0
    assert link(correlator, RECEIVING, "1", FULL, "juliet@b.example/y") == 2


def test_in_mid_stream_the_own_address_is_learnt_from_what_the_server_delivers() -> None:
    correlator = client(known=False)
    correlator.request(1, INITIATING, "1", "", "", 0)
    assert link(correlator, RECEIVING, "1", FULL, BARE) == 1
    correlator.request(2, INITIATING, "2", DOMAIN, "", 0)
    assert link(correlator, RECEIVING, "2", FULL, BARE) == 2


def test_in_mid_stream_an_answer_to_another_account_is_none() -> None:
    correlator = client(known=False)
    correlator.request(1, INITIATING, "1", "c.example", "juliet@b.example", 0)
    assert link(correlator, RECEIVING, "1", "romeo@b.example", "c.example") is None
    assert link(correlator, RECEIVING, "1", "juliet@b.example/y", "c.example") == 1


def test_a_component_asks_from_many_addresses() -> None:
    correlator, other = IqCorrelator(PairCorrelator()), IqCorrelator(PairCorrelator())
    for one in (correlator, other):
        one.know("component", "echo.a.example")
    for entry, user in enumerate(["a@echo.a.example", "b@echo.a.example"]):
        correlator.request(entry, INITIATING, "1", FULL, user, 0)
    assert link(other, RECEIVING, "1", "b@echo.a.example", FULL) is None
    assert link(correlator, RECEIVING, "1", "b@echo.a.example", FULL) == 1
    assert link(correlator, RECEIVING, "1", "a@echo.a.example", FULL) == 0


def test_between_servers_the_answer_comes_on_the_other_connection() -> None:
    servers = PairCorrelator()
    there, back = IqCorrelator(servers), IqCorrelator(servers)
    for one in (there, back):
        one.know("s2s")
    there.request(5, INITIATING, "1", "b.example", FULL, 0)
    there.request(6, INITIATING, "1", "b.example", "mercutio@a.example/z", 0)
    assert link(back, INITIATING, "1", FULL, "c.example") is None
    assert link(back, INITIATING, "1", "mercutio@a.example/z", "b.example") == 6
    assert link(back, INITIATING, "1", FULL, "b.example") == 5


def test_a_request_without_an_id_can_have_no_answer() -> None:
    correlator = client()
    correlator.request(1, INITIATING, "", "", "", 0)
    assert link(correlator, RECEIVING, "", FULL, "") is None


@pytest.mark.parametrize("same", [False, True])
def test_unanswered_requests_are_bounded_and_the_latest_remembered(same: bool) -> None:
    correlator = client()
    count = 3 * MOST_PENDING + 5
    for entry in range(count):
        correlator.request(entry, INITIATING, "1" if same else str(entry), "b.example", "", 0)
    assert correlator.forgotten >= count - MOST_PENDING
    last = link(correlator, RECEIVING, "1" if same else str(count - 1), FULL, "b.example")
    assert last is not None
    assert last >= count - MOST_PENDING
    assert same or last == count - 1


def test_ever_new_addresses_are_not_remembered_for_ever() -> None:
    correlator = client()
    for number in range(10_000):
        assert link(correlator, RECEIVING, "1", f"{FULL}{number}", f"u{number}@b.example") is None
    assert len(correlator._forms) <= 4096


TEXT = st.one_of(st.text(max_size=6), st.sampled_from([*OWN, "@", "/", "a@/b", "juliet@b.example"]))


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from([INITIATING, RECEIVING]), st.sampled_from("12"), TEXT, TEXT)),
    st.sampled_from(["c2s", "s2s", "component", "unknown"]),
)
def test_whatever_comes_an_answer_has_the_id_and_end_of_its_request_and_is_told_once(
    stanzas: list[tuple[bool, str, str, str, str]], kind: str
) -> None:
    correlator = IqCorrelator(PairCorrelator())
    correlator.know(kind, DOMAIN if kind == "c2s" else "", "")
    asked: dict[int, tuple[str, str]] = {}
    for entry, (is_request, sender, identity, to, from_) in enumerate(stanzas):
        if is_request:
            correlator.request(entry, sender, identity, to, from_, entry)
            asked[entry] = sender, identity
        else:
            found = correlator.answer(sender, identity, to, from_, entry)
            if found is not None:
                asker, asked_identity = asked.pop(found.entry)
                assert asked_identity == identity
                assert kind in ("s2s", "component") or asker != sender
