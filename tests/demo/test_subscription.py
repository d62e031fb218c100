import pytest

from xmppscope.demo.subscription import INBOUND, KINDS, OUTBOUND, State, is_granted_already, is_routed

# RFC 6121 §A.2: by state, what becomes of it when the user sends subscribe, unsubscribe, subscribed, unsubscribed;
# "-" is not routed. Without pre-approval, "subscribed" changes nothing where nobody has asked.
SENT = """
NONE         NONE_OUT     NONE     -         -
NONE_OUT     NONE_OUT     NONE     -         -
NONE_IN      NONE_OUT_IN  NONE_IN  FROM      NONE
NONE_OUT_IN  NONE_OUT_IN  NONE_IN  FROM_OUT  NONE_OUT
TO           TO           NONE     -         -
TO_IN        TO_IN        NONE_IN  BOTH      TO
FROM         FROM_OUT     FROM     -         NONE
FROM_OUT     FROM_OUT     FROM     -         NONE_OUT
BOTH         BOTH         FROM     -         TO
"""
# §A.3: the same for what comes from the contact; "-" is not delivered, "!" is answered by the server.
RECEIVED = """
NONE         NONE_IN      -         -        -
NONE_OUT     NONE_OUT_IN  -         TO       NONE
NONE_IN      -            NONE      -        -
NONE_OUT_IN  -            NONE_OUT  TO_IN    NONE_IN
TO           TO_IN        -         -        NONE
TO_IN        -            TO        -        NONE_IN
FROM         !            NONE      -        -
FROM_OUT     !            NONE_OUT  BOTH     FROM
BOTH         !            TO        -        FROM
"""
ORDER = ("subscribe", "unsubscribe", "subscribed", "unsubscribed")


def cells(table: str) -> list[tuple[State, str, str]]:
    rows = [line.split() for line in table.strip().splitlines()]
    return [(State[row[0]], kind, cell) for row in rows for kind, cell in zip(ORDER, row[1:], strict=True)]


def test_the_tables_are_whole() -> None:
    for table in (SENT, RECEIVED):
        assert {(state, kind) for state, kind, _ in cells(table)} == {
            (state, kind) for state in State for kind in KINDS
        }


@pytest.mark.parametrize(("state", "kind", "cell"), cells(SENT))
def test_what_the_user_sends(state: State, kind: str, cell: str) -> None:
    assert is_routed(state, kind) == (cell != "-")
    assert OUTBOUND.get((state, kind), state).name == (state.name if cell == "-" else cell)


@pytest.mark.parametrize(("state", "kind", "cell"), cells(RECEIVED))
def test_what_comes_from_the_contact(state: State, kind: str, cell: str) -> None:
    assert is_granted_already(state, kind) == (cell == "!")
    assert ((state, kind) in INBOUND) == (cell not in ("-", "!"))
    assert cell in ("-", "!") or INBOUND[state, kind].name == cell
