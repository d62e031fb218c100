"""What happens in rooms beyond entering them (XEP-0045): configuration, history, subject, removal, invitations.

Codes that a summary tells are not told again. Of the configuration only what is no secret: never `roomsecret`.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.notes import counted
from xmppscope.session.triggers import expanded
from xmppscope.xeps import xep_0004
from xmppscope.xeps.descriptor import Met
from xmppscope.xeps.words import SUBJECT, address, listed, word

_NS: Final = "http://jabber.org/protocol/muc"
_USER: Final = f"{_NS}#user"
_OWNER: Final = f"{_NS}#owner"
_ADMIN: Final = f"{_NS}#admin"
MUC: Final = expanded(_NS, "x")
MUC_USER: Final = expanded(_USER, "x")
NAMESPACES: Final = (_NS, _USER, _OWNER, _ADMIN)
_STATUS: Final = expanded(_USER, "status")
_HISTORY: Final = expanded(_NS, "history")
_ITEM: Final = expanded(_USER, "item")
_ACTOR: Final = expanded(_USER, "actor")
_DESTROY: Final = expanded(_USER, "destroy")
_INVITE: Final = expanded(_USER, "invite")
_CONTINUE: Final = expanded(_USER, "continue")
_DELAY: Final = expanded("urn:xmpp:delay", "delay")

_SETTINGS: Final = {
    "muc#roomconfig_persistentroom": {"1": "persistent", "0": "temporary"},
    "muc#roomconfig_publicroom": {"1": "public", "0": "hidden"},
    "muc#roomconfig_membersonly": {"1": "members only", "0": "open"},
    "muc#roomconfig_moderatedroom": {"1": "moderated", "0": "unmoderated"},
    "muc#roomconfig_passwordprotectedroom": {"1": "with a password", "0": "without a password"},
    "muc#roomconfig_whois": {"anyone": "non-anonymous", "moderators": "semi-anonymous"},
    "muc#roomconfig_changesubject": {
        "1": "everybody may change the subject",
        "0": "only moderators change the subject",
    },
    "muc#roomconfig_allowinvites": {"1": "everybody may invite", "0": "only administrators invite"},
    "muc#roomconfig_enablelogging": {"1": "logged", "0": "not logged"},
    "muc#roomconfig_maxusers": {"": "at most {0} occupants"},
    "muc#roomconfig_roomname": {"": "named {0}"},
}
"""What the values of a configuration mean (§16.5.3), in the words of §4.2."""

_OWN_CODES: Final = {
    "100": "everybody sees the occupants' JIDs",
    "170": "what is said is logged",
    "201": "it may be locked until it is configured",
    "210": "the room has chosen the nickname",
}
"""§16.6.2: what the codes of one's own presence tell on entering."""


def codes(extension: Element) -> list[int]:
    """Return the status codes of a presence or message (§16.6.2)."""
    found = (child.attrs.get("code", "") for child in extension.children if child.name == _STATUS)
    return [int(code) for code in found if code.isascii() and code.isdigit() and len(code) <= 3]


def _occupant(met: Met, x: Element) -> None:
    """Tell of one's own entering, and of who removed whom."""
    if met.entry.name != "presence":
        return
    found = {str(code) for code in codes(x)}
    if met.entry.type is None and "110" in found:
        told = [text for code, text in _OWN_CODES.items() if code in found]
        if told:
            met.note(", ".join(told), "XEP-0045 §16.6.2")
    elif met.entry.type == "unavailable":
        _removed(met, x)


def _removed(met: Met, x: Element) -> None:
    item, destroy = x.child(_ITEM), x.child(_DESTROY)
    actor = None if item is None else item.child(_ACTOR)
    if actor is not None:
        met.note(f"by {address(actor.attrs.get('nick') or actor.attrs.get('jid', '?'))}", "XEP-0045 §8.2")
    if destroy is not None:
        other = destroy.attrs.get("jid")
        text = f"the room is destroyed; go on in {address(other)}" if other else "the room is destroyed"
        met.note(text, "XEP-0045 §10.9")


def _join(met: Met, x: Element) -> None:
    """§7.2.14: a client may limit the history that it is sent."""
    history = x.child(_HISTORY)
    if met.entry.name == "presence" and met.entry.type is None and history is not None:
        asked = [f"{name} {word(history.attrs[name])}" for name in _LIMITS if history.attrs.get(name)]
        nothing = "0" in (history.attrs.get("maxchars"), history.attrs.get("maxstanzas"))
        met.note("wants no history" if nothing else f"history: {listed(asked)}", "XEP-0045 §7.2.14")


_LIMITS: Final = ("maxchars", "maxstanzas", "seconds", "since")


def _owner(met: Met, query: Element) -> None:
    form = query.child(xep_0004.FORM)
    if met.entry.type == "result" and form is not None:
        xep_0004.form(met, form)
    if met.entry.type == "set" and form is not None and form.attrs.get("type") == "submit":
        settings = xep_0004.changed(xep_0004.first(form), _SETTINGS)
        if settings:
            met.note(", ".join(settings), "XEP-0045 §10.2")


def _delayed(met: Met, delay: Element) -> None:
    """§7.2.13: a room sends what was said before, with the time when it was."""
    entry = met.entry
    if entry.name == "message" and entry.type == "groupchat" and met.received and met.c2s and entry.from_:
        room = entry.from_.partition("/")[0]
        if delay.attrs.get("from", room).partition("/")[0] == room:
            subject = any(child.name in SUBJECT for child in met.stanza.children)
            told = ("the subject was set before", "7.2.15") if subject else ("history of the room", "7.2.13")
            met.note(told[0], f"XEP-0045 §{told[1]}")


def _invitation(met: Met, x: Element) -> None:
    """§7.8.2: a mediated invitation may be one to go on with a one-to-one chat."""
    if met.entry.name != "message":
        return
    invitations = [child for child in x.children if child.name == _INVITE]
    if len(invitations) > 1:
        met.note(f"{counted(len(invitations), 'person').replace('persons', 'people')} invited", "XEP-0045 §7.8.2")
    if any(child.child(_CONTINUE) is not None for child in invitations):
        met.note("to go on with a one-to-one chat", "XEP-0045 §7.9")


def _user(met: Met, x: Element) -> None:
    _occupant(met, x)
    _invitation(met, x)


ELEMENTS: Final = {MUC: _join, MUC_USER: _user, expanded(_OWNER, "query"): _owner, _DELAY: _delayed}
"""What tells something of a room, by expanded name."""
