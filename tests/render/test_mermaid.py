"""The diagram for documents: who stands in it, which arrows, and that no text of others is a sign in it."""

import re

import pytest

from xmppscope.model.timeline import Finding
from xmppscope.render.mermaid import MOST, Mermaid


def drawn(*records) -> list[str]:
    mermaid = Mermaid()
    assert mermaid.render(list(records)) == b""
    return mermaid.close().decode().splitlines()


def test_a_login(login) -> None:
    lines = drawn(*login)
    assert lines[0] == "sequenceDiagram"
    people = [line for line in lines if line.startswith("    participant ")]
    assert len(people) == 3
    assert people[1] == "    participant r1 as 127.0.0.1:5222"
    arrows = [line for line in lines if re.match(r"    \w+-", line)]
    assert arrows
    assert all(re.match(r"    [ir]\d(->>|-->>|--x)[ir]\d: #35;\d+ ", line) for line in arrows)


def test_without_entries_there_is_none() -> None:
    assert drawn() == []


def test_both_ends_by_address_where_no_name_is_known(make, connect) -> None:
    lines = drawn(connect(1, 0, 40000), make(1, 0.1, 1, "initiating", "starttls", "ask for TLS"))
    assert lines[1:] == [
        "    participant i1 as 127.0.0.1:40000",
        "    participant r1 as 127.0.0.1:5222",
        "    i1->>r1: #35;1 starttls · ask for TLS",
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a; b # c", "a#59; b #35; c"),
        ("<b>%%{init}", "#60;b#62;#37;#37;#123;init#125;"),
        ("one\ntwo", "one two"),
        ("\u202ex\x1b", "#8238;x#27;"),
        ('"q"', "#34;q#34;"),
    ],
)
def test_what_means_something_to_mermaid_is_written_as_a_code(text: str, shown: str, make, connect) -> None:
    lines = drawn(connect(1, 0, 1), make(1, 0, 1, "receiving", "message", text))
    assert lines[-1] == f"    r1->>i1: #35;1 message · {shown}"


def test_findings_and_what_is_left_out(make, connect) -> None:
    finding = Finding(
        rule="iq-type",
        severity="error",
        time="",
        connection=1,
        entries=[1],
        text="no such type",
        spec="RFC 6120 §8.2.3",
    )
    entries = [make(n, n / 1000, 1, "initiating", "r", "ask") for n in range(1, MOST + 3)]
    lines = drawn(connect(1, 0, 1), entries[0], finding, *entries[1:])
    assert "    Note over i1,r1: ✗ iq-type: no such type (RFC 6120 §8.2.3)" in lines
    assert lines[-1] == "    Note over i1,r1: and 3 more entries"
