from xmppscope.xeps.xep_0220 import MOST_ANSWERS


def answers(played) -> list[tuple[object, ...]]:
    return [(one.step, one.from_, one.to, one.outcome, one.id) for one in played.connection.dialback]


def test_answers_have_the_addresses_of_their_requests(play) -> None:
    played = play(
        """
        s2s 1
        C: <db:result from='b.example' to='a.example'>0123</db:result>
        C: <db:verify from='b.example' to='a.example' id='i1'>0123</db:verify>
        S: <db:verify from='a.example' to='b.example' id='i1' type='valid'/>
        S: <db:result from='a.example' to='b.example' type='invalid'/>
        """
    )
    assert answers(played) == [
        ("verify", "b.example", "a.example", "valid", "i1"),
        ("result", "b.example", "a.example", "invalid", None),
    ]


def test_both_ends_may_ask(play) -> None:
    played = play(
        """
        s2s 1
        S: <db:result from='a.example' to='b.example'>0123</db:result>
        C: <db:result from='b.example' to='a.example' type='error'><error/></db:result>
        """
    )
    assert answers(played) == [("result", "a.example", "b.example", "error", None)]


def test_answers_are_bounded(play) -> None:
    played = play("s2s 1\nS: " + "<db:result from='a' to='b' type='valid'/>" * (MOST_ANSWERS + 1))
    assert len(played.connection.dialback) == MOST_ANSWERS
    assert played.report.totals.forgotten == 1
