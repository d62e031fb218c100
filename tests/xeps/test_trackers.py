import pytest

ROSTER = (
    "C: <iq type='get' id='r'><query {roster}/></iq>\nS: <iq type='result' id='r'><query {roster}>"
    "<item jid='b@a.example' subscription='both'/><item jid='c@a.example' ask='subscribe'/></query></iq>\n"
)
START = "open 1 alice@a.example/desk\n" + ROSTER


def push(item: str, identity: str = "push", flow: str = "", from_: str = "") -> str:
    address = f" from='{from_}'" if from_ else ""
    return f"S{flow}: <iq type='set' id='{identity}'{address}><query {{roster}}><item {item}/></query></iq>\n"


def contacts(played) -> list[tuple[str, str, str | None]]:
    return [(contact.jid, contact.subscription, contact.ask) for contact in played.connection.roster]


BOTH, NONE = ("b@a.example", "both", None), ("c@a.example", "none", "subscribe")

PUSHES = [
    pytest.param("", [BOTH, NONE], id="none"),
    pytest.param(push("jid='a@a.example' subscription='to'"), [("a@a.example", "to", None), BOTH, NONE], id="new"),
    pytest.param(push("jid='c@a.example' subscription='to'"), [BOTH, ("c@a.example", "to", None)], id="changed"),
    pytest.param(push("jid='b@a.example' subscription='remove'"), [NONE], id="removed"),
    pytest.param(push("jid='b@a.example' subscription='remove'", from_="m@a.example"), [BOTH, NONE], id="forged"),
    pytest.param(push("jid='a@a.example'", from_="alice@a.example"), [("a@a.example", "none", None), BOTH, NONE],
                 id="from the account"),
    pytest.param(push("name='nobody'"), [BOTH, NONE], id="without a JID"),
    pytest.param("S: <iq type='result' id='r2'><query {roster}/></iq>\n", [], id="empty roster"),
    pytest.param("S: <iq type='result' id='r2'/>\n", [BOTH, NONE], id="nothing new"),
]  # fmt: skip


@pytest.mark.parametrize(("script", "roster"), PUSHES)
def test_roster(play, script: str, roster: list[tuple[str, str, str | None]]) -> None:
    assert contacts(play(START + script)) == roster


CHANGE = "C: <iq type='set' id='set'><query {roster}><item jid='b@a.example' name='Bob'/></query></iq>\n"


def test_a_push_is_caused_by_a_change_once_for_each_client(play) -> None:
    again = push("jid='b@a.example' subscription='both' name='Bob'", "again")
    played = play(
        START
        + "open 2 alice@a.example/phone\n"
        + CHANGE
        + push("jid='b@a.example' subscription='both' name='Bob'", "one")
        + push("jid='b@a.example' subscription='both' name='Bob'", "two", flow="2")
        + again
    )
    assert played.links == [("one", "cause", "set"), ("two", "cause", "set")]


def test_a_push_long_after_is_caused_by_something_else(play) -> None:
    assert play(START + CHANGE + "wait 60\n" + push("jid='b@a.example' subscription='both'")).links == []


def test_pushes_follow_the_changes_in_their_order(play) -> None:
    played = play(
        START
        + """
        S: <presence id='s0' type='subscribe' from='d@a.example'/>
        C: <presence id='s1' type='subscribed' to='d@a.example'/>
        C: <presence id='s2' type='subscribe' to='d@a.example'/>
        """
        + push("jid='d@a.example' subscription='from'", "one")
        + push("jid='d@a.example' subscription='from' ask='subscribe'", "two")
    )
    assert played.links == [("one", "cause", "s1"), ("two", "cause", "s2")]
    assert played.notes == [
        "d@a.example: None → None + Pending In",
        "d@a.example: None + Pending In → From",
        "d@a.example: From → From + Pending Out",
    ]


def test_without_the_roster_no_subscription_is_guessed(play) -> None:
    assert play("open 1 alice@a.example/desk\nC: <presence type='subscribe' to='d@a.example'/>").notes == []


LOGINS = [
    pytest.param(
        "C: <auth {sasl} mechanism='PLAIN'>x</auth>\nS: <failure {sasl}><not-authorized/></failure>\n"
        "C: <auth {sasl} mechanism='SCRAM-SHA-1'>x</auth>\nS: <success {sasl}/>",
        [("PLAIN", "sasl", "failure", "not-authorized"), ("SCRAM-SHA-1", "sasl", "success", None)],
        id="second attempt",
    ),
    pytest.param(
        "C: <auth {sasl} mechanism='PLAIN'>x</auth>", [("PLAIN", "sasl", "unfinished", None)], id="unfinished"
    ),
    pytest.param(
        "C: <authenticate {sasl2} mechanism='PLAIN'/>\n"
        "S: <failure {sasl2}><text {sasl}>no</text><account-disabled {sasl}/></failure>",
        [("PLAIN", "sasl2", "failure", "account-disabled")],
        id="SASL2",
    ),
    pytest.param("C: <abort {sasl}/>\nS: <failure {sasl}><aborted/></failure>", [], id="an abort of nothing"),
    pytest.param(
        "C: <auth {sasl} mechanism='X'/>\nC: <abort {sasl}/>\nS: <failure {sasl}><aborted/></failure>",
        [("X", "sasl", "failure", "aborted")],
        id="aborted",
    ),
    pytest.param("S: <success {sasl}/>", [(None, "sasl", "success", None)], id="beginning not captured"),
    pytest.param("S: <auth {sasl} mechanism='PLAIN'/>", [], id="from the wrong end"),
]


@pytest.mark.parametrize(("script", "attempts"), LOGINS)
def test_logins(play, script: str, attempts: list[tuple[object, ...]]) -> None:
    one = play(f"open 1\n{script}").connection
    assert [(a.mechanism, a.profile, a.outcome, a.condition) for a in one.sasl] == attempts


def test_an_attempt_names_its_entries(play) -> None:
    one = play("open 1\nC: <auth {sasl} mechanism='PLAIN'>x</auth>\nS: <success {sasl}/>").connection
    assert one.sasl[0].entries == [3, 4]


def test_a_component_is_its_domain(play) -> None:
    accepted = "component 1 x.example\nC: <handshake>00</handshake>\nS: <handshake/>"
    assert play(accepted).connection.jid == "x.example"
    assert play("component 1 x.example\nC: <handshake>00</handshake>").connection.jid is None


def test_a_connection_that_ended_is_forgotten(play) -> None:
    trackers = play(START + "end 1").trackers
    assert trackers._connections == {}
