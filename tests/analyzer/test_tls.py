"""Real TLS behind STARTTLS and from the first byte, with and without keys, whole and torn."""

import ssl
import zlib

import pytest

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
START = """
    C: {header}
    S: {response}{features}
    C: {starttls}
"""
INSIDE = [
    ("C", "stream", 2, (186, 321)),
    ("S", "stream", 2, (213, 358)),
    ("S", "features", 2, (358, 376)),
    ("C", "presence", 2, (321, 332)),
]


class Session:
    """A recorded TLS session: `lines` of a script in which a word stands for each flight and each record."""

    def __init__(self, pair, words) -> None:
        self.words: dict[str, bytes] = {}
        self.flights: list[str] = []
        for number, (who, data) in enumerate(pair.flights()):
            self.words[f"f{number}"] = data
            self.flights.append(f"{who}: {{f{number}}}")
        for name, who, text in [
            ("c1", "C", words["header"]),
            ("s1", "S", words["response"] + words["features"]),
            ("c2", "C", b"<presence/>"),
        ]:
            self.words[name] = pair.send(who, text)
        self.words["c3"] = pair.bye("C")
        self.words["s3"] = pair.bye("S")
        self.keys = pair.keys

    @property
    def handshake(self) -> str:
        return "\n".join(self.flights) + "\n"


INNER = "C: {c1}\nS: {s1}\nC: {c2}\n"
BYE = "C: {c3}\nC fin\nS: {s3}\nS fin"


@pytest.fixture(params=VERSIONS, ids=str)
def session(request, tls_pair, words) -> Session:
    return Session(tls_pair(version=request.param), words)


def inside(timeline) -> list[tuple[object, ...]]:
    """The elements under TLS."""
    rows = timeline.rows("sender", "name", "stream", "offset", "protection")
    return [row[:4] for row in rows if row[4] != "none" and row[1]]


def test_starttls(play, session) -> None:
    timeline = play(START + "S: {proceed}\n" + session.handshake + INNER + BYE, keys=session.keys, **session.words)
    assert timeline.told[4:] == [
        "S proceed, tls",
        "C tls, tls",
        "S tls, tls",
        "C stream-open, header-sent",
        "S stream-open, header-both",
        "S features, negotiating",
        "C presence, negotiating",
        "C closed, broken",
        "S closed, broken",
    ]
    assert inside(timeline) == INSIDE
    assert [entry.annotations[0].text for entry in timeline.entries[-2:]] == ["TLS closed in order (close_notify)"] * 2
    assert timeline.summary.undecrypted == 0


def test_every_byte_in_a_segment_of_its_own(play, session) -> None:
    script = START + "S: {proceed}\n" + session.handshake + INNER + BYE
    whole = play(script, keys=session.keys, **session.words)
    bytewise = play(script, keys=session.keys, split=1, **session.words)
    fields = "sender", "kind", "name", "state", "offset", "protection", "summary", "xml"
    assert bytewise.rows(*fields) == whole.rows(*fields)


def test_proceed_and_server_flight_end_at_every_byte_of_a_segment(play, fill, session) -> None:
    """A client that does not wait for <proceed/> makes the server answer both in one segment."""
    first = fill("{proceed}{f1}", **session.words)
    rest = "\n".join(session.flights[2:]) + "\n" + INNER
    for cut in [*range(1, 80), len(first) - 1]:
        timeline = play(
            START + "C: {f0}\nS: {a}\nS: {b}\n" + rest,
            keys=session.keys, a=first[:cut], b=first[cut:], **session.words,
        )  # fmt: skip
        assert inside(timeline) == INSIDE, cut


@pytest.mark.parametrize("script", [
    "C+: {f0}\nS: {proceed}{f1}\n",
    "C+:  \nC+: {f0}\nS: {proceed}\nS: {f1}\n",
    "C: {f0}\nS: {proceed}\nS: {f1}\n",
    "S: {proceed}\nC:  \nC: {f0}\nS: {f1}\n",
])  # fmt: skip
def test_client_that_pipelines(play, session, script) -> None:
    rest = "\n".join(session.flights[2:]) + "\n" + INNER
    timeline = play(START + script + rest, keys=session.keys, **session.words)
    assert [row[:3] for row in inside(timeline)] == [row[:3] for row in INSIDE]
    tls = [entry for entry in timeline.entries if entry.kind == "tls"]
    assert [(entry.sender, entry.summary[:11]) for entry in tls[:1]] == [("initiating", "offers TLS ")]
    assert "fits" in tls[1].summary
    assert "malformed" not in {entry.kind for entry in timeline.entries}


@pytest.mark.parametrize("script", ["S: {proceed}\nC: {starttls}{f0}\n", "S: {proceed}\nC: {starttls}\nC: {f0}\n"])
def test_proceed_captured_before_starttls(play, session, script) -> None:
    rest = "\n".join(session.flights[1:]) + "\n" + INNER
    timeline = play("C: {header}\nS: {response}{features}\n" + script + rest, keys=session.keys, **session.words)
    assert inside(timeline) == INSIDE


@pytest.mark.parametrize("script", ["S gap 50\nC: {f0}\n", "C: {f0}\nS gap 50\n"])
def test_proceed_in_a_hole(play, session, script) -> None:
    rest = "\n".join(session.flights[1:]) + "\n" + INNER
    timeline = play(START + script + rest, keys=session.keys, **session.words)
    assert inside(timeline) == INSIDE
    assert not [entry for entry in timeline.entries if entry.kind in ("malformed", "opaque")]


def test_starttls_in_a_hole(play, session) -> None:
    rest = "S: {proceed}\n" + session.handshake + INNER
    timeline = play("C: {header}\nS: {response}{features}\nC gap 51\n" + rest, keys=session.keys, **session.words)
    assert inside(timeline) == INSIDE


def test_gap_inside_tls_is_told_where_it_is(play, session) -> None:
    script = (
        START + "S: {proceed}\n" + session.handshake + INNER.replace("C: {c1}", f"C gap {len(session.words['c1'])}")
    )
    timeline = play(script, keys=session.keys, **session.words)
    gap = next(entry for entry in timeline.entries if entry.kind == "gap")
    behind = next(entry for entry in timeline.entries if entry.sender == "initiating" and entry.name == "presence")
    assert (gap.sender, gap.time) <= ("initiating", behind.time)
    assert gap.packets[0] <= behind.packets[0]
    assert behind.offset is None or gap.offset is not None


def test_torn_tls(play, session) -> None:
    timeline = play(START + "S: {proceed}\n" + session.handshake + INNER + "C fin\nS rst", keys=session.keys,
                    **session.words)  # fmt: skip
    assert [entry.annotations[0].text for entry in timeline.entries[-2:]] == [
        "TLS torn off: no close_notify before the end"
    ] * 2


def test_without_keys_nothing_is_claimed_about_the_end(play, session) -> None:
    timeline = play(START + "S: {proceed}\n" + session.handshake + INNER + BYE, **session.words)
    assert [entry.annotations for entry in timeline.entries if entry.kind == "closed"] == [None, None]
    opaque = [entry for entry in timeline.entries if entry.kind == "opaque"]
    assert [entry.sender for entry in opaque].count("initiating") == 1
    assert {entry.reason.split(" for ")[0] for entry in opaque} == {"no key"}
    assert timeline.summary.undecrypted == 1


def test_text_behind_close_notify_is_read_in_the_clear(play, session) -> None:
    timeline = play(
        START + "S: {proceed}\n" + session.handshake + INNER + "C: {c3}\nC: <iq/>\nC fin",
        keys=session.keys,
        **session.words,
    )
    iq = next(entry for entry in timeline.entries if entry.name == "iq")
    assert (iq.protection, iq.offset) == ("none", (332, 337))


def test_direct_tls_is_claimed_by_what_it_holds(play, session) -> None:
    timeline = play(session.handshake + INNER, keys=session.keys, port=443, **session.words)
    assert timeline.told == [
        "C tls, tls",
        "S tls, tls",
        "C stream-open, header-sent",
        "S stream-open, header-both",
        "S features, negotiating",
        "C presence, negotiating",
    ]
    assert [entry.offset for entry in timeline.entries[2:]] == [(0, 135), (0, 145), (145, 163), (135, 146)]


def test_direct_tls_without_keys_or_alpn_is_left_alone(play, session) -> None:
    timeline = play(session.handshake + INNER, port=5223, **session.words)
    assert (timeline.records, timeline.ignored) == ([], [1])
    assert timeline.summary.xmpp_connections == timeline.summary.undecrypted == 0


@pytest.mark.parametrize("version", VERSIONS, ids=str)
def test_direct_tls_is_claimed_by_its_alpn(play, tls_pair, words, version) -> None:
    session = Session(tls_pair(alpn=["xmpp-client"], version=version), words)
    timeline = play(session.handshake + INNER + BYE, port=443, **session.words)
    assert timeline.entries[0].tls["alpn"] == ["xmpp-client"]
    assert "opaque" in {entry.kind for entry in timeline.entries}
    assert timeline.summary.undecrypted == 1


def test_direct_tls_whose_beginning_is_lost_on_one_side(play, session) -> None:
    script = session.handshake.replace("S: {f1}", f"S gap {len(session.words['f1'])}") + INNER
    timeline = play("C: {f0}\n" + script.partition("\n")[2], keys=session.keys, **session.words)
    assert "malformed" not in {entry.kind for entry in timeline.entries}


def test_direct_tls_with_some_keys_is_waited_for(play, session) -> None:
    """Handshake keys may be missing from a key log that has those of the application data."""
    keys = type(session.keys)()
    for random, secrets in session.keys._secrets.items():
        for label, secret in secrets.items():
            if "HANDSHAKE" not in label:
                keys.add(f"{label} {random.hex()} {secret.hex()}\n".encode(), "k")
    timeline = play(session.handshake + INNER, keys=keys, **session.words)
    assert [row[1] for row in inside(timeline)] == ["stream", "stream", "features", "presence"]


def test_other_protocols_inside_tls_are_not_claimed(play, tls_pair) -> None:
    pair = tls_pair()
    flights = pair.flights()
    request = pair.send("C", b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
    response = pair.send("S", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    words = {f"f{n}": data for n, (_, data) in enumerate(flights)}
    script = "\n".join(f"{who}: {{f{n}}}" for n, (who, _) in enumerate(flights))
    timeline = play(script + "\nC: {c}\nS: {s}", keys=pair.keys, c=request, s=response, **words)
    assert (timeline.records, timeline.ignored) == ([], [])  # a BOSH request may still follow


def test_starttls_inside_tls_changes_nothing(play, tls_pair, words, fill) -> None:
    pair = tls_pair()
    flights = pair.flights()
    sent = {
        "c1": pair.send("C", words["header"]),
        "s1": pair.send("S", words["response"] + words["features"]),
        "c2": pair.send("C", fill("{starttls}<presence/>")),
        "c3": pair.send("C", b"<iq/>"),
        "s2": pair.send("S", fill("{proceed}<presence/>")),
    }
    flying = {f"f{n}": data for n, (_, data) in enumerate(flights)}
    script = "\n".join(f"{who}: {{f{n}}}" for n, (who, _) in enumerate(flights))
    timeline = play(script + "\nC: {c1}\nS: {s1}\nC: {c2}\nC: {c3}\nS: {s2}", keys=pair.keys, **sent, **flying)
    assert sorted(row[:2] for row in inside(timeline))[:3] == [("C", "iq"), ("C", "presence"), ("C", "starttls")]
    assert "malformed" not in {entry.kind for entry in timeline.entries}


@pytest.mark.parametrize("pipelined", [False, True])
def test_compression_inside_tls(play, tls_pair, words, fill, pipelined) -> None:
    packer = zlib.compressobj()
    pair = tls_pair()
    flights = pair.flights()
    sent = {
        "c1": pair.send("C", words["header"]),
        "s1": pair.send("S", words["response"] + words["features"]),
        "c2": pair.send("C", words["compress"]),
        "c3": pair.send("C", packer.compress(words["header"]) + packer.flush(zlib.Z_SYNC_FLUSH)),
        "s2": pair.send("S", words["compressed"]),
    }
    flying = {f"f{n}": data for n, (_, data) in enumerate(flights)}
    script = "\n".join(f"{who}: {{f{n}}}" for n, (who, _) in enumerate(flights)) + "\nC: {c1}\nS: {s1}\nC: {c2}\n"
    script += "C: {c3}\nS: {s2}" if pipelined else "S: {s2}\nC: {c3}"
    timeline = play(script, keys=pair.keys, **sent, **flying)
    last = [entry for entry in timeline.entries if entry.kind == "stream-open"][-1]
    assert (last.sender, last.compression, last.offset) == ("initiating", "zlib", (221, 356))
    assert last.protection == "TLSv1.3"
