"""What a domain says about its ways over the web: host-meta in XML and in JSON (XEP-0156, RFC 6415).

Of all links those count that lead to WebSocket and BOSH. In a rewritten document they lead to the proxy, on the path
that they had; everything else in it stays as it is.
"""

import json
import re
from typing import Any, Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from xmppscope.model.plaintext import cut
from xmppscope.proxy.web_url import NotAWebUrlError, WebKind, WebUrl, read_web_url, scheme_of

JSON_PATH: Final = "/.well-known/host-meta.json"
XML_PATH: Final = "/.well-known/host-meta"

RELATIONS: Final[dict[str, WebKind]] = {
    "urn:xmpp:alt-connections:websocket": "websocket",
    "urn:xmpp:alt-connections:xbosh": "bosh",
}
_XRD: Final = "http://docs.oasis-open.org/ns/xri/xrd-1.0"
_LINK: Final = f"{_XRD}\nLink"
_MOST: Final = 64
_ATTRIBUTE: Final = re.compile(rb"""\s([^\s=<>]+)\s*=\s*("[^"]*"|'[^']*')""")
_SHOWN: Final = 80


class HostMetaFault(Exception):  # noqa: N818 (it is the server's)
    """The document is no host-meta; the message goes on where "its host-meta" ends."""


def links(data: bytes, path: str) -> list[WebUrl]:
    """Return the places that a document lists, those with TLS first; raises `HostMetaFault`."""
    found = [url for _, url in _json_links(_json(data)) if url] if path == JSON_PATH else _xml_links(data)
    return sorted(found, key=lambda url: not url.tls)


def choose(found: list[WebUrl], kind: WebKind, path: str) -> WebUrl | None:
    """Return the place of a *kind* with this *path*, or else the first of that kind."""
    fitting = [url for url in found if url.kind == kind]
    return next((url for url in fitting if url.path.partition("?")[0] == path), fitting[0] if fitting else None)


def rewritten(data: bytes, path: str, *, tls: bool, host: str) -> bytes:
    """Return a document whose links lead to *host*, by way of TLS or not; raises `HostMetaFault`."""
    if path != JSON_PATH:
        return _rewritten_xml(data, tls, host)
    document = _json(data)
    for link, url in _json_links(document):
        if url is not None:
            link["href"] = _moved(url, tls, host)
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def made(urls: tuple[WebUrl, ...], path: str, *, tls: bool, host: str) -> bytes:
    """Return a document that lists *urls*, as the proxy has them, for a server that has none of its own."""
    relations = {kind: relation for relation, kind in RELATIONS.items()}
    listed = [(relations[url.kind], _moved(url, tls, host)) for url in urls if url.path]
    if path == JSON_PATH:
        document = {"links": [{"rel": relation, "href": href} for relation, href in listed]}
        return json.dumps(document, indent=2).encode() + b"\n"
    lines = [f"  <Link rel={quoteattr(relation)} href={quoteattr(href)}/>\n" for relation, href in listed]
    return f"<?xml version='1.0' encoding='utf-8'?>\n<XRD xmlns='{_XRD}'>\n{''.join(lines)}</XRD>\n".encode()


def _moved(url: WebUrl, tls: bool, host: str) -> str:
    return f"{scheme_of(url.kind, tls=tls)}://{host}{url.path or '/'}"


def _read(relation: object, href: object) -> WebUrl | None:
    """Return where a link leads, if it is one that counts and is of the kind that it says."""
    kind = RELATIONS.get(relation) if isinstance(relation, str) else None
    if kind is None or not isinstance(href, str):
        return None
    try:
        url = read_web_url(href)
    except NotAWebUrlError:
        return None
    return url if url.kind == kind else None


def _json(data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise HostMetaFault("is no JSON") from error
    if not isinstance(document, dict) or not isinstance(document.get("links", []), list):
        raise HostMetaFault("is not of the form of RFC 6415")
    return document


def _json_links(document: dict[str, Any]) -> list[tuple[dict[str, Any], WebUrl | None]]:
    listed = [link for link in document.get("links", [])[:_MOST] if isinstance(link, dict)]
    return [(link, _read(link.get("rel"), link.get("href"))) for link in listed]


def _xml_links(data: bytes) -> list[WebUrl]:
    return [url for _, url in _xml_places(data)]


def _xml_places(data: bytes) -> list[tuple[int, WebUrl]]:
    """Return where in the document each link stands that counts, and where it leads."""
    found: list[tuple[int, WebUrl]] = []
    parser = expat.ParserCreate(namespace_separator="\n")

    def element(name: str, attributes: dict[str, str]) -> None:
        url = _read(attributes.get("rel"), attributes.get("href")) if name == _LINK else None
        if url is not None and len(found) < _MOST:
            found.append((parser.CurrentByteIndex, url))

    def doctype(*_: object) -> None:
        raise HostMetaFault("has a document type, which it should not")

    parser.StartElementHandler = element
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise HostMetaFault(f"is no XML ({cut(str(error), _SHOWN)})") from error
    return found


def _rewritten_xml(data: bytes, tls: bool, host: str) -> bytes:
    parts: list[bytes] = []
    done = 0
    for at, url in _xml_places(data):
        href = next((found for found in _ATTRIBUTE.finditer(data, at) if found[1] == b"href"), None)
        if href is None:
            raise HostMetaFault("has a link that cannot be rewritten")
        value = escape(_moved(url, tls, host), {'"': "&quot;"})
        parts += [data[done : href.start(2)], f'"{value}"'.encode()]
        done = href.end(2)
    return b"".join(parts) + data[done:]
