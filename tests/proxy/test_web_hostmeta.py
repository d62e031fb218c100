"""Documents of host-meta: links found, and led to the proxy; the rest left as it is."""

import json

import pytest

from xmppscope.proxy.web_hostmeta import JSON_PATH, XML_PATH, HostMetaFault, choose, links, made, rewritten
from xmppscope.proxy.web_url import WebUrl

XML = b"""<?xml version='1.0' encoding='utf-8'?>
<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>
  <!-- href="wss://comment.test/" -->
  <Link rel="urn:xmpp:alt-connections:xbosh" href="https://web.example.com:5281/bosh" />
  <Link title=' href="x"' href = 'wss://web.example.com/ws?a=1&amp;b=2' rel="urn:xmpp:alt-connections:websocket"/>
  <Link rel="lrdd" href="https://example.com/lrdd"/>
  <Link rel="urn:xmpp:alt-connections:websocket" href="javascript:alert(1)"/>
</XRD>
"""
JSON = json.dumps(
    {
        "subject": "Grüße",
        "links": [
            {"rel": "urn:xmpp:alt-connections:websocket", "href": "ws://example.com:5280/plain"},
            {"rel": "urn:xmpp:alt-connections:websocket", "href": "wss://example.com:5281/ws", "x": [1]},
            {"rel": "urn:xmpp:alt-connections:xbosh", "href": "wss://wrong.example/"},
            {"rel": 1, "href": 2},
            "text",
        ],
    }
).encode()
BOSH = WebUrl("bosh", True, "web.example.com", 5281, "/bosh")
SOCKET = WebUrl("websocket", True, "web.example.com", 443, "/ws?a=1&b=2")


def test_links_are_found() -> None:
    assert links(XML, XML_PATH) == [BOSH, SOCKET]
    assert [str(url) for url in links(JSON, JSON_PATH)] == ["wss://example.com:5281/ws", "ws://example.com:5280/plain"]


def test_that_with_the_path_is_chosen() -> None:
    found = links(JSON, JSON_PATH)
    assert str(choose(found, "websocket", "/plain")) == "ws://example.com:5280/plain"
    assert str(choose(found, "websocket", "/other")) == "wss://example.com:5281/ws"
    assert choose(found, "bosh", "/") is None


def test_xml_is_rewritten_at_the_links_alone() -> None:
    changed = rewritten(XML, XML_PATH, tls=False, host="127.0.0.1:5322")
    expected = XML.replace(b"https://web.example.com:5281/bosh", b"http://127.0.0.1:5322/bosh").replace(
        b"'wss://web.example.com/ws?a=1&amp;b=2'", b'"ws://127.0.0.1:5322/ws?a=1&amp;b=2"'
    )
    assert changed == expected


def test_json_is_rewritten_at_the_links_alone() -> None:
    document = json.loads(rewritten(JSON, JSON_PATH, tls=True, host="proxy.test"))
    expected = json.loads(JSON)
    expected["links"][0]["href"] = "wss://proxy.test/plain"
    expected["links"][1]["href"] = "wss://proxy.test/ws"
    assert document == expected


@pytest.mark.parametrize("path", [XML_PATH, JSON_PATH])
def test_one_is_made_of_what_the_user_named(path: str) -> None:
    document = made((SOCKET, BOSH), path, tls=True, host="127.0.0.1:5322")
    assert {str(url) for url in links(document, path)} == {"wss://127.0.0.1:5322/ws", "https://127.0.0.1:5322/bosh"}


@pytest.mark.parametrize(
    ("data", "path", "problem"),
    [
        (b"", XML_PATH, "is no XML"),
        (b"<XRD>", XML_PATH, "is no XML"),
        (b"<!DOCTYPE XRD [<!ENTITY a 'b'>]><XRD>&a;</XRD>", XML_PATH, "has a document type"),
        (b"", JSON_PATH, "is no JSON"),
        (b"[" * 100_000, JSON_PATH, "is no JSON"),
        (b"[]", JSON_PATH, "is not of the form"),
        (b'{"links": {}}', JSON_PATH, "is not of the form"),
    ],
)
def test_what_is_none_is_said_so(data: bytes, path: str, problem: str) -> None:
    with pytest.raises(HostMetaFault, match=problem):
        links(data, path)
