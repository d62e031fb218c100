"""OMEMO (XEP-0384): from which device, for which devices, and which known ones are left out.

Only metadata can be seen. Device lists come with PEP; a device of a recipient that its last list names and that gets no
key cannot read the message. Versions 0.3 (eu.siacs) and later are followed; keys themselves are never told.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.jid import bare
from xmppscope.session.notes import counted
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.memory import Memory
from xmppscope.xeps.words import address, listed, number, size, word

OMEMO: Final = ("urn:xmpp:omemo:2", "urn:xmpp:omemo:1")
LEGACY: Final = "eu.siacs.conversations.axolotl"
_ALL: Final = (*OMEMO, LEGACY)
_MOST: Final = 256


class Devices(Memory[tuple[str, str], tuple[int, frozenset[str]]]):
    """The last device list of each JID and version, with its entry, for all connections."""

    most = 1024


def _encrypted(met: Met, encrypted: Element) -> None:
    if met.entry.name != "message":
        return
    ns = encrypted.ns
    header, payload = encrypted.child(expanded(ns, "header")), encrypted.child(expanded(ns, "payload"))
    if header is None:
        return
    by_jid = _recipients(header)
    count = sum(len(devices) for devices in by_jid.values())
    text = f"from device {word(header.attrs.get('sid', '?'))} for {counted(count, 'device')}"
    text += f", {size(len(payload.text.strip()) * 3 // 4)}" if payload is not None else ", without content: keys only"
    met.note(text, "XEP-0384 §5.5.3")
    for jid, devices in by_jid.items():
        _missing(met, ns, jid, devices | {header.attrs.get("sid", "")})


def _recipients(header: Element) -> dict[str, set[str]]:
    """Return the devices by JID; the old version does not name whose they are."""
    if header.ns == LEGACY:
        return {"": {key.attrs.get("rid", "") for key in header.children if key.local == "key"}}
    return {
        keys.attrs.get("jid", ""): {key.attrs.get("rid", "") for key in keys.children if key.local == "key"}
        for keys in header.children[:_MOST]
        if keys.local == "keys"
    }


def _missing(met: Met, ns: str, jid: str, devices: set[str]) -> None:
    jid = jid or bare(met.entry.to or "")
    known = met.capture.of(Devices).get((ns, jid.lower()))
    left = sorted(known[1] - devices, key=lambda one: (len(one), one)) if known is not None else []
    if left and known is not None and met.entry.type != "groupchat":
        met.note(f"no key for {listed(left)} of {address(jid)}, in its list #{known[0]}", "XEP-0384 §5.8")


def _devices(met: Met, item: Element) -> None:
    found = item.children[0]
    ids = [child.attrs.get("id", "") for child in found.children[:_MOST] if child.local == "device"]
    owner = bare(_owner(met)).lower()
    if owner:
        met.capture.of(Devices).put((found.ns, owner), (met.entry.entry, frozenset(ids)))
    met.note(f"{counted(len(ids), 'device')}: {listed(ids)}" if ids else "no device", "XEP-0384 §5.3.1")


def _owner(met: Met) -> str:
    """Return whose node it is: the service that sends it, for what is published the own account."""
    if met.entry.type == "set":
        return met.jid if met.sent and met.c2s else met.entry.from_ or ""
    return met.entry.from_ or (met.jid if met.received and met.c2s else "")


def _bundle(met: Met, item: Element) -> None:
    bundle = item.children[0]
    prekeys = next((len(child.children) for child in bundle.children if child.local == "prekeys"), None)
    if prekeys is not None:
        met.note(f"bundle with {counted(prekeys, 'prekey')}", "XEP-0384 §5.3.2")
    if number(item.attrs.get("id")) is not None:
        met.note(f"of device {word(item.attrs['id'])}", "XEP-0384 §5.3.2")


EXTENSION: Final = Extension(
    number="0384",
    title="OMEMO Encryption",
    namespaces=_ALL,
    elements={expanded(ns, "encrypted"): _encrypted for ns in _ALL},
    items={
        **{expanded(ns, "devices"): _devices for ns in OMEMO},
        expanded(LEGACY, "list"): _devices,
        **{expanded(ns, "bundle"): _bundle for ns in _ALL},
    },
)
