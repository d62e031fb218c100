"""What is taken out of the features is exactly what binds the channel, in any spelling, and no other byte changes."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.framing.pieces import Head, Item
from xmppscope.framing.splitter import Splitter
from xmppscope.model.element import Element
from xmppscope.model.namespaces import FAST, SASL, SASL2, STREAM, TLS
from xmppscope.proxy.channel_binding import Stripped, is_bound_token, is_plus, strip, strip_starttls

BINDING = "urn:xmpp:sasl-cb:0"
HEADER = (
    f"<stream:stream xmlns='jabber:client' xmlns:stream='{STREAM}' xmlns:s='{SASL}' xmlns:t='{SASL2}'"
    f" xmlns:b='{BINDING}' xmlns:é='u&amp;&apos;'>"
)


def parse(raw: str, header: str = HEADER) -> tuple[bytes, Element, dict[str, str]]:
    """Return what `strip` is given, as it comes off the wire."""
    head, item = Splitter(frozenset(), frozenset()).feed((header + raw).encode())
    assert isinstance(head, Head)
    assert isinstance(item, Item)
    assert item.raw == raw.encode()
    return item.raw, item.element, head.xmlns


def stripped(raw: str, header: str = HEADER) -> Stripped:
    got = strip(*parse(raw, header))
    assert got is not None
    return got


def features(inside: str) -> str:
    return f"<stream:features>{inside}</stream:features>"


def mechanisms(*names: str) -> str:
    return (
        f"<mechanisms xmlns='{SASL}'>" + "".join(f"<mechanism>{name}</mechanism>" for name in names) + "</mechanisms>"
    )


TYPES = f"<sasl-channel-binding xmlns='{BINDING}'><channel-binding type='tls-exporter'/></sasl-channel-binding>"
SCRAM = "<mechanism>SCRAM-SHA-1</mechanism>"
PLUS = "<mechanism>SCRAM-SHA-1-PLUS</mechanism>"
SASL2_FEATURE = (
    f"<authentication xmlns='{SASL2}'>{{}}<inline><fast xmlns='{FAST}'>{{}}</fast><sm xmlns='urn:xmpp:sm:3'/></inline>"
    "</authentication>"
)
NONE = "<mechanism>HT-SHA-256-NONE</mechanism>"


def test_everything_that_binds_the_channel_goes_in_both_profiles() -> None:
    tokens = "".join(f"<mechanism>HT-SHA-256-{kind}</mechanism>" for kind in ("ENDP", "EXPR", "UNIQ"))
    raw = features(
        mechanisms("SCRAM-SHA-1", "SCRAM-SHA-1-PLUS") + TYPES + SASL2_FEATURE.format(PLUS + SCRAM, tokens + NONE)
    )
    got = stripped(raw)
    assert got.data.decode() == features(mechanisms("SCRAM-SHA-1") + SASL2_FEATURE.format(SCRAM, NONE))
    assert got.removed == [
        "SCRAM-SHA-1-PLUS",
        "sasl-channel-binding",
        "SCRAM-SHA-1-PLUS",
        "HT-SHA-256-ENDP",
        "HT-SHA-256-EXPR",
        "HT-SHA-256-UNIQ",
    ]
    assert not got.nothing_left
    assert got.lost_types
    assert got.text == "the same without -PLUS, channel-binding types, channel-bound tokens"


def test_binding_types_may_stand_inside_sasl2() -> None:
    got = stripped(features(SASL2_FEATURE.format(SCRAM + TYPES, NONE)))
    assert got.data.decode() == features(SASL2_FEATURE.format(SCRAM, NONE))
    assert got.text == "the same without channel-binding types"


SPELLINGS = {
    "spaces": "<s:mechanisms>\n  <s:mechanism>A</s:mechanism>\n  {<s:mechanism>B-PLUS</s:mechanism>}\n</s:mechanisms>",
    "closing tag": "<s:mechanisms>{<s:mechanism\t>B-PLUS</s:mechanism \n>}<s:mechanism>A</s:mechanism></s:mechanisms>",
    "white space in the name": "<s:mechanisms>{<s:mechanism>\n B-PLUS\t</s:mechanism>}</s:mechanisms>",
    "references": "<s:mechanisms>{<s:mechanism>B&#45;PLU&#x53;</s:mechanism>}</s:mechanisms>",
    "CDATA": "<s:mechanisms>{<s:mechanism>B<![CDATA[-PL]]>U<![CDATA[S]]></s:mechanism>}</s:mechanisms>",
    "attributes": """<s:mechanisms>{<s:mechanism a='/>' b="it's >">B-PLUS</s:mechanism>}</s:mechanisms>""",
    "own prefix": f'<s:mechanisms>{{<m:mechanism xmlns:m="{SASL}">B-PLUS</m:mechanism>}}</s:mechanisms>',
    "default namespace": f"<mechanisms xmlns='{SASL}'>{{<mechanism>B-PLUS</mechanism>}}</mechanisms>",
    "another prefix of the same name": (
        f"<s:mechanisms xmlns:s='{SASL}'><x xmlns:s='urn:x'><s:mechanism>A-PLUS</s:mechanism></x>"
        "{<s:mechanism>B-PLUS</s:mechanism>}</s:mechanisms>"
    ),
    "empty element before a closing tag": f"<a xmlns='u'>{{<sasl-channel-binding xmlns='{BINDING}'/>}}</a>",
    "empty element of the parent's name": (
        f"<c:a xmlns:c='u'>{{<c:sasl-channel-binding xmlns:c='{BINDING}' x='>'/>}}</c:a>"
    ),
    "one in another": "{<b:sasl-channel-binding><s:mechanism>B-PLUS</s:mechanism></b:sasl-channel-binding>}",
    "an element in the name": "<s:mechanisms>{<s:mechanism>B-<x/>PLUS</s:mechanism>}</s:mechanisms>",
    "isr": (
        f"<isr xmlns='https://xmpp.org/extensions/isr/0'><mechanisms xmlns='{SASL}'>"
        "{<mechanism>HT-SHA-256-ENDP</mechanism>}</mechanisms></isr>"
    ),
    "two side by side": "<s:x>{<s:mechanism>A-PLUS</s:mechanism>}{<s:mechanism>B-PLUS</s:mechanism>}</s:x>",
    "not ASCII before it": "<é:x a='ü'>☃</é:x><s:mechanisms>{<s:mechanism>A-PLUS</s:mechanism>}</s:mechanisms>",
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_any_legal_spelling_is_cut_at_the_byte(name: str) -> None:
    marked = features(SPELLINGS[name])
    kept = "".join(part.rpartition("}")[2] for part in marked.split("{"))
    assert stripped(marked.replace("{", "").replace("}", "")).data.decode() == kept


@pytest.mark.parametrize(
    "inside",
    [
        "",
        mechanisms("SCRAM-SHA-1", "PLUS", "X-PLUS-X", "scram-plus", "HT-SHA-256-NONE", "X-ENDP"),
        "<mechanisms xmlns='urn:other'><mechanism>SCRAM-SHA-1-PLUS</mechanism></mechanisms>",
        "<s:mechanisms><mechanism>SCRAM-SHA-1-PLUS</mechanism></s:mechanisms>",
        f"<feature xmlns='{SASL}'>SCRAM-SHA-1-PLUS</feature>",
        "<sasl-channel-binding/>",
        f"<bind xmlns='{BINDING}'/>",
    ],
)
def test_where_nothing_binds_nothing_is_done(inside: str) -> None:
    assert strip(*parse(features(inside))) is None


def test_a_header_may_declare_anything() -> None:
    header = f"<f:stream xmlns:f='{STREAM}' xmlns='{SASL}' xmlns:ä='{BINDING}' xmlns:q='a&lt;b&amp;&quot;&apos;'>"
    raw = "<f:features><x q:x=''><mechanism>A-PLUS</mechanism><ä:sasl-channel-binding/></x></f:features>"
    assert stripped(raw, header).data == b"<f:features><x q:x=''></x></f:features>"


@pytest.mark.parametrize(
    ("inside", "nothing_left"),
    [
        (mechanisms("SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"), True),
        (mechanisms("SCRAM-SHA-1-PLUS", "EXTERNAL"), False),
        (mechanisms("SCRAM-SHA-1") + SASL2_FEATURE.format(PLUS, NONE), True),
        (SASL2_FEATURE.format(SCRAM, "<mechanism>HT-SHA-256-EXPR</mechanism>"), False),
        (mechanisms() + TYPES, False),
    ],
)
def test_a_list_with_nothing_left_is_told(inside: str, nothing_left: bool) -> None:
    assert stripped(features(inside)).nothing_left is nothing_left


def test_starttls_is_cut_in_the_same_way() -> None:
    offer = f"<starttls xmlns='{TLS}'><required/></starttls>"
    other = f"<x xmlns='u'>{offer}</x>"
    assert strip_starttls(*parse(features(f" {offer}\n{other}"))) == features(f" \n{other}").encode()
    assert strip_starttls(*parse(features(f"<z:starttls xmlns:z='{TLS}' />"))) == features("").encode()
    assert strip_starttls(*parse(features(other))) is None


def test_both_cuts_go_together() -> None:
    raw, element, xmlns = parse(features(f"<starttls xmlns='{TLS}'/>" + mechanisms("A-PLUS", "A")))
    first = strip(raw, element, xmlns)
    assert first is not None
    assert strip_starttls(first.data, element, xmlns) == features(mechanisms("A")).encode()


def test_a_great_many_elements_take_no_great_time() -> None:
    many = "<s:mechanism>A-PLUS</s:mechanism>." * 20_000
    assert stripped(features(many)).data.decode() == features("." * 20_000)


# Features of any shape, each piece with what would take it out: `binding`, `tls`, or nothing.
class Chunk(NamedTuple):
    text: str
    why: str = ""


NAMES = st.sampled_from(
    [
        "SCRAM-SHA-1",
        "SCRAM-SHA-1-PLUS",
        "X-PLUS",
        "PLAIN",
        "HT-SHA-256-NONE",
        "HT-SHA-256-ENDP",
        "HT-SHA-512-UNIQ",
        "PLUS",
    ]
)
SPACE = st.sampled_from(["", "", " ", "\n  ", "\r\n", "\t"])
ATTRIBUTES = st.sampled_from(["", " a='b'", ' a="/>"', " a='<'".replace("<", "&lt;"), ' xml:lang = "de"', " a='\"'"])


@st.composite
def spelled(draw: st.DrawFn, name: str) -> str:
    """The name as character data: with references, CDATA sections and white space around it."""
    ways = [st.sampled_from([one] * 5 + [f"&#{ord(one)};", f"<![CDATA[{one}]]>"]) for one in name]
    return draw(SPACE) + "".join(map(draw, ways)) + draw(SPACE)


@st.composite
def element(draw: st.DrawFn, ns: str, local: str, inherited: str, content: str) -> str:
    """An element with its namespace by default, by a prefix of the header's or by one of its own."""
    prefix = {SASL: "s", SASL2: "t"}.get(ns, "own")
    tag, declaration = draw(
        st.sampled_from(
            [(local, f" xmlns='{ns}'"), (f"own:{local}", f' xmlns:own = "{ns}"')]
            + ([(f"{prefix}:{local}", "")] if prefix != "own" else [])
            + ([(local, "")] if ns == inherited else [])
        )
    )
    start = f"<{tag}{declaration}{draw(ATTRIBUTES)}{draw(SPACE)}"
    return f"{start}/>" if not content and draw(st.booleans()) else f"{start}>{content}</{tag}{draw(SPACE)}>"


@st.composite
def mechanism(draw: st.DrawFn, inherited: str) -> Chunk:
    ns, name = draw(st.sampled_from([SASL, SASL2, FAST, "urn:other", inherited])), draw(NAMES)
    text = draw(element(ns, "mechanism", inherited, draw(spelled(name))))
    return Chunk(text, "binding" if ns in (SASL, SASL2, FAST) and (is_plus(name) or is_bound_token(name)) else "")


@st.composite
def types(draw: st.DrawFn, inherited: str) -> Chunk:
    content = draw(st.sampled_from(["", " ", "<channel-binding type='tls-exporter'/>"]))
    return Chunk(draw(element(BINDING, "sasl-channel-binding", inherited, content)), "binding")


@st.composite
def container(draw: st.DrawFn) -> list[Chunk]:
    ns, local = draw(
        st.sampled_from([(SASL, "mechanisms"), (SASL2, "authentication"), (FAST, "fast"), ("urn:x", "inline")])
    )
    inner = draw(st.lists(st.one_of(mechanism(ns), types(ns), SPACE.map(Chunk)), max_size=4))
    return [Chunk(f"<{local} xmlns='{ns}'{draw(ATTRIBUTES)}>"), *inner, Chunk(f"</{local}>")]


@st.composite
def starttls(draw: st.DrawFn) -> list[Chunk]:
    return [Chunk(draw(element(TLS, "starttls", "", draw(st.sampled_from(["", "<required/>"])))), "tls")]


FEATURES = st.lists(
    st.one_of(container(), types("").map(lambda chunk: [chunk]), starttls(), SPACE.map(lambda space: [Chunk(space)])),
    max_size=5,
).map(
    lambda parts: [
        Chunk("<stream:features>"),
        *(chunk for part in parts for chunk in part),
        Chunk("</stream:features>"),
    ]
)


def pruned(node: Element) -> Element:
    """The element without what binds the channel: the same decision, made on the tree."""
    mechanisms_of = {f"{ns}\nmechanism" for ns in (SASL, SASL2, FAST)}
    kept = [
        pruned(child)
        for child in node.children
        if child.name != f"{BINDING}\nsasl-channel-binding"
        and not (child.name in mechanisms_of and child.text.strip().endswith(("-PLUS", "-ENDP", "-EXPR", "-UNIQ")))
    ]
    return Element(node.name, node.attrs, kept, node.text)


@given(FEATURES)
def test_whatever_the_features_only_that_is_gone(chunks: list[Chunk]) -> None:
    raw, tree, xmlns = parse("".join(chunk.text for chunk in chunks))
    kept = "".join(chunk.text for chunk in chunks if chunk.why != "binding")
    got = strip(raw, tree, xmlns)
    if got is None:
        assert kept.encode() == raw
    else:
        assert got.data.decode() == kept
        assert parse(kept)[1] == pruned(tree)
        assert len(got.removed) == sum(chunk.why == "binding" for chunk in chunks)


@given(FEATURES)
def test_whatever_the_features_only_starttls_is_gone(chunks: list[Chunk]) -> None:
    raw, tree, xmlns = parse("".join(chunk.text for chunk in chunks))
    kept = "".join(chunk.text for chunk in chunks if chunk.why != "tls").encode()
    assert (strip_starttls(raw, tree, xmlns) or raw) == kept


RECORDED = {
    "tls12-starttls-gcm-ejabberd": ["SCRAM-SHA-512-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"],
    "tls12-starttls-chacha-prosody": ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"],
    "tls13-starttls-prosody": [],
}


@pytest.mark.real
@pytest.mark.parametrize("name", RECORDED)
def test_features_of_real_servers(name: str, captures: Path, xmppscope: Callable[..., CompletedProcess[bytes]]) -> None:
    done = xmppscope("read", captures / f"{name}.pcap", "--keylog", captures / f"{name}.keys", "--format", "jsonl")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    offers = [record for record in records if record.get("name") == "features" and "mechanism>" in record["xml"]]
    assert offers
    seen: list[str] = []
    for record in offers:
        declared = "".join(
            f" xmlns:{prefix}='{uri}'" if prefix else f" xmlns='{uri}'" for prefix, uri in record["xmlns"].items()
        )
        raw = record["xml"]
        got = strip(*parse(raw, f"<stream:stream{declared}>"))
        removed = [] if got is None else got.removed
        for mechanism_name in removed:
            assert raw.count(f"<mechanism>{mechanism_name}</mechanism>") == 1
            raw = raw.replace(f"<mechanism>{mechanism_name}</mechanism>", "")
        assert (got.data.decode() if got else record["xml"]) == raw
        assert "-PLUS<" not in raw
        seen = seen or removed
    assert seen == RECORDED[name]
