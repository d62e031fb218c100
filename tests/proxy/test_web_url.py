"""URLs of WebSocket and BOSH, as users and host-metas write them, and Host fields."""

import pytest

from xmppscope.model.errors import XmppscopeError
from xmppscope.proxy.web_head import domain_of, rewritten, with_query
from xmppscope.proxy.web_url import WebUrl, parse_upstream_url, parse_upstream_urls


@pytest.mark.parametrize(
    ("text", "url", "authority", "shown"),
    [
        ("wss://example.org/ws", WebUrl("websocket", True, "example.org", 443, "/ws"), "example.org", None),
        ("ws://127.0.0.1:5280", WebUrl("websocket", False, "127.0.0.1", 5280), "127.0.0.1:5280", None),
        ("https://[::1]:5281/b/", WebUrl("bosh", True, "::1", 5281, "/b/"), "[::1]:5281", None),
        ("http://[::1]/", WebUrl("bosh", False, "::1", 80), "[::1]", "http://[::1]"),
        ("WSS://EXAMPLE.org:443/a?t=1", WebUrl("websocket", True, "example.org", 443, "/a?t=1"), "example.org", "wss://example.org/a"),
        ("wss://bücher.example/", WebUrl("websocket", True, "xn--bcher-kva.example", 443), "xn--bcher-kva.example", "wss://xn--bcher-kva.example"),
    ],
)  # fmt: skip
def test_places(text: str, url: WebUrl, authority: str, shown: str | None) -> None:
    assert parse_upstream_url(text) == url
    assert url.authority == authority
    assert str(url) == (shown or text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", '"": not a URL of WebSocket or BOSH'),
        ("example.org:5281", "not a URL of WebSocket or BOSH"),
        ("xmpp://example.org", "not a URL of WebSocket or BOSH"),
        ("wss:///ws", "not a URL of WebSocket or BOSH"),
        ("wss://user:secret@example.org/ws", "more than host, port and path in it"),
        ("wss://example.org/ws#a", "more than host, port and path in it"),
        ("wss://example.org:0/ws", "0 is not a port"),
        ("wss://example.org:99999/ws", "not a URL (Port out of range 0-65535)"),
        ("wss://example.org/ä", "a path that has to be percent-encoded"),
        ("wss://example.org/a b", "white space or an invisible character in it"),
        ("wss://a..b/", "the host has an empty label"),
    ],
)
def test_what_is_none_is_refused_in_one_line(text: str, problem: str) -> None:
    with pytest.raises(XmppscopeError) as error:
        parse_upstream_url(text)
    assert problem in str(error.value)
    assert str(error.value).endswith("; write wss://HOST:PORT/PATH, or ws://, https://, http://")


def test_one_url_for_each_kind() -> None:
    assert len(parse_upstream_urls(("wss://a.test/ws", "https://a.test/bosh"))) == 2
    with pytest.raises(XmppscopeError, match="two URLs for BOSH; give one for each kind at the most"):
        parse_upstream_urls(("http://a.test/ws", "https://a.test/bosh"))


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("example.org", "example.org"),
        ("Example.ORG:5281", "example.org"),
        ("127.0.0.1:5322", ""),
        ("[::1]:5322", ""),
        ("[::1]", ""),
        ("localhost:5322", ""),
        ("", ""),
        ("a b", ""),
        ("a/b:80", ""),
    ],
)
def test_what_a_host_names(host: str, domain: str) -> None:
    assert domain_of(host) == domain


def test_a_head_is_changed_where_it_has_to_be_and_nowhere_else() -> None:
    head = b"POST /a?q HTTP/1.1\r\nhOsT:  b:1\r\nX-Odd:\t\xff \r\nUpgrade: h2c\r\nCookie: a=b\r\n\r\n"
    expected = b"POST /c HTTP/1.1\r\nhOsT: d\r\nX-Odd:\t\xff \r\nCookie: a=b\r\n\r\n"
    assert rewritten(head, "/c", "d", upgrades=False) == expected
    assert rewritten(head, "/a?q", None, upgrades=True) == head
    assert with_query("/c", "/a?q=1") == "/c?q=1"
    assert with_query("/c?own", "/a?q=1") == "/c?own"
