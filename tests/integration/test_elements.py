"""What a log is taken for, and how it is compared with a timeline: no server or client is needed."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.elements import CLOSE, OPEN, Connection, Element, changed, compare, elements_in, read_jsonl

HEADER = "<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client'>"
FEATURES = Element("features", "http://etherx.jabber.org/streams", "", "")
IQ = Element("iq", "jabber:client", "1", "get")
MESSAGE = Element("message", "jabber:client", "", "chat")
AUTH = Element("auth", "urn:ietf:params:xml:ns:xmpp-sasl", "", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n ", []),
        (HEADER, [OPEN]),
        (
            f"{HEADER}<stream:features/>{HEADER}<iq id='1' type='get'/></stream:stream>",
            [OPEN, FEATURES, OPEN, IQ, CLOSE],
        ),
        ("<features xmlns='http://etherx.jabber.org/streams'/>", [FEATURES]),
        ("<iq id='1' type='get'><query xmlns='x'/></iq> <message type='chat'/>", [IQ, MESSAGE]),
        ("<message type='chat'><body>&lt;iq&gt; 🌹</body></message>", [MESSAGE]),
        (
            "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>AA==</auth></stream:stream> <iq id='1' type='get'/>",
            [AUTH, CLOSE, IQ],
        ),
    ],
)
def test_elements_of_a_log(text: str, expected: list[Element]) -> None:
    assert list(elements_in(text)) == expected


def entry(connection: int, sender: str, element: Element, **more: Any) -> dict[str, Any]:
    kind = {OPEN: "stream-open", CLOSE: "stream-close"}.get(element, "stanza")
    fields = {key: value for key, value in element._asdict().items() if value}
    return {"record": "entry", "connection": connection, "sender": sender, "kind": kind, **fields, **more}


def log(out: str = "", into: str = "") -> Connection:
    return Connection({"out": [out], "in": [into]})


TIMELINE = [
    {"record": "connection", "connection": 1},
    entry(1, "initiating", OPEN, name="stream"),
    entry(1, "receiving", OPEN, name="stream"),
    entry(1, "receiving", FEATURES, leg="client"),
    entry(1, "receiving", FEATURES, leg="server"),
    {"record": "entry", "connection": 1, "kind": "tls", "sender": "initiating"},
    entry(1, "initiating", IQ),
    entry(1, "receiving", MESSAGE),
    entry(1, "receiving", CLOSE, name="stream"),
]
OUT = f"{HEADER}<iq type='get' id='1'/>"
INTO = f"{HEADER}<stream:features/><message type='chat'/>"


@pytest.mark.parametrize(
    ("logged", "options", "expected"),
    [
        ([log(OUT, INTO)], {}, []),
        ([log(f"{OUT}</stream:stream>", f"{INTO}</stream:stream>")], {}, []),
        ([], {}, ["logged 0 connections, shown 1"]),
        ([log(HEADER, INTO)], {}, ["connection 1 out: logged 1 elements, shown 2; more: [('iq'"]),
        ([log(HEADER, INTO)], {"torn": [0]}, []),
        ([log(HEADER, INTO)], {"directions": ["in"]}, []),
        ([log(f"{HEADER}<iq type='get' id='2'/>", INTO)], {"torn": [0]}, ["connection 1 out: element 2: logged"]),
        ([log(OUT, f"{HEADER}<message type='chat'/>")], {}, ["connection 1 in: element 2: logged"]),
        (
            [log(f"{OUT}<iq id='3'/>", f"{INTO}<iq id='3'/>")],
            {},
            ["connection 1 out: logged 3", "connection 1 in: logged 4"],
        ),
    ],
)
def test_differences_between_log_and_timeline(logged: Any, options: Any, expected: list[str]) -> None:
    found = compare(logged, TIMELINE, **options)
    assert len(found) == len(expected)
    for difference, beginning in zip(found, expected, strict=True):
        assert difference.replace("Element", "").startswith(beginning.replace("('iq'", "(name='iq'"))


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        (TIMELINE, []),
        ([{**record, "packets": [1, 2]} for record in TIMELINE], []),
        (TIMELINE[:-1], ["stream-close"]),
        ([*TIMELINE[:1], {**TIMELINE[1], "size": 7}, *TIMELINE[2:]], ["size was None, is 7"]),
    ],
)
def test_a_recording_differs_from_what_was_shown(recorded: Any, expected: list[str]) -> None:
    found = changed(TIMELINE, recorded)
    assert len(found) == len(expected)
    assert all(part in said for part, said in zip(expected, found, strict=True))


def test_json_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "live.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in ({"record": "header"}, *TIMELINE)))
    assert read_jsonl(path)[1:] == TIMELINE
    path.write_text("")
    with pytest.raises(AssertionError, match="empty"):
        read_jsonl(path)
