"""HTTP File Upload (XEP-0363): what a slot is for, where the file is found later, why a slot is refused.

The upload itself is HTTP and happens elsewhere. Values of headers and queries of URLs are secrets and are never told.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import address, children, listed, number, size, word

UPLOAD: Final = "urn:xmpp:http:upload:0"
_PUT: Final = expanded(UPLOAD, "put")
_GET: Final = expanded(UPLOAD, "get")
_HEADER: Final = expanded(UPLOAD, "header")
_USEFUL: Final = frozenset({"authorization", "cookie", "expires"})


def _request(met: Met, request: Element) -> None:
    kind = request.attrs.get("content-type")
    if kind and met.entry.type == "get":
        met.note(f"of type {word(kind)}", "XEP-0363 §4")


def _slot(met: Met, slot: Element) -> None:
    put, get = slot.child(_PUT), slot.child(_GET)
    to, from_ = _host(put), _host(get)
    if from_ and from_ != to:
        met.note(f"to be fetched from {address(from_)}", "XEP-0363 §4")
    names = [header.attrs.get("name", "") for header in children(put, _HEADER)] if put is not None else []
    used = [name for name in names if name.lower() in _USEFUL]
    if used:
        met.note(f"upload with the headers {listed(used)}", "XEP-0363 §4")
    if len(used) < len(names):
        met.note(f"headers to be ignored: {listed(name for name in names if name not in used)}", "XEP-0363 §4")
    if any(one is not None and not one.attrs.get("url", "https:").lower().startswith("https:") for one in (put, get)):
        met.note("a URL is not one of https", "XEP-0363 §4")


def _host(element: Element | None) -> str:
    url = "" if element is None else element.attrs.get("url", "")
    return url.partition("://")[2].partition("/")[0].partition("?")[0].rpartition("@")[2]


def _too_large(met: Met, condition: Element) -> None:
    limit = number(condition.child_text(expanded(UPLOAD, "max-file-size")))
    if limit is not None:
        met.note(f"files of at most {size(limit)} are taken", "XEP-0363 §6")


def _retry(met: Met, condition: Element) -> None:
    if condition.attrs.get("stamp"):
        met.note(f"not before {word(condition.attrs['stamp'])}", "XEP-0363 §6")


EXTENSION: Final = Extension(
    number="0363",
    title="HTTP File Upload",
    namespaces=(UPLOAD,),
    elements={expanded(UPLOAD, "request"): _request, expanded(UPLOAD, "slot"): _slot},
    errors={expanded(UPLOAD, "file-too-large"): _too_large, expanded(UPLOAD, "retry"): _retry},
)
