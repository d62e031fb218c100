"""What each entry says: offsets, packets, times, namespaces, answers, and the summary."""

from xmppscope.model.wire import FILE_SHIFT, Conflict, Data, Opened

START = """
    C: {header}
    S: {response}{features}
"""
NOON = 1_700_000_000_000_000_000


def test_element_over_several_packets(play) -> None:
    timeline = play(START + "C: <mess\nS: <presence/>\nC: age><body>\nC: x</body></message><r xmlns='urn:xmpp:sm:3'/>")
    fields = "name", "packets", "time", "end_time", "size", "offset", "xml"
    presence, message, request = timeline.rows(*fields)[3:]
    assert presence[:4] == ("presence", (4, 4), "2023-11-14T22:13:20.004000Z", "2023-11-14T22:13:20.004000Z")
    assert message[:4] == ("message", (3, 6), "2023-11-14T22:13:20.003000Z", "2023-11-14T22:13:20.006000Z")
    assert message[4:] == (33, (135, 168), "<message><body>x</body></message>")
    assert request[1] == (6, 6)


def test_header_with_its_declaration(play, words) -> None:
    header = play("C: {header}").entries[0]
    assert header.xml == words["header"].decode()
    assert (header.name, header.ns, header.to, header.from_) == (
        "stream", "http://etherx.jabber.org/streams", "a.example", None,
    )  # fmt: skip
    assert header.xmlns is None
    assert (header.offset, header.size, header.packets) == ((0, 135), 135, (1, 1))


def test_attributes_as_sent(play) -> None:
    entry = play(START + "C: <iq id='1' type='get' to='b&amp;c' from='a'><ping xmlns='urn:xmpp:ping'/></iq>").entries[3]
    assert (entry.id, entry.type, entry.to, entry.from_) == ("1", "get", "b&c", "a")
    assert (entry.name, entry.ns, entry.kind) == ("iq", "jabber:client", "stanza")
    assert entry.xml == "<iq id='1' type='get' to='b&amp;c' from='a'><ping xmlns='urn:xmpp:ping'/></iq>"
    assert entry.xmlns == {"": "jabber:client", "stream": "http://etherx.jabber.org/streams"}
    assert "0199" in entry.xeps


def test_streams_are_counted_per_direction(play) -> None:
    timeline = play("S: {features}\nC: {header}\nS: {response}\nC: {header}{header}\nS: {features}", syn=False)
    assert timeline.rows("sender", "kind", "stream") == [
        ("S", "nonza", 0),
        ("C", "stream-open", 1),
        ("S", "stream-open", 1),
        ("C", "stream-open", 2),
        ("C", "stream-open", 3),
        ("S", "nonza", 1),
    ]


def test_white_space(play) -> None:
    timeline = play(START + "C: {one}\nC: <presence/>{more}", one=b" ", more=b" \r\n")
    assert timeline.rows("kind", "offset")[3:] == [
        ("keepalive", (135, 136)),
        ("stanza", (136, 147)),
        ("keepalive", (147, 150)),
    ]


def test_answers_with_latency(play) -> None:
    timeline = play(
        START
        + """
        C: {bind}
        S: {bound}
        C: <iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>
        S: <iq type='get' id='1' from='a.example' to='a@a.example/r'><ping xmlns='urn:xmpp:ping'/></iq>
        C: <iq type='result' id='1' to='a.example'/>
        S: <iq type='result' id='1' from='a@a.example' to='a@a.example/r'/>
        S: <iq type='result' id='1' from='a@a.example' to='a@a.example/r'/>
        S: <iq type='error' id='2' from='a@a.example' to='a@a.example/r'/>
        """
    )
    assert timeline.rows("entry", "answers", "latency")[3:] == [
        (4, None, None),
        (5, 4, 0.001),
        (6, None, None),
        (7, None, None),
        (8, 7, 0.001),
        (9, 6, 0.003),
        (10, None, None),
        (11, None, None),
    ]


def test_answer_on_the_other_connection_of_two_servers(play) -> None:
    timeline = play(
        """
        C1: {s2s-header}
        S1: {s2s-response}
        C2: <stream:stream from='a.example' to='b.example' xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'>
        C1: <iq type='get' id='1' from='u@b.example' to='a.example'><ping xmlns='urn:xmpp:ping'/></iq>
        C2: <iq type='result' id='1' from='a.example' to='u@b.example'/>
        """
    )
    assert timeline.rows("connection", "entry", "answers")[3:] == [(1, 4, None), (2, 5, 4)]


def test_gap_says_which_bytes_are_missing(play) -> None:
    timeline = play(START + "C: <presence/>\nC gap 100\nC: <presence/><presence/>")
    assert timeline.rows("kind", "offset", "size", "reason", "state", "packets")[3:] == [
        ("stanza", (135, 146), 11, None, "negotiating", (3, 3)),
        ("gap", (146, 246), 100, "100 bytes are not captured", "unknown", (4, 4)),
        ("stanza", (246, 257), 11, None, "unknown", (5, 5)),
        ("stanza", (257, 268), 11, None, "unknown", (5, 5)),
    ]


def test_gap_where_the_beginning_is_unknown_has_a_size_alone(play) -> None:
    timeline = play("C: <r xmlns='urn:xmpp:sm:3'/>\nC gap 100", syn=False)
    assert timeline.rows("kind", "offset", "size")[1:] == [("gap", None, 100)]


def test_faults_name_the_byte(play) -> None:
    timeline = play(START + "C: <presence/><message><a></message>\nC: <iq/><presence/>")
    assert timeline.rows("kind", "offset", "reason")[4:] == [
        ("malformed", (146, 161), "mismatched tag, at byte 160"),
        ("opaque", (161, 168), "follows a fault: not read"),
        ("stanza", (168, 173), None),
        ("stanza", (173, 184), None),
    ]


def test_retransmission_with_other_bytes(talk, fill) -> None:
    conversation = talk()
    conversation.open()
    conversation.send("C", fill("{header}<presence/>"))
    conversation.feed(Conflict(1, 0, NOON, 7, 11, b"<iq/>", 1))
    entry = conversation.close().entries[-1]
    assert (entry.kind, entry.offset, entry.packets) == ("malformed", (135, 140), (7, 7))
    assert entry.reason == "a retransmission carries other bytes than packet 1; the first ones are shown"
    assert entry.bytes is None


def test_packets_of_several_captures(talk, fill) -> None:
    conversation = talk(files=2)
    analyzer = conversation.analyzer
    records = analyzer.feed(Opened(1, NOON, 9, "a:1", "b:2", True))
    records += analyzer.feed(Data(1, 0, NOON, 9, fill("{header}<pres")))
    records += analyzer.feed(Data(1, 0, NOON, 1 << FILE_SHIFT | 2, b"ence/><presence/>"))
    assert [(r.packets, r.file) for r in records[1:]] == [((9, 9), 0), ((9, 2), 0), ((2, 2), 1)]


def test_no_packets_where_there_are_none(talk, fill) -> None:
    conversation = talk()
    records = conversation.analyzer.feed(Opened(1, NOON, 0, "a:1", "b:2", True))
    records += conversation.analyzer.feed(Data(1, 0, NOON, 0, fill("{header}<presence/>")))
    assert [(record.packets, record.file) for record in records[1:]] == [(None, None)] * 2


def test_nine_digits(talk, fill) -> None:
    conversation = talk()
    conversation.analyzer.digits = 9
    conversation.analyzer.feed(Opened(1, NOON + 1, 0, "a:1", "b:2", True))
    connection, entry = conversation.analyzer.feed(Data(1, 0, NOON + 123_456_789, 0, fill("{header}")))
    assert (connection.time, entry.time) == ("2023-11-14T22:13:20.000000001Z", "2023-11-14T22:13:20.123456789Z")


def test_summary(play) -> None:
    timeline = play(
        START + "C: <presence/>\nC gap 5\nS gap 5\nC2: GET / HTTP/1.1\nC3: {s2s-header}\nC3: <presence/><iq/>"
    )
    summary = timeline.summary
    assert (summary.packets, summary.connections, summary.xmpp_connections) == (timeline.summary.packets, 3, 2)
    assert (summary.entries, summary.stanzas, summary.gaps, summary.undecrypted) == (len(timeline.entries), 3, 2, 0)
    assert summary.findings == {"error": 0, "warning": 0, "info": 0}


def test_close_without_release_has_the_time_of_the_last_bytes(talk, fill) -> None:
    conversation = talk()
    conversation.open()
    conversation.send("C", fill("{header}<pres"))
    (torn,) = conversation.analyzer.close()
    assert (torn.kind, torn.time, torn.packets) == ("opaque", "2023-11-14T22:13:20.001000Z", (1, 1))
    assert conversation.analyzer.close() == []
