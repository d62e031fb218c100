import json

import pytest

from xmppscope.xeps.xep_0220 import MOST_ANSWERS, MOST_REQUESTS


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


def test_a_key_is_followed_over_its_connections(play) -> None:
    played = play(
        """
        s2s 1
        C: <db:result from='b.example' to='a.example'>0123</db:result>
        s2s 2
        C2: <db:verify from='a.example' to='b.example' id='i1'>0123</db:verify>
        S2: <db:verify from='b.example' to='a.example' id='i1' type='valid'/>
        S: <db:result from='a.example' to='b.example' type='valid'/>
        """
    )
    numbers = [entry.entry for entry in played.entries if entry.ns == "jabber:server:dialback"]
    asked, verified = numbers[:2]
    causes = [[link.entry for link in entry.links or ()] for entry in played.entries if entry.entry in numbers]
    assert causes == [[], [asked], [verified], [asked]]


@pytest.mark.real
def test_keys_of_real_servers(xmppscope, captures) -> None:
    read = xmppscope("read", "--format", "jsonl", captures / "s2s-plain-prosody-ejabberd.pcap").stdout
    records = [json.loads(line) for line in read.splitlines()]
    said = [record for record in records if record.get("ns") == "jabber:server:dialback"]
    by = {record["entry"]: record for record in said}
    causes = {record["entry"]: by[link["entry"]] for record in said for link in record.get("links", ())}
    asked = [record for record in said if "type" not in record and record["name"] == "result"]
    assert len(asked) == 4
    assert set(by) - set(causes) == {record["entry"] for record in asked}
    verified = [record for record in said if "type" not in record and record["name"] == "verify"]
    assert all(causes[record["entry"]]["from"] == record["to"] for record in verified)


@pytest.mark.parametrize(
    "verify",
    [
        "<db:verify from='a.example' to='b.example' id='i1'>another key</db:verify>",
        "<db:verify from='a.example' to='c.example' id='i1'>0123</db:verify>",
        "<db:verify from='b.example' to='a.example' id='i1'>0123</db:verify>",
    ],
)
def test_another_key_is_about_something_else(play, verify: str) -> None:
    asked = "s2s 1\nC: <db:result from='b.example' to='a.example'>0123</db:result>\ns2s 2\n"
    assert play(f"{asked}C2: {verify}").links == []


def test_requests_are_bounded(play) -> None:
    many = "".join(f"<db:result from='b{number}' to='a'>{number}</db:result>" for number in range(MOST_REQUESTS))
    answers = "S: <db:result from='a' to='b0' type='valid'/><db:result from='a' to='b4000' type='valid'/>"
    played = play(f"s2s 1\nC: {many}\n{answers}")
    assert [len(entry.links or ()) for entry in played.entries[-2:]] == [0, 1]


@pytest.mark.parametrize(
    ("condition", "note"),
    [
        ("item-not-found", "the domain asked for is not served there"),
        ("remote-server-not-found", "the receiving server finds no server of the domain that was claimed: see the DNS"),
        ("policy-violation", "TLS is wanted before dialback"),
        ("forbidden", "the server of the domain that was claimed does not know the key"),
    ],
)
def test_what_an_error_means(play, condition: str, note: str) -> None:
    played = play(
        f"""
        s2s 1
        C: <db:result from='b.example' to='a.example'>0123</db:result>
        S: <db:result from='a.example' to='b.example' type='error'><error><{condition} {{errors}}/></error></db:result>
        """
    )
    assert played.notes == [note]
    assert played.connection.dialback[0].outcome == "error"


def test_several_domains_on_one_stream(play) -> None:
    played = play(
        """
        s2s 1
        C: <db:result from='b.example' to='a.example'>0123</db:result>
        S: <db:result from='a.example' to='b.example' type='valid'/>
        C: <db:result from='rooms.b.example' to='a.example'>4567</db:result>
        S: <db:result from='a.example' to='rooms.b.example' type='valid'/>
        C: <db:result from='b.example' to='chat.a.example'>89ab</db:result>
        S: <db:result from='chat.a.example' to='b.example' type='invalid'/>
        """
    )
    assert played.notes == [
        "another pair of domains than that of the header: several share this stream",
        "another pair of domains than that of the header: several share this stream",
        "the authoritative server does not know the key: the claim counts as false, and the stream is closed",
    ]
    assert [(one.from_, one.to, one.outcome) for one in played.connection.dialback] == [
        ("b.example", "a.example", "valid"),
        ("rooms.b.example", "a.example", "valid"),
        ("b.example", "chat.a.example", "invalid"),
    ]


def test_a_header_that_does_not_say_where_it_is_from(play) -> None:
    played = play(
        """
        bare 1
        C: <stream:stream to='a.example' xmlns='jabber:server' {s2s}>
        S: <stream:stream id='i' xmlns='jabber:server' {s2s}>
        C: <db:result from='b.example' to='a.example'>0123</db:result>
        S: <db:result from='a.example' to='b.example' type='valid'/>
        """
    )
    assert played.notes == []
    assert played.connection.kind == "s2s"


def test_an_answer_that_nobody_asked_for(play) -> None:
    played = play("s2s 1\nS: <db:result from='a.example' to='b.example' type='valid'/>")
    assert played.notes == ["nobody has asked for this on this connection"]


def test_a_key_that_is_asked_about_with_another_stream_id(play) -> None:
    played = play(
        """
        s2s 1
        C: <db:result from='b.example' to='a.example'>0123</db:result>
        s2s 2
        C2: <db:verify from='a.example' to='b.example' id='of-another'>0123</db:verify>
        S2: <db:verify from='b.example' to='a.example' id='of-another' type='invalid'/>
        """
    )
    assert played.notes == [
        "the id is not that of the stream that the key was sent on: it cannot hold",
        "another secret, another stream id, or somebody who is not that domain",
    ]


def test_keys_of_both_ends_on_a_stream_for_both_directions(play) -> None:
    played = play(
        """
        s2s 1
        C: <bidi xmlns='urn:xmpp:bidi'/>
        C: <db:result from='b.example' to='a.example'>0123</db:result>
        S: <db:result from='a.example' to='b.example' type='valid'/>
        S: <iq type='get' id='p1' from='a.example' to='b.example'><ping xmlns='urn:xmpp:ping'/></iq>
        C: <iq type='result' id='p1' from='b.example' to='a.example'/>
        """
    )
    assert played.notes == []
    asked, answered = played.entries[-2:]
    assert answered.answers == asked.entry
