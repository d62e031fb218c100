import pytest

from xmppscope.session.subscription import INBOUND, OUTBOUND, TYPES, Subscription, from_roster, in_roster

ORDER = ("subscribe", "unsubscribe", "subscribed", "unsubscribed")

# RFC 6121 §A.2, what the user sends: by state, the state after subscribe, unsubscribe, subscribed, unsubscribed.
SENT = """
NONE       NONE_OUT   .        .         .
NONE_OUT   .          NONE     .         .
NONE_IN    NONE_BOTH  .        FROM      NONE
NONE_BOTH  .          NONE_IN  FROM_OUT  NONE_OUT
TO         .          NONE     .         .
TO_IN      .          NONE_IN  BOTH      TO
FROM       FROM_OUT   .        .         NONE
FROM_OUT   .          FROM     .         NONE_OUT
BOTH       .          FROM     .         TO
"""
# §A.3, what the contact sends.
RECEIVED = """
NONE       NONE_IN    .         .      .
NONE_OUT   NONE_BOTH  .         TO     NONE
NONE_IN    .          NONE      .      .
NONE_BOTH  .          NONE_OUT  TO_IN  NONE_IN
TO         TO_IN      .         .      NONE
TO_IN      .          TO        .      NONE_IN
FROM       .          NONE      .      .
FROM_OUT   .          NONE_OUT  BOTH   FROM
BOTH       .          TO        .      FROM
"""
TABLES = {"sent": (SENT, OUTBOUND), "received": (RECEIVED, INBOUND)}
CASES = [
    pytest.param(way, row.split()[0], kind, cell, id=f"{row.split()[0]} {kind} {way}")
    for way, (table, _) in TABLES.items()
    for row in table.strip().splitlines()
    for kind, cell in zip(ORDER, row.split()[1:], strict=True)
]


@pytest.mark.parametrize(("way", "state", "kind", "after"), CASES)
def test_transition(way: str, state: str, kind: str, after: str) -> None:
    before = Subscription[state]
    expected = before if after == "." else Subscription[after]
    assert TABLES[way][1].get((before, kind), before) is expected


def test_every_state_and_type_is_in_the_tables() -> None:
    assert len(CASES) == 2 * len(Subscription) * len(TYPES)
    for table in (OUTBOUND, INBOUND):
        assert {kind for _, kind in table} == TYPES


@pytest.mark.parametrize(
    ("subscription", "ask", "before", "state"),
    [
        ("none", None, None, "NONE"),
        ("none", "subscribe", None, "NONE_OUT"),
        ("none", None, "NONE_IN", "NONE_IN"),
        ("none", "subscribe", "NONE_IN", "NONE_BOTH"),
        ("to", None, "NONE_BOTH", "TO_IN"),
        ("from", None, "NONE_IN", "FROM"),
        ("from", "subscribe", None, "FROM_OUT"),
        ("both", None, "TO_IN", "BOTH"),
        ("to", "subscribe", None, "TO"),
        ("remove", None, "BOTH", None),
    ],
)
def test_what_a_roster_item_shows(subscription: str, ask: str | None, before: str | None, state: str | None) -> None:
    earlier = None if before is None else Subscription[before]
    assert from_roster(subscription, ask, earlier) is (None if state is None else Subscription[state])


def test_a_request_of_the_contact_is_not_in_the_roster() -> None:
    hidden = {state: in_roster(state) for state in Subscription if in_roster(state) is not state}
    assert hidden == {
        Subscription.NONE_IN: Subscription.NONE,
        Subscription.NONE_BOTH: Subscription.NONE_OUT,
        Subscription.TO_IN: Subscription.TO,
    }
