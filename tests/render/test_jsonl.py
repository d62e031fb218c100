"""JSON Lines: what is written reads back as the same records."""

import json

import msgspec

from xmppscope.model.timeline import Connection, Header, Record
from xmppscope.render.jsonl import JsonLines


def test_every_line_is_its_record(login: list[Record], trouble: list[Record]) -> None:
    records = [Header(xmppscope="0"), *login, *trouble]
    lines = JsonLines().render(records).splitlines()
    assert [msgspec.json.decode(line, type=Record) for line in lines] == records


def test_there_are_no_nulls_and_escapes_are_json(login: list[Record]) -> None:
    for line in JsonLines().render(login).splitlines():
        assert None not in json.loads(line).values()


def test_header_and_nothing_else() -> None:
    renderer = JsonLines()
    assert renderer.render([Header(xmppscope="1.2")]) == b'{"record":"header","schema":1,"xmppscope":"1.2"}\n'
    assert renderer.render([]) == renderer.close() == b""


def test_a_connection_leaves_out_what_is_unknown(login: list[Record]) -> None:
    assert isinstance(login[0], Connection)
    assert b"proxy" not in JsonLines().render(login[:1])
