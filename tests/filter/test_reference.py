"""The reference of the language is whole and true, and the language knows every field of the contract."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from xmppscope.explain.registry import specification
from xmppscope.filter.compile import compile_filter
from xmppscope.filter.fields import ALIASES, FIELDS, Type
from xmppscope.filter.page import page
from xmppscope.filter.prefixes import PREFIXES
from xmppscope.filter.words import WORDS
from xmppscope.model.namespaces import CONTENT
from xmppscope.model.timeline import Annotation, Connection, Edit, Entry, Finding, Link, Record

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "filter.md"
PAGE = page()


def names(record: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(record)}


def examples() -> Iterator[str]:
    """The expressions that the page shows: whole lines of its tables, and those behind --filter."""
    tables = PAGE.partition("## Examples")[2] + PAGE.partition("| expression | matches |")[2].partition("\n\n")[0]
    rest = re.sub(r"^```.*?^```|``.*?``", "", PAGE, flags=re.DOTALL | re.MULTILINE)
    yield from (cell.replace("\\|", "|") for cell in re.findall(r"^\| `([^`]+)`", tables, re.MULTILINE))
    yield from re.findall(r"--filter '([^']+)'", PAGE)
    yield from (found for found in re.findall(r"`([^`]+)`", rest) if re.search(r"\w (==|!=|>=?|<=?|~) |xpath\(", found))


def test_the_file_is_the_page() -> None:
    assert REFERENCE.read_text() == PAGE, "run docs/make_filter_page.py"


@pytest.mark.parametrize("expression", sorted(set(examples())))
def test_what_the_page_shows_is_an_expression(expression: str) -> None:
    if "typ ==" not in expression:
        compile_filter(expression)


def test_the_page_shows_expressions() -> None:
    assert len(set(examples())) > 35


def test_the_page_names_everything() -> None:
    for name in (*WORDS, *FIELDS, *ALIASES, *PREFIXES):
        assert f"`{name}`" in PAGE
    for name, field in FIELDS.items():
        assert bool(field.choices) == (field.type is Type.CHOICE), name
        assert field.about


def test_every_field_of_the_contract_can_be_asked_for() -> None:
    known = FIELDS.keys() | ALIASES.keys()
    parted = {"tls": (), "edit": names(Edit), "annotations": names(Annotation), "links": names(Link)}
    for name in names(Entry):
        assert name in known or name in parted, name
    for group, parts in parted.items():
        assert {f"{group}.{part}" for part in parts} <= known
    assert {f"connection.{name}" for name in names(Connection) - {"connection", "time"}} <= known
    assert {"finding"} | {f"finding.{part}" for part in names(Finding) & {"severity", "text", "spec"}} <= known


@pytest.mark.parametrize("pattern", ["tls*.pcap", "s2s-tls*.pcap", "sasl2*.pcap", "fmt-dsb.pcapng"])
def test_every_fact_of_tls_has_the_type_that_is_said(
    recorded: Callable[[str], list[Record]], captures: Path, pattern: str
) -> None:
    types: dict[str, type] = {}
    for path in captures.glob(pattern):
        for record in recorded(path.stem):
            if isinstance(record, Entry) and record.tls:
                types |= {name: type(value) for name, value in record.tls.items()}
    assert len(types) > 10
    for name, kind in types.items():
        field = FIELDS[f"tls.{name}"]
        assert (field.many, field.type is Type.FLAG) == (kind is list, kind is bool), name


def test_facts_of_tls_are_those_that_are_written() -> None:
    source = Path(__file__).resolve().parents[2] / "xmppscope"
    text = "".join(path.read_text() for folder in ("explain", "analyzer") for path in (source / folder).glob("*.py"))
    written = set(re.findall(r'(?:tls|values)\["(\w+)"\] = ', text))
    assert len(written) > 25
    assert {f"tls.{name}" for name in written} <= FIELDS.keys()


def test_prefixes_are_names_of_known_namespaces() -> None:
    own = {"xml", "vcard4", "omemo", "retract", "moderate"}
    for prefix, ns in PREFIXES.items():
        assert re.fullmatch(r"[a-z][a-z0-9-]*", prefix)
        assert prefix in own or specification(ns) or ns in CONTENT, ns
    assert len(set(PREFIXES.values())) == len(PREFIXES)
