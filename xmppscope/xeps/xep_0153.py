"""vCard-Based Avatars (XEP-0153): which avatar a client announces in its presence, and the image in a vCard."""

import hashlib
from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.memory import Memory
from xmppscope.xeps.words import decoded, short, size

UPDATE: Final = "vcard-temp:x:update"
_PHOTO: Final = expanded(UPDATE, "photo")
_CARD: Final = "vcard-temp"
_CARD_PHOTO: Final = expanded(_CARD, "PHOTO")
_BINVAL: Final = expanded(_CARD, "BINVAL")


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


def _card(met: Met, card: Element) -> None:
    photo = card.child(_CARD_PHOTO)
    image = None if photo is None else decoded(photo.child_text(_BINVAL) or "")
    if image:
        digest = hashlib.sha1(image, usedforsecurity=False).hexdigest()
        met.note(f"with an avatar of {size(len(image))}, SHA-1 {short(digest)}", "XEP-0153 §3.1")


EXTENSION: Final = Extension(
    number="0153",
    title="vCard-Based Avatars",
    namespaces=(UPDATE,),
    elements={expanded(UPDATE, "x"): _update, expanded(_CARD, "vCard"): _card},
    tracker=Photos,
)
