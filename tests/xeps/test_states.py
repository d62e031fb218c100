"""Every machine by name, with its value and the entries that caused it: what `Tracked.states` and `changed` tell."""

import pytest

from xmppscope.session.changes import MOST_CHANGES, MOST_MACHINES, Changes

ROSTER = (
    "C: <iq type='get' id='r'><query {roster}/></iq>\nS: <iq type='result' id='r'><query {roster} ver='v1'>"
    "<item jid='b@a.example' subscription='none'/></query></iq>\n"
)
START = "open 1 alice@a.example/desk\n" + ROSTER


@pytest.fixture
def states(watch):
    """Play a conversation; return what holds at its end, by machine and subject."""

    def play(script: str) -> dict[tuple[str, str], tuple[str, tuple[int, ...]]]:
        stage = watch(script)
        (tracked,) = stage.trackers._connections.values()
        return {(one.name, one.subject): (one.value, one.entries) for one in tracked.states()}

    return play


def test_what_a_login_comes_to(states) -> None:
    found = states("open 1\nC: <auth {sasl} mechanism='PLAIN'>x</auth>\nS: <success {sasl}/>")
    assert found["stream", ""][1] == (4,)
    assert found["tls", ""] == ("none", (1,))
    assert found["sasl", ""] == ("PLAIN, success", (3, 4))


def test_a_subscription_knows_what_made_it(states) -> None:
    found = states(
        START
        + "C: <presence id='s' type='subscribe' to='b@a.example'/>\n"
        + "S: <iq type='set' id='p'><query {roster}>"
        + "<item jid='b@a.example' ask='subscribe' subscription='none'/></query></iq>\n"
        + "S: <presence type='subscribed' from='b@a.example'/>"
    )
    assert found["subscription", "b@a.example"] == ("To", (9,))
    assert found["bound", ""] == ("alice@a.example/desk", (3, 4))
    assert found["roster version", ""] == ("v1", (6,))
    assert found["interested", ""] == ("yes", (5,))


def test_a_push_names_the_change_it_comes_of(states) -> None:
    found = states(
        START
        + "C: <iq type='set' id='s'><query {roster}><item jid='b@a.example'/></query></iq>\n"
        + "S: <iq type='set' id='p'><query {roster}><item jid='b@a.example' subscription='to'/></query></iq>"
    )
    assert found["subscription", "b@a.example"] == ("To", (7, 8))


def test_counters_of_stream_management(states) -> None:
    found = states(
        "open 1 alice@a.example/desk\nC: {resumable}\nS: {enabled}\nC: <presence/>\nC: <presence/>\nS: <a {sm} h='1'/>"
    )
    assert found["sm initiating", ""] == ("2 sent, 1 acknowledged, 1 in flight", (5, 9, 8))
    assert found["sm receiving", ""] == ("0 sent, 0 acknowledged, 0 in flight", (6,))


def test_a_resumed_session_is_bound_already(watch) -> None:
    stage = watch(
        "open 1 alice@a.example/desk\nC: {resumable}\nS: {enabled}\ncut 1\nopen 2\n"
        "C2: <resume {sm} previd='s1' h='0'/>\nS2: <resumed {sm} previd='s1' h='0'/>"
    )
    *_, tracked = stage.trackers._connections.values()
    assert [(one.value, one.entries) for one in tracked.states() if one.name == "bound"] == [
        ("alice@a.example/desk", (11,))
    ]


def test_binding_inline_is_binding(states) -> None:
    success = "<authorization-identifier>alice@a.example/r</authorization-identifier><bound xmlns='urn:xmpp:bind:0'/>"
    found = states(f"open 1\nC: <authenticate {{sasl2}} mechanism='PLAIN'/>\nS: <success {{sasl2}}>{success}</success>")
    assert found["bound", ""] == ("alice@a.example/r", (4,))


SMALL = [
    ("C: <presence><show>away</show></presence>", ("presence", ""), ("away", (5,))),
    ("C: <presence/>\nC: <presence type='unavailable'/>", ("presence", ""), ("unavailable", (6,))),
    (
        "C: <iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>\nS: <iq type='result' id='c'/>",
        ("carbons", ""),
        ("on", (5, 6)),
    ),
    (
        "C: <iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>\n"
        "S: <iq type='error' id='c'><error type='cancel'/></iq>",
        ("carbons", ""),
        ("refused", (5, 6)),
    ),
    ("C: <inactive xmlns='urn:xmpp:csi:0'/>", ("client state", ""), ("inactive", (5,))),
    (
        "C: <presence to='r@m.a.example/al'>{muc}</presence>\nS: <presence from='r@m.a.example/al'><x {user}>"
        "<item affiliation='owner' role='moderator'/><status code='110'/></x></presence>",
        ("room", "r@m.a.example"),
        ("in as al (owner, moderator)", (5, 6)),
    ),
    (
        "C: <iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='e@a.example'/></block></iq>\n"
        "S: <iq type='result' id='b'/>",
        ("blocked", "e@a.example"),
        ("yes", (5, 6)),
    ),
    (
        "C: <iq type='set' id='b'><query xmlns='jabber:iq:register'><remove/></query></iq>\n"
        "S: <iq type='result' id='b'/>",
        ("registration", ""),
        ("deleted", (5, 6)),
    ),
    (
        "C: <iq type='set' id='b'><enable xmlns='urn:xmpp:push:0' jid='p.example' node='n'/></iq>\n"
        "S: <iq type='result' id='b'/>",
        ("push", "p.example"),
        ("on", (5, 6)),
    ),
]


@pytest.mark.parametrize(("script", "key", "value"), SMALL, ids=[f"{key[0]}-{value[0]}" for _, key, value in SMALL])
def test_what_extensions_note(states, script: str, key, value) -> None:
    assert states(f"open 1 alice@a.example/desk\n{script}")[key] == value


def test_what_the_newest_entry_changed(watch) -> None:
    stage = watch(START + "C: <presence type='subscribe' to='b@a.example'/>")
    (tracked,) = stage.trackers._connections.values()
    (changed,) = tracked.changed
    assert (changed.machine, changed.subject) == ("subscription", "b@a.example")
    assert (changed.before, changed.after, changed.entries) == ("None", "None + Pending Out", (7,))


def test_memory_is_bounded() -> None:
    changes = Changes()
    for number in range(MOST_CHANGES + 3):
        assert changes.change("one", str(number), number)
    assert not changes.change("one", str(number), number + 1)
    assert len(changes.machines()[0].history) == MOST_CHANGES
    assert changes.forgotten == 0
    for number in range(MOST_MACHINES + 1):
        changes.change("many", "on", number, subject=str(number))
    assert len(changes.machines()) == MOST_MACHINES
    assert changes.forgotten == 2


def test_causes_are_named_once_and_in_order() -> None:
    changes = Changes()
    changes.change("m", "a", 5, (3, 5, 3, 4))
    assert changes.entries("m") == (3, 4, 5)
    assert changes.value("m") == "a"
    assert changes.value("n") == ""
