"""The address of a connection may be what somebody made up: a mark in a capture can say anything."""

import pytest

from xmppscope.model.timeline import Connection
from xmppscope.render.terminal.timeline import Style, TextTimeline


def connection(receiving: str) -> Connection:
    return Connection(
        connection=1,
        time="2026-01-01T00:00:00.000000Z",
        initiating="127.0.0.1:40000",
        receiving=receiving,
        kind="c2s",
        transport="tcp",
        proxy="127.0.0.1:5322",
    )


@pytest.mark.parametrize("later", [False, True])
def test_no_address_reaches_the_terminal_with_its_controls(later: bool) -> None:
    timeline = TextTimeline(Style(colour=False))
    plain, evil = connection("127.0.0.1:5222"), connection("\x1b[2J\x07\u202eboo")
    text = timeline.render([plain, evil] if later else [evil]).decode()
    assert r"\x1b[2J\x07\u202eboo" in text
    assert text.replace("\n", "").isprintable()
