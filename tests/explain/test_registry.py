"""Namespaces find their specification and their short name; unknown ones stay unknown."""

from pathlib import Path

import pytest

from xmppscope.explain import registry
from xmppscope.explain.registry import Xep, short_name, specification, xep, xep_of, xeps_of
from xmppscope.model.element import Element


@pytest.mark.parametrize(
    ("ns", "defined_by", "short"),
    [
        ("http://jabber.org/protocol/disco#info", "0030", "disco#info"),
        ("jabber:iq:roster", "RFC6121", "roster"),
        ("jabber:x:data", "0004", "data"),
        ("urn:xmpp:mam:2", "0313", "mam"),
        ("urn:xmpp:mam:3", "0313", "mam"),
        ("urn:xmpp:mam:tmp", "0313", "mam:tmp"),
        ("urn:xmpp:sm:2", "0198", "sm"),
        ("urn:xmpp:carbons:2", "0280", "carbons"),
        ("urn:ietf:params:xml:ns:xmpp-bind", "RFC6120", "bind"),
        ("urn:xmpp:jingle:apps:rtp:1", "0167", "jingle:apps:rtp"),
        ("http://jabber.org/protocol/pubsub#event", "0060", "pubsub#event"),
        ("vcard-temp", "0054", "vcard-temp"),
        ("vcard-temp:x:update", "0153", "vcard-temp:x:update"),
        ("urn:example:x", "", "urn:example:x"),
        ("urn:xmpp:unheard:3", "", "urn:xmpp:unheard:3"),
        ("http://jabber.org/protocol/", "", "http://jabber.org/protocol/"),
        ("urn:xmpp", "", "urn:xmpp"),
        ("", "", ""),
        ("#", "", "#"),
        (":1", "", ":1"),
        ("a" + ":1" * 500, "", "a" + ":1" * 500),
    ],
)
def test_namespaces(ns: str, defined_by: str, short: str) -> None:
    assert specification(ns) == defined_by
    assert short_name(ns) == short
    assert xep_of(ns) == ("" if defined_by.startswith("RFC") else defined_by)


def test_numbers_have_titles() -> None:
    assert xep("0198") == Xep("0198", "Stream Management", "Draft")
    assert xep("9999") is None


def test_every_namespace_is_defined_by_something_known() -> None:
    known, _ = registry._namespaces()
    assert len(known) > 400
    assert all(number.startswith("RFC") or xep(number) for number in known.values())


def test_the_tables_are_sorted_and_have_no_doubles() -> None:
    for table in ("namespaces", "xeps"):
        lines = registry._lines(table)
        assert lines == sorted(set(lines))
        assert Path(registry.__file__).with_name("data").joinpath(f"{table}.tsv").exists()


def node(name: str, *children: Element) -> Element:
    return Element(name.replace("|", "\n"), {}, list(children))


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        (node("jabber:client|message", node("jabber:client|body")), None),
        (node("jabber:client|iq"), None),
        (node("jabber:client|iq", node("urn:xmpp:ping|ping")), ["0199"]),
        (node("urn:xmpp:sm:3|r"), ["0198"]),
        (
            node(
                "jabber:client|message",
                node("http://jabber.org/protocol/chatstates|active"),
                node("urn:xmpp:receipts|r"),
            ),
            ["0085", "0184"],
        ),
        (
            node("jabber:client|message", node("urn:xmpp:sid:0|stanza-id"), node("urn:xmpp:sid:0|origin-id")),
            ["0359"],
        ),
        (
            node(
                "jabber:client|message",
                node(
                    "urn:xmpp:mam:2|result",
                    node(
                        "urn:xmpp:forward:0|forwarded",
                        node("jabber:client|message", node("urn:xmpp:receipts|request")),
                    ),
                ),
            ),
            ["0313", "0297"],
        ),
        (
            node(
                "jabber:client|iq",
                node(
                    "http://jabber.org/protocol/pubsub|pubsub",
                    node(
                        "http://jabber.org/protocol/pubsub|publish",
                        node("http://jabber.org/protocol/pubsub|item", node("http://jabber.org/protocol/tune|tune")),
                    ),
                ),
            ),
            ["0060", "0118"],
        ),
    ],
)
def test_the_extensions_of_an_element(element: Element, expected: list[str] | None) -> None:
    assert xeps_of(element) == expected
    assert xeps_of(element) == expected


def test_hostile_namespaces_do_not_fill_the_memory() -> None:
    for number in range(10_000):
        xeps_of(node(f"urn:example:{number}|x", node(f"urn:other:{number}|y")))
    assert len(registry._by_name) <= registry._CACHED
    assert len(registry._by_names) <= registry._CACHED


@pytest.mark.parametrize("inner", [(), (node("a|b"),)])
def test_a_very_wide_element_is_looked_at_within_bounds(inner: tuple[Element, ...]) -> None:
    wide = node("jabber:client|iq", *[node("urn:xmpp:ping|ping", *inner) for _ in range(10_000)])
    assert xeps_of(wide) == ["0199"]
    assert all(len(names) < 100 for names in registry._by_names)
