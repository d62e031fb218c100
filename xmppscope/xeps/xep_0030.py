"""Service Discovery (XEP-0030): which abilities that matter day to day an answer announces, and how it has changed.

An answer is compared with the one before of the same JID and node. What rooms (XEP-0045 §6.4) and upload services
(XEP-0363 §3) say of themselves in this way is told here too. Hashes of answers are for `capabilities`.
"""

from typing import Final, NamedTuple

from xmppscope.model.element import Element
from xmppscope.session.notes import counted
from xmppscope.session.triggers import expanded
from xmppscope.xeps import xep_0004
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.memory import Memory
from xmppscope.xeps.words import listed, number, size

INFO: Final = "http://jabber.org/protocol/disco#info"
ITEMS: Final = "http://jabber.org/protocol/disco#items"
INFO_QUERY: Final = expanded(INFO, "query")
FEATURE: Final = expanded(INFO, "feature")
IDENTITY: Final = expanded(INFO, "identity")

MOST_FEATURES: Final = 512
"""How many features an answer may have to be compared with the next; real ones have up to a hundred."""

_UPLOAD: Final = "urn:xmpp:http:upload:0"
_NOTABLE: Final = {
    "urn:xmpp:mam:2": "archive",
    "urn:xmpp:carbons:2": "carbons",
    "urn:xmpp:push:0": "push",
    "urn:xmpp:blocking": "blocking",
    _UPLOAD: "file upload",
    "http://jabber.org/protocol/muc": "rooms",
    "http://jabber.org/protocol/pubsub#publish-options": "publish options",
    "http://jabber.org/protocol/bytestreams": "byte stream proxy",
    "urn:xmpp:receipts": "receipts",
    "urn:xmpp:chat-markers:0": "markers",
    "urn:xmpp:message-correct:0": "correction",
    "urn:xmpp:message-retract:1": "retraction",
    "urn:xmpp:reactions:0": "reactions",
    "urn:xmpp:jingle:1": "Jingle",
    "urn:xmpp:jingle-message:0": "Jingle messages",
    "eu.siacs.conversations.axolotl.devicelist+notify": "OMEMO",
    "urn:xmpp:omemo:2:devices+notify": "OMEMO 2",
    "urn:xmpp:bookmarks:1+notify": "bookmarks",
    "jabber:iq:register": "registration",
    "urn:xmpp:extdisco:2": "STUN and TURN",
}
_ROOM: Final = {
    "muc_persistent": "persistent",
    "muc_temporary": "temporary",
    "muc_public": "public",
    "muc_hidden": "hidden",
    "muc_membersonly": "members only",
    "muc_open": "open",
    "muc_moderated": "moderated",
    "muc_passwordprotected": "with a password",
    "muc_nonanonymous": "non-anonymous",
    "muc_semianonymous": "semi-anonymous",
}
_SERVICE: Final = {"server", "component"}


class Answer(NamedTuple):
    """What a JID has said of itself."""

    entry: int
    features: frozenset[str]


class Answers(Memory[tuple[str, str], Answer]):
    """The latest answers by JID and node, for all connections."""

    most = 2048


def _info(met: Met, query: Element) -> None:
    if met.entry.type != "result":
        return
    features = frozenset(child.attrs.get("var", "") for child in query.children if child.name == FEATURE)
    _announced(met, features)
    _room(met, query, features)
    limit = number(xep_0004.first(query.child(xep_0004.FORM), _UPLOAD).get("max-file-size"))
    if limit is not None:
        met.note(f"takes files of at most {size(limit)}", "XEP-0363 §3")
    _compare(met, query, features)


def _announced(met: Met, features: frozenset[str]) -> None:
    known = [text for name, text in _NOTABLE.items() if name in features]
    if known:
        met.note(f"announces {listed(known, 8)}", "XEP-0030 §3.1")


def _room(met: Met, query: Element, features: frozenset[str]) -> None:
    """XEP-0045 §6.4: a room tells its kind by features, the number of occupants in a form."""
    kind = [text for name, text in _ROOM.items() if name in features]
    if not kind:
        return
    form = xep_0004.first(query.child(xep_0004.FORM), "http://jabber.org/protocol/muc#roominfo")
    occupants = number(form.get("muc#roominfo_occupants"))
    if occupants is not None:
        kind.append(counted(occupants, "occupant"))
    met.note(f"room: {listed(kind, 8)}", "XEP-0045 §6.4")


def _compare(met: Met, query: Element, features: frozenset[str]) -> None:
    who = met.entry.from_ or met.jid.partition("/")[0]
    if not who or "#" in query.attrs.get("node", ""):
        return
    answers, key = met.capture.of(Answers), (who, query.attrs.get("node", ""))
    before = answers.get(key)
    if before is not None and before.features != features:
        more, less = len(features - before.features), len(before.features - features)
        met.note(f"changed since #{before.entry}: {counted(more, 'feature')} more, {less} fewer", "XEP-0030 §3.1")
    if len(features) <= MOST_FEATURES:
        answers.put(key, Answer(met.entry.entry, features))


EXTENSION: Final = Extension(
    number="0030",
    title="Service Discovery",
    namespaces=(INFO, ITEMS),
    elements={INFO_QUERY: _info},
)
