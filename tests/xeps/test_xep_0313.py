import pytest

from xmppscope.xeps.xep_0313 import MOST_QUERIES

MAM = "xmlns='urn:xmpp:mam:2'"
FORWARDED = "<forwarded xmlns='urn:xmpp:forward:0'>{}</forwarded>"


def ask(identity: str, queryid: str) -> str:
    return f"C: <iq type='set' id='{identity}'><query {MAM} queryid='{queryid}'/></iq>\n"


def result(queryid: str, archived: str = "1", inner: str = "") -> str:
    inside = FORWARDED.format(inner)
    return f"S: <message><result {MAM} queryid='{queryid}' id='{archived}'>{inside}</result></message>\n"


def fin(identity: str, attributes: str = "") -> str:
    return f"S: <iq type='result' id='{identity}'><fin {MAM} {attributes}/></iq>\n"


START = "open 1 alice@a.example/desk\n"


def test_pages(play) -> None:
    script = ask("q1", "a") + result("a") + result("a") + fin("q1") + ask("q2", "b") + result("b")
    played = play(START + script + fin("q2", "complete='true'") + ask("q3", "c"))
    pages = [(query.queryid, query.results, query.complete) for query in played.connection.mam]
    assert pages == [("a", 2, False), ("b", 1, True), ("c", 0, None)]


def test_queries_at_the_same_time(play) -> None:
    script = ask("q1", "a") + ask("q2", "b") + result("b") + fin("q1", "complete='1'") + result("b") + fin("q2")
    pages = [(query.queryid, query.results, query.complete) for query in play(START + script).connection.mam]
    assert pages == [("a", 0, True), ("b", 2, False)]


def test_the_end_in_a_message(play) -> None:
    old = MAM.replace("mam:2", "mam:0")
    script = f"C: <iq type='set' id='q'><query {old} queryid='a'/></iq>\n"
    script += f"S: <message><fin {old} queryid='a' complete='true'/></message>"
    assert [query.complete for query in play(START + script).connection.mam] == [True]


@pytest.mark.parametrize(
    "script",
    [
        f"C: <iq type='get' id='f'><query {MAM}/></iq>",
        result("never-asked"),
        fin("never-asked", "complete='true'"),
    ],
)
def test_what_is_no_query(play, script: str) -> None:
    assert play(START + script).connection.mam == []


def test_queries_are_bounded(play) -> None:
    played = play(START + "C: " + "".join(ask(str(n), str(n))[3:-1] for n in range(MOST_QUERIES + 2)))
    assert len(played.connection.mam) == MOST_QUERIES
    assert played.report.totals.forgotten >= 2


ARCHIVED = [
    pytest.param("<message to='b@a.example' id='m1'>",
                 "from='alice@a.example/desk' to='b@a.example' id='m1'", id="sent"),
    pytest.param("<message from='b@a.example/x' to='alice@a.example/desk' id='m1'>",
                 "from='b@a.example/x' to='alice@a.example' id='m1'", id="received"),
]  # fmt: skip


@pytest.mark.parametrize(("live", "archived"), ARCHIVED)
def test_a_result_is_a_copy_of_what_was_live(play, live: str, archived: str) -> None:
    who = "S" if "from=" in live else "C"
    inner = f"<message xmlns='jabber:client' {archived}><body>x</body></message>"
    played = play(START + f"{who}: {live}<body>x</body></message>\n" + ask("q", "a") + result("a", "77", inner))
    assert played.links == [("message", "copy", "m1")]


def test_a_copy_by_the_id_that_the_archive_gave(play) -> None:
    live = "<message from='b@a.example/x'><stanza-id xmlns='urn:xmpp:sid:0' by='alice@a.example' id='77'/></message>"
    inner = "<message xmlns='jabber:client' from='b@a.example/x'/>"
    played = play(START + f"S: {live}\n" + ask("q", "a") + result("a", "77", inner) + result("a", "78", inner))
    assert played.links == [("message", "copy", "message")]
