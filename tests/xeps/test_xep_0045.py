import pytest

from xmppscope.xeps.xep_0045 import MOST_ROOMS

START = "open 1 alice@a.example/desk\nC: <presence to='r@m.a.example/al'>{muc}</presence>\n"


def own(nick: str, codes: str = "110", kind: str = "", item: str = "affiliation='member' role='participant'") -> str:
    statuses = "".join(f"<status code='{code}'/>" for code in codes.split())
    sort = f" type='{kind}'" if kind else ""
    x = f"<x {{user}}><item {item}/>{statuses}</x>"
    return f"S: <presence from='r@m.a.example/{nick}' to='alice@a.example/desk'{sort}>{x}</presence>\n"


GONE = "affiliation='none' role='none'"

ENDS = [
    pytest.param("", None, id="still there"),
    pytest.param(own("al", "110", "unavailable", GONE), "left", id="left"),
    pytest.param(own("al", "110 307", "unavailable", GONE), "kicked", id="kicked"),
    pytest.param(own("al", "301 110", "unavailable", GONE), "banned", id="banned"),
    pytest.param(own("al", "110 332", "unavailable", GONE), "left", id="service shutdown"),
    pytest.param(own("bob", "307", "unavailable", GONE), None, id="somebody else"),
    pytest.param(own("al", "110", "unavailable", GONE) + own("al"), None, id="entered again"),
]


@pytest.mark.parametrize(("script", "ended"), ENDS)
def test_how_a_room_is_left(play, script: str, ended: str | None) -> None:
    (room,) = play(START + own("al", "201 110") + script).connection.mucs
    assert (room.room, room.nick, room.joined, room.codes) == ("r@m.a.example", "al", True, [110, 201])
    assert (room.affiliation, room.role, room.ended) == ("member", "participant", ended)


def test_a_new_nickname(play) -> None:
    renamed = own("al", "110 303", "unavailable", "affiliation='member' role='participant' nick='ally'")
    (room,) = play(
        START + own("al") + renamed + own("ally", item="affiliation='admin' role='moderator'")
    ).connection.mucs
    assert (room.nick, room.ended, room.affiliation, room.role) == ("ally", None, "admin", "moderator")


def test_the_service_may_choose_another_nickname(play) -> None:
    (room,) = play(START + own("al2", "110 210")).connection.mucs
    assert (room.nick, room.codes) == ("al2", [110, 210])


def test_a_room_that_refuses(play) -> None:
    refused = "S: <presence from='r@m.a.example/al' type='error' id='j'><error type='auth'/></presence>"
    (room,) = play(START + refused).connection.mucs
    assert (room.nick, room.joined, room.codes, room.affiliation) == ("al", False, [], None)


def test_what_is_no_entering(play) -> None:
    script = """
    open 1 alice@a.example/desk
    C: <presence to='r@m.a.example'>{muc}</presence>
    C: <presence to='r@m.a.example/al' type='unavailable'>{muc}</presence>
    C: <presence to='r@m.a.example/al'/>
    S: <presence from='r@m.a.example/bob'><x {user}><status code='999999'/><status code='x'/><status/></x></presence>
    """
    assert play(script).connection.mucs == []


def test_rooms_are_bounded(play) -> None:
    entering = "".join(f"<presence to='r{number}@m/al'>{{muc}}</presence>" for number in range(MOST_ROOMS + 3))
    played = play(f"open 1 alice@a.example/desk\nC: {entering}")
    assert len(played.connection.mucs) == MOST_ROOMS
    assert played.report.totals.forgotten == 3


def test_a_message_that_comes_back_is_a_copy(play) -> None:
    said = "<message type='groupchat' id='m1' {}><body>x</body></message>"
    played = play(
        START
        + own("al")
        + f"C: {said.format('''to='r@m.a.example' ''')}\n"
        + f"S: {said.format('''from='r@m.a.example/bob' ''')}\n"
        + f"S: {said.format('''from='r@m.a.example/al' ''')}\n"
    )
    assert played.links == [("m1", "copy", "m1")]
    assert played.entries[-1].links is not None
