"""Where bytes go: STARTTLS and compression granted, refused, asked early and answered in a hole; restarts and ends."""

import zlib

import pytest

TLS_HELLO = bytes.fromhex("16030100050100000100")
NEGOTIATED = ["C stream-open, header-sent", "S stream-open, header-both", "S features, negotiating"]
START = """
    C: {header}
    S: {response}{features}
"""


class Packer:
    """One direction's zlib stream."""

    def __init__(self) -> None:
        self._zlib = zlib.compressobj()

    def __call__(self, data: bytes) -> bytes:
        return self._zlib.compress(data) + self._zlib.flush(zlib.Z_SYNC_FLUSH)


@pytest.fixture
def zipped(words) -> dict[str, bytes]:
    """What both sides send once compression is granted."""
    client, server = Packer(), Packer()
    return {
        "c1": client(words["header"]),
        "c2": client(b"<presence/>"),
        "s1": server(words["response"] + words["features"]),
    }


COMPRESSED = [
    ("C", "stream", 2, "zlib", (221, 356)),
    ("S", "stream", 2, "zlib", (220, 365)),
    ("S", "features", 2, "zlib", (365, 383)),
    ("C", "presence", 2, "zlib", (356, 367)),
]


def inside(timeline) -> list[tuple[object, ...]]:
    """What came out of zlib."""
    rows = timeline.rows("sender", "name", "stream", "compression", "offset", "kind")
    return [row[:5] for row in rows if row[3] and row[5] not in ("compression", "closed")]


def test_login_without_tls(play) -> None:
    timeline = play(
        START
        + """
        C: {auth}
        S: {success}
        C: {header}
        S: {response}{features}
        C: {bind}
        S: {bound}
        C: <presence/>
        C: {close}
        S: {close}
        C fin
        S fin
        """
    )
    assert timeline.told == [
        *NEGOTIATED,
        "C auth, sasl",
        "S success, connected",
        "C stream-open, header-sent",
        "S stream-open, header-both",
        "S features, negotiating",
        "C iq, negotiating",
        "S iq, open",
        "C presence, open",
        "C stream-close, half-closed",
        "S stream-close, closed",
        "C closed, closed",
        "S closed, closed",
    ]
    assert timeline.rows("stream") == [(n,) for n in (1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2)]


def test_refused_starttls_lets_what_waited_go_on_as_xml(play) -> None:
    timeline = play(START + "C: {starttls}\nC: <presence/>\nS: {tls-failure}\nC: <iq/>\nS: <presence/>")
    assert timeline.told[3:] == [
        "C starttls, negotiating",
        "S failure, negotiating",
        "C presence, negotiating",
        "C iq, negotiating",
        "S presence, negotiating",
    ]


def test_stream_error_in_answer_to_starttls(play) -> None:
    error = "<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
    timeline = play(START + f"C: {{starttls}}\nC: <presence/>\nS: {error}{{close}}\nC: {{close}}\nC fin\nS fin")
    assert timeline.told[3:] == [
        "C starttls, negotiating",
        "S stream-error, closing",
        "S stream-close, closing",
        "C presence, closing",
        "C stream-close, closed",
        "C closed, closed",
        "S closed, closed",
    ]


@pytest.mark.parametrize("split", [0, 1])
def test_white_space_and_xml_between_proceed_and_tls_are_cleartext(play, split) -> None:
    timeline = play(
        START + "C: {starttls}\nS: {proceed}\nC: {space}\nC: <presence/>\nC: {hello}", hello=TLS_HELLO, space=b"\r\n",
        split=split,
    )  # fmt: skip
    clear = timeline.rows("sender", "kind", "offset", "protection")
    assert clear[4] == ("S", "nonza", (163, 213), "none")
    spaces = [(e.offset[0], e.offset[1]) for e in timeline.entries if e.kind == "keepalive"]
    assert (spaces[0][0], spaces[-1][1]) == (186, 188)
    assert ("C", "stanza", (188, 199), "none") in clear
    assert not [entry for entry in timeline.entries if entry.kind == "malformed"]


def test_xml_in_the_clear_behind_proceed_stays_xml_on_both_sides(play) -> None:
    timeline = play(START + "C: {starttls}\nS: {proceed}\nC: {header}\nS: {response}{features}\nC: {auth}")
    assert timeline.told[4:] == [
        "S proceed, tls",
        "C stream-open, header-sent",
        "S stream-open, header-both",
        "S features, negotiating",
        "C auth, sasl",
    ]
    assert set(timeline.rows("protection")) == {("none",)}


def test_proceed_captured_before_starttls(play) -> None:
    timeline = play(START + "S: {proceed}\nC: {starttls}{hello}", hello=TLS_HELLO)
    assert timeline.told[3:5] == ["S proceed, negotiating", "C starttls, tls"]
    assert not [entry for entry in timeline.entries if entry.kind == "malformed"]


def test_starttls_behind_a_hole_does_not_wait_for_the_answer_that_came_out_before_it(play) -> None:
    timeline = play(START + "S: {proceed}\nC gap 10\nC: {starttls}\nC: {hello}\nS: {hello}", hello=TLS_HELLO)
    assert timeline.told[4:] == ["C gap, unknown", "C starttls, negotiating", "C opaque, unknown", "S opaque, unknown"]


def test_client_that_never_gets_an_answer(play) -> None:
    timeline = play(START + "C: {starttls}\nC: <presence/>\nC fin\nS fin")
    assert timeline.told[3:] == [
        "C starttls, negotiating",
        "C presence, negotiating",
        "C closed, broken",
        "S closed, broken",
    ]


def test_nothing_waits_in_vain_for_a_lost_answer(play) -> None:
    timeline = play(START + "C: {starttls}\nC: <presence/>\nS gap 51\nC: <iq/>")
    assert timeline.told[3:] == [
        "C starttls, negotiating",
        "C presence, unknown",
        "S gap, unknown",
        "C iq, unknown",
    ]


@pytest.mark.parametrize("split", [0, 1, 7])
def test_compression(play, zipped, split) -> None:
    timeline = play(START + "C: {compress}\nS: {compressed}\nC: {c1}\nS: {s1}\nC: {c2}", split=split, **zipped)
    assert inside(timeline) == COMPRESSED
    client, server = len(zipped["c1"] + zipped["c2"]), len(zipped["s1"])
    assert timeline.rows("kind", "sender", "summary")[-2:] == [
        ("compression", "C", f"zlib: 146 bytes sent as {client}, {146 / client:.1f} to 1"),
        ("compression", "S", f"zlib: 163 bytes sent as {server}, {163 / server:.1f} to 1"),
    ]


@pytest.mark.parametrize("script", [
    "C: {compress}{c1}\nC: {c2}\nS: {compressed}{s1}",
    "C: {compress}\nC: {c1}{c2}\nS: {compressed}\nS: {s1}",
    "S: {compressed}{s1}\nC: {compress}{c1}\nC: {c2}",
    "S: {compressed}\nS: {s1}\nC: {compress}\nC: {c1}\nC: {c2}",
])  # fmt: skip
def test_compression_pipelined_or_captured_in_another_order(play, zipped, script) -> None:
    timeline = play(START + script, **zipped)
    assert sorted(inside(timeline)) == sorted(COMPRESSED)


def test_compressed_ends_at_every_byte_of_a_segment(play, fill, zipped) -> None:
    answer = fill("{compressed}{s1}", **zipped)
    for cut in range(1, len(answer)):
        timeline = play(
            START + "C: {compress}\nS: {a}\nS: {b}\nC: {c1}\nC: {c2}", a=answer[:cut], b=answer[cut:], **zipped
        )
        assert sorted(inside(timeline)) == sorted(COMPRESSED), cut


@pytest.mark.parametrize("script", [
    "C: {compress}\nS gap 57\nC: {c1}\nS: {s1}\nC: {c2}",
    "C: {compress}\nC: {c1}\nS gap 57\nS: {s1}\nC: {c2}",
    "C: {compress}\nC: {c1}\nC: {c2}\nS gap 57\nS: {s1}",
])  # fmt: skip
def test_compressed_in_a_hole(play, zipped, script) -> None:
    timeline = play(START + script, **zipped)
    assert sorted(inside(timeline)) == sorted(COMPRESSED)
    assert [row for row in timeline.rows("kind", "offset") if row[0] == "gap"] == [("gap", (163, 220))]
    assert not [entry for entry in timeline.entries if entry.kind in ("malformed", "opaque")]


def test_compress_in_a_hole(play, zipped) -> None:
    timeline = play(START + "C gap 86\nS: {compressed}\nC: {c1}\nS: {s1}\nC: {c2}", **zipped)
    assert inside(timeline) == COMPRESSED


def test_text_behind_a_hole_is_not_taken_for_zlib(play) -> None:
    timeline = play(START + "C: <message><body>\nC gap 10\nC: x^2 + 1</body></message>\nC: <iq/><presence/>")
    assert timeline.rows("kind", "offset", "compression")[3:] == [
        ("opaque", (135, 150), None),
        ("gap", (150, 160), None),
        ("opaque", (160, 184), None),
        ("stanza", (184, 189), None),
        ("stanza", (189, 200), None),
    ]


def test_compression_refused(play) -> None:
    timeline = play(START + "C: {compress}\nC: {bind}\nS: {compress-failure}{bound}")
    assert timeline.told[3:] == [
        "C compress, compressing",
        "S failure, negotiating",
        "S iq, open",
        "C iq, open",
    ]


def test_hole_in_zlib_ends_what_can_be_read(play, zipped) -> None:
    timeline = play(START + "C: {compress}\nS: {compressed}\nC: {c1}\nC gap 20\nC: {c2}\nS: {s1}\nC fin", **zipped)
    sent = len(zipped["c1"])
    gap, opaque, ratio, *_ = (e for e in timeline.entries if e.kind in ("gap", "opaque", "compression"))
    assert (gap.reason, gap.size, gap.offset) == ("20 compressed bytes are not captured", None, None)
    assert opaque.reason == "what follows missing bytes cannot be decompressed"
    assert ratio.summary == f"zlib: 135 bytes sent as {sent}, {135 / sent:.1f} to 1"


def test_zlib_stream_that_is_ended_in_order(play, zipped) -> None:
    packer = zlib.compressobj()
    whole = packer.compress(b"<stream:stream xmlns:stream='http://etherx.jabber.org/streams'/>") + packer.flush()
    timeline = play(START + "C: {compress}\nS: {compressed}\nC: {whole}\nC fin", whole=whole)
    assert "opaque" not in {entry.kind for entry in timeline.entries}
    timeline = play(START + "C: {compress}\nS: {compressed}\nC: {whole}\nC: more\nC fin", whole=whole)
    assert ("opaque", "bytes follow the end of the zlib stream") in timeline.rows("kind", "reason")


def test_nothing_is_compressed_twice(play, fill) -> None:
    client, server = Packer(), Packer()
    timeline = play(
        START + "C: {compress}\nS: {compressed}\nC: {c1}\nS: {s1}\nC: {c2}\nS: {s2}\nC: {c3}",
        c1=client(fill("{header}")),
        s1=server(fill("{response}{features}")),
        c2=client(fill("{compress}<presence/>")),
        s2=server(fill("{compressed}<presence/>")),
        c3=client(fill("<iq/>")),
    )
    assert [row[1] for row in inside(timeline)][3:] == ["compress", "presence", "compressed", "presence", "iq"]


def test_restart_pipelined_with_auth(play) -> None:
    timeline = play(START + "C: {auth}{header}\nS: {success}{response}{features}\nC: {bind}")
    assert timeline.rows("sender", "name", "stream", "offset")[3:] == [
        ("C", "auth", 1, (135, 219)),
        ("C", "stream", 2, (219, 354)),
        ("S", "success", 1, (163, 214)),
        ("S", "stream", 2, (214, 359)),
        ("S", "features", 2, (359, 377)),
        ("C", "iq", 2, (354, 458)),
    ]


def test_success_in_a_hole(play) -> None:
    timeline = play(START + "C: {auth}\nS gap 52\nC: {header}\nS: {response}{features}")
    assert timeline.rows("sender", "kind", "stream", "offset")[3:] == [
        ("C", "nonza", 1, (135, 219)),
        ("S", "gap", 1, (163, 215)),
        ("C", "stream-open", 2, (219, 354)),
        ("S", "stream-open", 2, (215, 360)),
        ("S", "nonza", 2, (360, 378)),
    ]


def test_headers_in_a_hole(play) -> None:
    timeline = play("C gap 135\nS gap 145\nS: {features}\nC: {auth}\nS: {success}\nC: {header}\nS: {response}")
    assert timeline.rows("sender", "kind", "stream", "xmlns", "offset")[:5] == [
        ("C", "gap", 0, None, None),
        ("S", "gap", 0, None, None),
        ("S", "nonza", 0, None, None),
        ("C", "nonza", 0, None, None),
        ("S", "nonza", 0, None, None),
    ]
    assert [entry.stream for entry in timeline.entries[5:]] == [1, 1]
    assert len(timeline.connections) == 2


def test_data_behind_the_closing_tag(play) -> None:
    timeline = play(START + "C: {close}\nC: <presence/>\nS: {close}")
    assert timeline.told[3:] == [
        "C stream-close, half-closed",
        "C presence, half-closed",
        "S stream-close, closed",
    ]


def test_half_close_lets_the_other_side_go_on(play) -> None:
    timeline = play(START + "C: {close}\nC fin\nS: <presence/>\nS: {close}\nS fin")
    assert timeline.told[3:] == [
        "C stream-close, half-closed",
        "C closed, half-closed",
        "S presence, half-closed",
        "S stream-close, closed",
        "S closed, closed",
    ]


@pytest.mark.parametrize("end", ["C fin\nC rst", "C rst\nC rst", "C fin", "C rst", ""])
def test_torn_element_is_told_once(play, end) -> None:
    timeline = play(START + f"C: <pres\n{end}")
    torn = [entry for entry in timeline.entries if entry.kind == "opaque"]
    assert [(e.offset, e.reason, e.packets) for e in torn] == [
        ((135, 140), "an element that was never completed", (3, 3))
    ]


def test_reset(play) -> None:
    timeline = play(START + "C: <presence/>\nS rst\nC: <iq/>")
    assert timeline.told[3:] == ["C presence, negotiating", "S closed, broken", "C iq, broken"]
    assert timeline.entries[4].summary == "reset by the server"


@pytest.mark.parametrize("end", ["S fin", "S gap 10", ""])
def test_few_first_bytes_are_not_dropped(play, end) -> None:
    timeline = play(f"C: {{header}}\nS: <stre\n{end}")
    assert timeline.rows("sender", "kind", "offset")[1] == ("S", "opaque", (0, 5))
