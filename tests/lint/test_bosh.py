from collections.abc import Callable
from typing import Any

BODY = "xmlns='http://jabber.org/protocol/httpbind' sid='s1'"
GONE = "S: <body xmlns='http://jabber.org/protocol/httpbind' type='terminate' condition='item-not-found'/>"
SHUT = GONE.replace("item-not-found", "system-shutdown")


def ask(rid: int, inside: str = "") -> str:
    return f"C: <body {BODY} rid='{rid}'>{inside}</body>"


def test_a_rid_left_out_counts_where_the_server_missed_it_too(hear: Callable[..., Any]) -> None:
    heard = hear(ask(1010), GONE, after="bosh")
    assert [(finding.rule, finding.text) for finding in heard.findings] == [
        ("bosh-rid", "rid 1002 to 1009 was left out"),
    ]


def test_a_rid_far_ahead_counts_where_the_server_ends_the_session(hear: Callable[..., Any]) -> None:
    assert hear(ask(10**9), ask(5 * 10**9), GONE, after="bosh").rules == ["bosh-rid"]


def test_another_request_under_the_same_rid(hear: Callable[..., Any]) -> None:
    assert hear(ask(1002), ask(1002, "<presence xmlns='jabber:client'/>"), after="bosh").rules == ["bosh-rid"]


def test_what_may_not_have_been_captured_is_held_against_nobody(hear: Callable[..., Any]) -> None:
    assert hear(ask(1010), SHUT, after="bosh").rules == []
    assert hear(ask(1010), after="bosh").rules == []
    assert hear("C gap", ask(1010), GONE, after="bosh").rules == []
