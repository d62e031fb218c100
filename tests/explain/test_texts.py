"""The texts of `explain`: each has its parts, references lead somewhere, the specifications' lists are whole."""

import re
from collections import Counter
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree as ET

import pytest

from xmppscope.explain import library
from xmppscope.explain.library import Text, parse, texts
from xmppscope.explain.lookup import explain, of_element
from xmppscope.explain.registry import specification
from xmppscope.filter.prefixes import PREFIXES
from xmppscope.model.timeline import Kind
from xmppscope.session.states import State
from xmppscope.session.triggers import TRIGGERS

FOLDER = Path(library.__file__).with_name("texts")
SPEC = re.compile(r"(?:RFC \d{4}|XEP-\d{4})(?: §\d+(?:\.\d+)*)?")
SENTENCE = re.compile(r"[A-Z].*\.")
OF_OUR_OWN = {"state:unknown", "entry:gap", "entry:opaque", "entry:proxy"}
WITHOUT_NAMESPACE = {"attr", "ext", "state", "entry", "sm-error", "blocking-error", "upload-error", "pubsub-error"}

STREAM = """bad-format bad-namespace-prefix conflict connection-timeout host-gone host-unknown improper-addressing
internal-server-error invalid-from invalid-namespace invalid-xml not-authorized not-well-formed policy-violation
remote-connection-failed reset resource-constraint restricted-xml see-other-host system-shutdown undefined-condition
unsupported-encoding unsupported-feature unsupported-stanza-type unsupported-version"""
STANZA = """bad-request conflict feature-not-implemented forbidden gone internal-server-error item-not-found
jid-malformed not-acceptable not-allowed not-authorized policy-violation recipient-unavailable redirect
registration-required remote-server-not-found remote-server-timeout resource-constraint service-unavailable
subscription-required undefined-condition unexpected-request"""
SASL = """aborted account-disabled credentials-expired encryption-required incorrect-encoding invalid-authzid
invalid-mechanism malformed-request mechanism-too-weak not-authorized temporary-auth-failure"""
TYPES = {
    "bad-request": ("modify",),
    "feature-not-implemented": ("cancel", "modify"),
    "forbidden": ("auth",),
    "item-not-found": ("cancel",),
    "policy-violation": ("modify", "wait"),
    "redirect": ("modify",),
    "remote-server-timeout": ("wait",),
    "unexpected-request": ("wait", "modify"),
    "undefined-condition": (),
}


@pytest.mark.parametrize("text", texts(), ids=lambda text: text.id)
def test_every_text_has_its_parts(text: Text) -> None:
    assert SENTENCE.fullmatch(text.says)
    assert len(text.says) <= 120
    assert text.paragraphs
    assert all(paragraph.endswith((".", ":")) for paragraph in text.paragraphs), text.paragraphs
    assert text.see
    assert bool(text.example) == (text.kind not in {"state", "kind of entry"})
    assert bool(text.next) == (text.kind in {"element", "state", "kind of entry"})
    assert SPEC.fullmatch(text.spec) or text.id in OF_OUR_OWN
    assert text.ns or text.prefix in WITHOUT_NAMESPACE


@pytest.mark.parametrize("text", texts(), ids=lambda text: text.id)
def test_see_also_leads_somewhere_else(text: Text) -> None:
    for word in text.see:
        found = explain(word)
        assert found, word
        assert len(found) > 1 or (found[0].says != text.says), f"{word} leads back"
    assert len(set(text.see)) == len(text.see)


def test_nothing_is_there_twice() -> None:
    assert not [name for name, count in Counter(text.id for text in texts()).items() if count > 1]
    assert not [xep for xep, count in Counter(text.xep for text in texts() if text.xep).items() if count > 1]


@pytest.mark.parametrize(
    ("prefix", "names", "section"),
    [("stream-error", STREAM, "4.9.3"), ("stanza-error", STANZA, "8.3.3"), ("sasl-error", SASL, "6.5")],
)
def test_every_condition_has_a_text_and_its_section(prefix: str, names: str, section: str) -> None:
    found = {text.name: text.spec for text in texts() if text.prefix == prefix}
    assert found == {name: f"RFC 6120 §{section}.{number}" for number, name in enumerate(names.split(), 1)}


@pytest.mark.parametrize(("name", "types"), TYPES.items())
def test_types_of_stanza_errors(name: str, types: tuple[str, ...]) -> None:
    (text,) = [text for text in texts() if text.id == f"stanza-error:{name}"]
    assert text.types == types
    assert text.example.startswith(f'<error type="{(types or ("cancel",))[0]}"><{name} ')


def test_every_state_has_a_text() -> None:
    assert [text.name for text in texts() if text.prefix == "state"] == [state.value for state in State]


def test_every_kind_of_entry_that_is_no_element_has_a_text() -> None:
    elements = {"stream-open", "stream-close", "stanza", "nonza", "stream-error"}
    assert {text.name for text in texts() if text.prefix == "entry"} == set(get_args(Kind)) - elements


def test_every_status_code_has_a_text() -> None:
    codes = "100 101 102 103 104 110 170 171 172 173 174 201 210 301 303 307 321 322 332 333"
    assert [text.name for text in texts() if text.prefix == "muc-status"] == codes.split()


def test_every_element_that_steers_a_connection_has_a_text() -> None:
    names = {name for names in TRIGGERS.values() for name in names}
    assert names
    assert not [name for name in names if of_element(name.rpartition("\n")[0], name.rpartition("\n")[2]) is None]


def test_prefixes_are_those_of_the_filter_language() -> None:
    own = {text.prefix: text.ns for text in texts()}
    shared = own.keys() & PREFIXES.keys()
    assert {"sm", "sasl", "sasl2", "bind", "c"} <= shared
    assert {prefix: own[prefix] for prefix in shared} == {prefix: PREFIXES[prefix] for prefix in shared}


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.txt")), ids=lambda path: path.name)
def test_files_are_tidy_and_all_are_read(path: Path) -> None:
    lines = path.read_text().split("\n")
    assert path.stem in library.FILES
    assert not [line for line in lines if line != line.rstrip() or "\t" in line]
    prose = [line for line in lines if not re.match(r"(?:example|see): |@example ", line)]
    assert max(map(len, prose)) <= 140
    assert lines[-1] == ""
    assert lines[-2] != ""


@pytest.mark.parametrize(
    "source",
    [
        "@kind element\n[a:b]\nsays: A.\nsays: B.\n",
        "@kind element\n[a:b]\nsaid: A.\n",
        "@kind element\n[a:b]\n\nA.\n",
        "@colour red\n",
        "loose words\n",
    ],
)
def test_a_mistake_in_a_file_is_told(source: str) -> None:
    with pytest.raises(ValueError, match=r"field|begins"):
        parse(source)


@pytest.mark.parametrize("text", [text for text in texts() if text.example.startswith("<")], ids=lambda text: text.id)
def test_examples_are_xml_of_known_namespaces(text: Text) -> None:
    declared = 'xmlns:stream="http://etherx.jabber.org/streams" xmlns:db="jabber:server:dialback"'
    example = text.example
    if example == "</stream:stream>":
        example = "<stream:stream>" + example
    elif example.startswith("<stream:stream "):
        example += "</stream:stream>"
    parsed = ET.fromstring(f"<root {declared}>{example}</root>")
    assert len(parsed) in {1, 2}
    assert not [ns for ns in re.findall(r'xmlns="([^"]*)"', example) if not specification(ns)]
