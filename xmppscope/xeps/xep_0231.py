"""Bits of Binary (XEP-0231): size, type and life of the data, and whether they fit their hash."""

import hashlib
from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import decoded, number, size, span, word

BOB: Final = "urn:xmpp:bob"
_HASHES: Final = {"sha1": "sha1", "sha256": "sha256", "sha512": "sha512"}


def _bits(met: Met, data: Element) -> None:
    content = decoded(data.text) if data.text.strip() else None
    if not content:
        return
    kind, age = data.attrs.get("type"), number(data.attrs.get("max-age"))
    parts = [size(len(content))]
    parts += [word(kind)] if kind else []
    parts += [f"to be kept for {span(age)}" if age else "not to be kept"] if age is not None else []
    name, _, digest = data.attrs.get("cid", "").partition("@")[0].partition("+")
    if name in _HASHES and digest:
        fits = hashlib.new(_HASHES[name], content, usedforsecurity=False).hexdigest() == digest.lower()
        parts.append("fits its hash" if fits else "does not fit its hash")
    met.note(", ".join(parts), "XEP-0231 §2")


EXTENSION: Final = Extension(
    number="0231", title="Bits of Binary", namespaces=(BOB,), elements={expanded(BOB, "data"): _bits}
)
