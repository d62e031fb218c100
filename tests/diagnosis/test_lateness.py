"""Why a message came late, where what held it was seen."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.diagnosis.conftest import START, Told
from tests.diagnosis.test_diagnoses import ENABLED

Tell = Callable[..., Told]


def message(after: float, *, sender: str = "a.example", kind: str = "chat", whole: bool = False) -> str:
    """A message that was sent so many seconds after the conversation began."""
    time = datetime.fromtimestamp(START / 1_000_000_000 + after, UTC)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ" if whole else "%Y-%m-%dT%H:%M:%S.%fZ")
    delay = f"<delay xmlns='urn:xmpp:delay' from='{sender}' stamp='{stamp}'/>"
    return f"<message type='{kind}' from='bob@a.example/x'><body>x</body>{delay}</message>"


def notes(told: Told) -> list[str]:
    return [note.text for entry in told.entries for note in entry.annotations or () if entry.name == "message"]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (message(1), ["waited 2.0 s: held while the session was cut (#13, resumed #23)"]),
        (message(0, whole=True), ["waited 3 s: held while the session was cut (#13, resumed #23)"]),
        (message(1, sender="alice@a.example"), ["waited 2.0 s: held while the session was cut (#13, resumed #23)"]),
        (message(-60), []),
        (message(1, sender="b.example"), []),
        (message(1, kind="groupchat"), []),
    ],
)
def test_held_while_the_session_was_cut(tell: Tell, sent: str, expected: list[str]) -> None:
    resumed = ("C2: <resume {sm} previd='m1' h='0'/>", "S2: <resumed {sm} previd='m1' h='0'/>")
    told = tell("in", *ENABLED, "C rst", "wait 3", "login 2", *resumed, f"S2: {sent}")
    assert notes(told) == expected


def test_held_back_while_the_client_was_inactive(tell: Tell) -> None:
    inactive, active = (f"C: <{word} xmlns='urn:xmpp:csi:0'/>" for word in ("inactive", "active"))
    told = tell("in", inactive, "wait 30", active, f"S: {message(10)}")
    assert notes(told) == ["waited 20 s: held back while the client was inactive (#11, active again #12)"]


def test_stored_before_the_session(tell: Tell) -> None:
    assert notes(tell("in", f"S: {message(-120)}")) == [
        "waited 2 min: the server had stored it before this session was open (#10)"
    ]
    assert notes(tell("in", f"S: {message(5)}")) == []
    assert notes(tell("in", "S: <message><delay xmlns='urn:xmpp:delay' stamp='yesterday'/><body/></message>")) == []
