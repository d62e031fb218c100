"""The documentation is true: examples decode, references name what there is, shown output is what is printed."""

import json
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import click
import msgspec
import pytest

from tests.pages import PAGES, ROOT, blocks, difference
from tests.test_architecture import LAYERS
from xmppscope.cli.main import xmppscope as program
from xmppscope.model import marks, timeline

DOCS = ROOT / "docs"
REFERENCE = (DOCS / "reference" / "jsonl.md").read_text()
PROXY = (DOCS / "reference" / "proxy.md").read_text()


def shown(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Every command that a page shows with its output, as `$ xmppscope ...` in a block of text."""
    for block in blocks(page.read_text(), "text"):
        command, *output = block.splitlines()
        if command.startswith("$ xmppscope "):
            yield command.removeprefix("$ "), output


def commands(page: Path) -> Iterator[list[str]]:
    """Every command of this program that a page tells to type, as its arguments."""
    text = page.read_text().replace("\\\n", " ")
    code = [*re.findall(r"^(?: {4}|\$ )(.+)$", text, re.MULTILINE), *re.findall(r"`([^`\n]+)`", text)]
    for line in code:
        found = re.match(r"(?:sudo .*?|.* \| )?xmppscope (?!xmppscope )([a-z].*)", line)
        if found:
            yield shlex.split(re.split(r" [|>] | && |…", found[1])[0], comments=True)


SHOWN = [pytest.param(*pair, id=f"{page.name}: {pair[0]}") for page in PAGES for pair in shown(page)]


@pytest.mark.parametrize("example", list(blocks(REFERENCE, "json")))
def test_example_is_a_record_as_the_program_writes_it(example: str) -> None:
    record = msgspec.json.decode(example, type=timeline.Record)
    assert json.loads(msgspec.json.encode(record)) == json.loads(example)


def proxied(example: dict[str, Any]) -> bool:
    """Whether the example is of a connection through the proxy."""
    return bool(example.keys() & {"proxy", "leg", "edit"}) or example.get("kind") == "proxy"


@pytest.mark.real
def test_examples_of_read_are_what_it_prints(xmppscope: Callable[..., subprocess.CompletedProcess[bytes]]) -> None:
    captures = ROOT / "captures"
    keys = ["--keylog", captures / "tls13-starttls-prosody.keys"]
    printed: list[object] = []
    for arguments in ([captures / "tls13-starttls-prosody.pcap", *keys], [captures / "dmg-gaps-2.pcap"]):
        printed += map(json.loads, xmppscope("read", "--format", "jsonl", *arguments).stdout.splitlines())
    examples = [json.loads(example) for example in blocks(REFERENCE, "json")]
    made = {"header", "connection", "entry", "summary"}
    wanted = [example for example in examples if example["record"] in made and not proxied(example)]
    assert wanted
    assert not [example for example in wanted if example not in printed]


@pytest.mark.parametrize("record", get_args(timeline.Record), ids=lambda record: record.__name__)
def test_reference_names_every_field(record: type[msgspec.Struct]) -> None:
    fields = {field.encode_name for field in msgspec.structs.fields(record)}
    assert not {field for field in fields if f"`{field}`" not in REFERENCE and f'"{field}"' not in REFERENCE}


@pytest.mark.parametrize(
    "name", ["Kind", "State", "ConnectionKind", "Transport", "Severity", "Sender", "Leg", "EditAction"]
)
def test_reference_names_every_choice(name: str) -> None:
    choices = getattr(timeline, name)
    assert not {choice for choice in get_args(choices) if f"`{choice}`" not in REFERENCE}


def test_architecture_has_a_row_for_every_layer() -> None:
    text = (DOCS / "architecture.md").read_text()
    parts = {path.parent.name for path in (ROOT / "xmppscope").glob("*/__init__.py")}
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == parts
    ladder = " ".join(re.findall(r"^ {4,}((?:model|<-) .*)$", text, re.MULTILINE))
    steps = [set(step.split()) for step in ladder.split("<-")]
    assert steps == [there for layer in LAYERS if (there := parts & set(layer))]


def test_reference_of_the_proxy_names_every_option() -> None:
    told = {
        name for row in re.findall(r"^\| (`-.*?) \|", PROXY, re.MULTILINE) for name in re.findall(r"--?[\w-]+", row)
    }
    context = program.make_context("xmppscope", ["proxy"])
    command = program.get_command(context, "proxy")
    assert command is not None
    parameters = command.get_params(click.Context(command, parent=context))
    assert told == {name for parameter in parameters for name in parameter.opts}


@pytest.mark.parametrize("mark", get_args(marks.Mark), ids=lambda mark: mark.__name__)
def test_reference_of_the_proxy_names_every_mark(mark: type[msgspec.Struct]) -> None:
    tag = mark.__struct_config__.tag
    (row,) = re.findall(rf"^\| `{tag}` \|.*$", PROXY, re.MULTILINE)
    assert {f"`{field}`" for field in mark.__struct_fields__} <= set(re.findall(r"`\w+`", row))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_are_such_as_there_are(page: Path) -> None:
    for arguments in commands(page):
        parsed(program, arguments)


def parsed(group: click.Group, arguments: list[str]) -> None:
    """Parse a command, which is not run; one that there is not, or an option, is an error."""
    context = click.Context(group)
    command = group.get_command(context, arguments[0])
    assert command is not None, f"no such command: {arguments}"
    if isinstance(command, click.Group) and len(arguments) > 1:
        parsed(command, arguments[1:])
        return
    inside = click.Context(command, info_name=arguments[0], resilient_parsing=True)
    try:
        command.make_parser(inside).parse_args(arguments[1:])
    except click.UsageError as error:
        raise AssertionError(f"{arguments}: {error.format_message()}") from error


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in target:
            continue
        path, _, place = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), target
        assert not place or place in set(anchors(file)), target


def anchors(page: Path) -> Iterator[str]:
    """What the headings of a page can be linked by."""
    for heading in re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE):
        yield re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.real
@pytest.mark.parametrize(("command", "expected"), SHOWN)
def test_shown_output_is_what_is_printed(
    command: str, expected: list[str], xmppscope: Callable[..., subprocess.CompletedProcess[bytes]]
) -> None:
    words = [str(ROOT / word) if word.startswith("captures/") else word for word in shlex.split(command)[1:]]
    done = xmppscope(*words)
    refused = expected[0].startswith("xmppscope: ") if expected else False
    assert done.returncode == (2 if refused else 0), done.stderr.decode()
    printed = [*done.stdout.decode().splitlines(), *done.stderr.decode().splitlines()]
    assert (problem := difference(expected, printed)) is None, problem
