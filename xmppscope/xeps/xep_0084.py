"""User Avatar (XEP-0084): metadata and data of an avatar in PEP, and whether data fit their hash."""

import hashlib
from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import decoded, number, short, size, word

DATA: Final = "urn:xmpp:avatar:data"
METADATA: Final = "urn:xmpp:avatar:metadata"
_INFO: Final = expanded(METADATA, "info")


def _metadata(met: Met, item: Element) -> None:
    infos = [child for child in item.children[0].children if child.name == _INFO]
    if not infos:
        met.note("no avatar", "XEP-0084 §4.2.1")
        return
    attrs = infos[0].attrs
    length = number(attrs.get("bytes"))
    parts = [word(attrs.get("type", "image"))]
    if attrs.get("width") and attrs.get("height"):
        parts.append(f"{word(attrs['width'])}×{word(attrs['height'])}")
    parts += [size(length)] if length is not None else []
    met.note(f"avatar {short(attrs.get('id', '?'))}: {', '.join(parts)}", "XEP-0084 §4.2.1")


def _data(met: Met, item: Element) -> None:
    """§4.1: the id of the item is the SHA-1 of the image."""
    image = decoded(item.children[0].text)
    identity = item.attrs.get("id", "")
    if image is None:
        met.note("the image is no Base64", "XEP-0084 §4.1")
        return
    fits = hashlib.sha1(image, usedforsecurity=False).hexdigest() == identity.lower()
    met.note(f"{size(len(image))}, {'which fit' if fits else 'which do not fit'} the hash in the id", "XEP-0084 §4.1")


EXTENSION: Final = Extension(
    number="0084",
    title="User Avatar",
    namespaces=(DATA, METADATA),
    items={expanded(METADATA, "metadata"): _metadata, expanded(DATA, "data"): _data},
)
