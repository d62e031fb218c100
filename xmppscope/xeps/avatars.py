"""Avatars: the hash in presence (XEP-0153), metadata and data in PEP (XEP-0084), and whether data fit their hash."""

import base64
import binascii
import hashlib
from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.memory import Memory
from xmppscope.xeps.words import number, short, size, word

UPDATE: Final = "vcard-temp:x:update"
DATA: Final = "urn:xmpp:avatar:data"
METADATA: Final = "urn:xmpp:avatar:metadata"
_PHOTO: Final = expanded(UPDATE, "photo")
_INFO: Final = expanded(METADATA, "info")
_CARD: Final = "vcard-temp"
_CARD_PHOTO: Final = expanded(_CARD, "PHOTO")
_BINVAL: Final = expanded(_CARD, "BINVAL")
_MOST_BYTES: Final = 4_000_000


class Photos(Memory[str, str]):
    """The last hash of each JID on one connection."""

    most = 2048


def _update(met: Met, x: Element) -> None:
    """§3.1: an empty `<photo/>` is no avatar, no `<photo/>` at all that the client does not know yet."""
    if met.entry.name != "presence" or met.entry.type is not None:
        return
    photo = x.child(_PHOTO)
    value = "" if photo is None else photo.text.strip() or "none"
    photos, who = met.of(Photos), "" if met.sent and met.c2s else met.entry.from_ or "?"
    before = photos.get(who)
    if before == value or (before is None and not value):
        return
    photos.put(who, value)
    if not value:
        met.note("does not know its avatar yet", "XEP-0153 §4.1")
    elif value == "none":
        met.note("has no avatar", "XEP-0153 §4.1")
    else:
        met.note(f"{'new ' if before else ''}avatar {short(value)}", "XEP-0153 §3.1")


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


def _card(met: Met, card: Element) -> None:
    photo = card.child(_CARD_PHOTO)
    image = None if photo is None else decoded(photo.child_text(_BINVAL) or "")
    if image:
        digest = hashlib.sha1(image, usedforsecurity=False).hexdigest()
        met.note(f"with an avatar of {size(len(image))}, SHA-1 {short(digest)}", "XEP-0153 §3.1")


def decoded(text: str) -> bytes | None:
    """Return the bytes of a Base64 text, with white space anywhere; None where it is none or far too long."""
    joined = "".join(text.split())
    if len(joined) > _MOST_BYTES:
        return None
    try:
        return base64.b64decode(joined, validate=True)
    except (binascii.Error, ValueError):
        return None


XEP_0153: Final = Extension(
    number="0153",
    title="vCard-Based Avatars",
    namespaces=(UPDATE,),
    elements={expanded(UPDATE, "x"): _update, expanded(_CARD, "vCard"): _card},
    tracker=Photos,
)
XEP_0084: Final = Extension(
    number="0084",
    title="User Avatar",
    namespaces=(DATA, METADATA),
    items={expanded(METADATA, "metadata"): _metadata, expanded(DATA, "data"): _data},
)
