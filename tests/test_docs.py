"""The documentation is true: examples decode, the reference names every field, shown output is what is printed."""

import json
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from xmppscope.model import timeline

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = (ROOT / "docs" / "reference" / "jsonl.md").read_text()
PAGES = [*sorted(ROOT.glob("*.md")), ROOT / "captures" / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
LEFT_OUT = "⋮"


def blocks(text: str, language: str) -> Iterator[str]:
    yield from re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def shown(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Every command that a page shows with its output, as `$ xmppscope ...` in a block of text."""
    for block in blocks(page.read_text(), "text"):
        command, *output = block.splitlines()
        if command.startswith("$ xmppscope "):
            yield command.removeprefix("$ "), output


SHOWN = [pytest.param(*pair, id=f"{page.name}: {pair[0]}") for page in PAGES for pair in shown(page)]


@pytest.mark.parametrize("example", list(blocks(REFERENCE, "json")))
def test_example_is_a_record_as_the_program_writes_it(example: str) -> None:
    record = msgspec.json.decode(example, type=timeline.Record)
    assert json.loads(msgspec.json.encode(record)) == json.loads(example)


@pytest.mark.real
def test_examples_of_read_are_what_it_prints(xmppscope: Callable[..., subprocess.CompletedProcess[bytes]]) -> None:
    captures = ROOT / "captures"
    keys = ["--keylog", captures / "tls13-starttls-prosody.keys"]
    printed: list[object] = []
    for arguments in ([captures / "tls13-starttls-prosody.pcap", *keys], [captures / "dmg-gaps-2.pcap"]):
        printed += map(json.loads, xmppscope("read", "--format", "jsonl", *arguments).stdout.splitlines())
    examples = [json.loads(example) for example in blocks(REFERENCE, "json")]
    made = {"header", "connection", "entry", "summary"}
    assert not [example for example in examples if example["record"] in made and example not in printed]


@pytest.mark.parametrize("record", get_args(timeline.Record), ids=lambda record: record.__name__)
def test_reference_names_every_field(record: type[msgspec.Struct]) -> None:
    fields = {field.encode_name for field in msgspec.structs.fields(record)}
    assert not {field for field in fields if f"`{field}`" not in REFERENCE and f'"{field}"' not in REFERENCE}


@pytest.mark.parametrize("name", ["Kind", "State", "ConnectionKind", "Transport", "Severity", "Sender"])
def test_reference_names_every_choice(name: str) -> None:
    choices = getattr(timeline, name)
    assert not {choice for choice in get_args(choices) if f"`{choice}`" not in REFERENCE}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)\)", page.read_text())
    assert not [target for target in targets if "://" not in target and not (page.parent / target).exists()]


@pytest.mark.real
@pytest.mark.parametrize(("command", "expected"), SHOWN)
def test_shown_output_is_what_is_printed(
    command: str, expected: list[str], xmppscope: Callable[..., subprocess.CompletedProcess[bytes]]
) -> None:
    words = [str(ROOT / word) if word.startswith("captures/") else word for word in shlex.split(command)[1:]]
    done = xmppscope(*words)
    assert done.returncode == 0, done.stderr.decode()
    rest = iter([*done.stdout.decode().splitlines(), *done.stderr.decode().splitlines()])
    skipping = False
    for line in expected:
        if line.strip() == LEFT_OUT:
            skipping = True
        else:
            found = next((other for other in rest if not skipping or other == line), None)
            assert found == line
            skipping = False
    assert skipping or next(rest, None) is None
