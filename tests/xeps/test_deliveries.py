import pytest

RECEIPTS = "xmlns='urn:xmpp:receipts'"
MARKERS = "xmlns='urn:xmpp:chat-markers:0'"
OUT = "C: <message id='m1' to='b@a.example/x'><body>x</body></message>\n"
REPLACE = "xmlns='urn:xmpp:message-correct:0'"
IN = "S: <message id='m1' from='b@a.example/x' to='alice@a.example/desk'><body>x</body></message>\n"

# What goes before, what is sent then, and the links that it has.
LINKED = [
    pytest.param(OUT, f"S: <message id='r' from='b@a.example/x'><received {RECEIPTS} id='m1'/></message>",
                 [("r", "receipt", "m1")], id="receipt that comes"),
    pytest.param(IN, f"C: <message id='r' to='b@a.example/x'><received {RECEIPTS} id='m1'/></message>",
                 [("r", "receipt", "m1")], id="receipt that goes"),
    pytest.param(OUT, f"S: <message id='r' from='B@A.example'><displayed {MARKERS} id='m1'/></message>",
                 [("r", "receipt", "m1")], id="marker"),
    pytest.param(OUT, f"S: <message id='r' from='c@a.example/x'><received {RECEIPTS} id='m1'/></message>", [],
                 id="receipt of somebody else"),
    pytest.param(OUT, f"C: <message id='r' to='b@a.example/x'><received {RECEIPTS} id='m1'/></message>", [],
                 id="receipt for one's own"),
    pytest.param(OUT, f"S: <message id='r' from='b@a.example/x'><received {RECEIPTS}/></message>", [],
                 id="receipt without an id"),
    pytest.param(OUT, f"C: <message id='m2' to='b@a.example'><replace {REPLACE} id='m1'/></message>",
                 [("m2", "correction", "m1")], id="correction"),
    pytest.param(IN, f"S: <message id='m2' from='b@a.example/x'><replace {REPLACE} id='m1'/></message>",
                 [("m2", "correction", "m1")], id="correction that comes"),
    pytest.param(OUT, "S: <message type='error' id='m1' from='b@a.example/x'><error type='cancel'/></message>",
                 [("m1", "cause", "m1")], id="error"),
    pytest.param(OUT, "S: <message type='error' id='m1' from='c@a.example/x'><error type='cancel'/></message>", [],
                 id="error of somebody else"),
    pytest.param("C: <presence id='p1' to='r@m.a.example/al'/>\n",
                 "S: <presence type='error' id='p1' from='r@m.a.example/al'><error type='auth'/></presence>",
                 [("p1", "cause", "p1")], id="presence error"),
    pytest.param("S: <message id='m1' type='groupchat' from='r@m.a.example/bob'>"
                 "<stanza-id xmlns='urn:xmpp:sid:0' by='r@m.a.example' id='77'/></message>\n",
                 f"C: <message id='r' type='groupchat' to='r@m.a.example'><displayed {MARKERS} id='77'/></message>",
                 [("r", "receipt", "m1")], id="marker in a room"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "then", "links"), LINKED)
def test_links(play, before: str, then: str, links: list[tuple[str, str, str]]) -> None:
    assert play(f"open 1 alice@a.example/desk\n{before}{then}").links == links


CARBON = "<{} xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>{}</forwarded></{}>"
TWO = "open 1 alice@a.example/desk\nopen 2 alice@a.example/phone\n"


def carbon(kind: str, inner: str, from_: str = "alice@a.example") -> str:
    inside = CARBON.format(kind, f"<message xmlns='jabber:client' {inner}><body>x</body></message>", kind)
    return f"S2: <message id='c' from='{from_}' to='alice@a.example/phone'>{inside}</message>\n"


CARBONS = [
    pytest.param(OUT, carbon("sent", "id='m1' from='alice@a.example/desk' to='b@a.example/x'"), [("c", "copy", "m1")]),
    pytest.param(
        IN, carbon("received", "id='m1' from='b@a.example/x' to='alice@a.example/desk'"), [("c", "copy", "m1")]
    ),
    pytest.param(IN, carbon("received", "id='m1' from='b@a.example/x'", from_="mallory@a.example"), []),
    pytest.param(IN, carbon("received", "id='m9' from='b@a.example/x'"), []),
]


@pytest.mark.parametrize(("before", "then", "links"), CARBONS)
def test_carbons(play, before: str, then: str, links: list[tuple[str, str, str]]) -> None:
    assert play(TWO + before + then).links == links


def test_a_carbon_by_the_id_of_its_sender(play) -> None:
    origin = "<origin-id xmlns='urn:xmpp:sid:0' id='o1'/>"
    sent = f"C: <message id='m1' to='b@a.example'>{origin}</message>\n"
    inner = f"<message xmlns='jabber:client' id='other' from='alice@a.example/desk' to='b@a.example'>{origin}</message>"
    wrapped = CARBON.format("sent", inner, "sent")
    assert play(f"{TWO}{sent}S2: <message id='c' from='alice@a.example'>{wrapped}</message>").links == [
        ("c", "copy", "m1")
    ]


def test_the_same_message_to_two_clients(play) -> None:
    archived = "<stanza-id xmlns='urn:xmpp:sid:0' by='alice@a.example' id='77'/>"
    said = f"<message id='m1' from='b@a.example/x' to='alice@a.example'>{archived}</message>\n"
    played = play(f"{TWO}S: {said}S2: {said}")
    assert played.links == [("m1", "copy", "m1")]
    assert played.entries[-1].connection == 2


def test_two_accounts_share_nothing(play) -> None:
    script = "open 1 alice@a.example/desk\nopen 2 carol@a.example/desk\n" + OUT
    assert (
        play(script + f"S2: <message id='r' from='b@a.example/x'><received {RECEIPTS} id='m1'/></message>").links == []
    )


def test_servers_answer_on_another_connection(play) -> None:
    played = play(
        """
        s2s 1
        s2s 2
        C: <message id='m1' from='b@b.example/x' to='a@a.example'><body>x</body></message>
        C2: <message type='error' id='m1' from='a@a.example' to='b@b.example/x'><error type='cancel'/></message>
        """
    )
    assert played.links == [("m1", "cause", "m1")]


def test_a_client_whose_login_was_not_captured(play) -> None:
    script = IN + f"C: <message id='r' to='b@a.example/x'><received {RECEIPTS} id='m1'/></message>"
    assert play(f"open 1\n{script}").links == [("r", "receipt", "m1")]
