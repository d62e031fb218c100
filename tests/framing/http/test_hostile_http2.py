"""HTTP/2: a frame longer than anybody accepts is refused before it is put together."""

from xmppscope.framing.http import bounds
from xmppscope.framing.http.connection import HttpConnection
from xmppscope.framing.http.events import HttpFault
from xmppscope.framing.http.heads import PREFACE


def test_a_frame_of_many_megabytes_is_refused_by_its_header() -> None:
    connection = HttpConnection()
    connection.feed(0, PREFACE + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
    events = connection.feed(0, b"\xff\xff\xff\0\0\0\0\0\1")
    assert [event.reason for event in events if isinstance(event, HttpFault)] == ["a frame of 16777215 bytes"]
    assert bounds.FRAME < 16777215
