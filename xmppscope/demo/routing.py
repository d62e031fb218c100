"""Where a stanza goes (RFC 6120 §10, RFC 6121 §8): stamped with its sender, checked, answered here or delivered.

There is no other server to send to, and nothing is stored for who is away; both are answered with an error.
"""

from collections.abc import Iterable

from xmppscope.demo import presence, services, subscriptions
from xmppscope.demo.accounts import Account, Accounts
from xmppscope.demo.errors import StanzaError, StreamError
from xmppscope.demo.jid import Jid, JidError
from xmppscope.demo.names import CLIENT, IQ, LANG, MESSAGE, PRESENCE, tag
from xmppscope.demo.sessions import Session
from xmppscope.demo.subscription import KINDS
from xmppscope.demo.xml import Element, answer_to, copied


def route(accounts: Accounts, session: Session, original: Element, lang: str | None) -> None:
    """Do with a stanza from a session what it asks for; an error goes back to the sender."""
    stanza = _stamped(session, original, lang)
    try:
        to = Jid.parse(stanza.get("to") or session.account.jid.bare)
        if stanza.tag == MESSAGE:
            _message(accounts, stanza, to)
        elif stanza.tag == PRESENCE:
            _presence(accounts, session, stanza, to)
        else:
            _iq(accounts, session, stanza, to)
    except JidError:
        _refuse(session, stanza, StanzaError("jid-malformed"))
    except StanzaError as error:
        _refuse(session, stanza, error)


def end(accounts: Accounts, session: Session, *, lost: bool = True) -> None:
    """End a session: its contacts are told, and what it has *lost* goes elsewhere or back to the sender."""
    session.account.sessions.pop(session.jid.resourcepart, None)
    unreceived = session.ended()
    presence.withdraw(accounts, session)
    for stanza in unreceived if lost else ():
        _elsewhere(accounts, session, stanza)


def _stamped(session: Session, original: Element, lang: str | None) -> Element:
    """RFC 6120 §8.1.2.1: the server "MUST add a 'from' attribute"; a wrong one ends the stream."""
    claimed = original.get("from")
    if claimed is not None and claimed not in (str(session.jid), session.account.jid.bare):
        raise StreamError("invalid-from")
    attributes = {"from": str(session.jid)}
    # §8.1.5: without a language of its own, a stanza has that of the stream.
    if lang is not None and original.tag != IQ and original.get(LANG) is None:
        attributes[LANG] = lang
    return copied(original, attributes)


def _refuse(session: Session, stanza: Element, error: StanzaError) -> None:
    """RFC 6120 §8.3.1: an error "MUST NOT" be answered with an error; nor is a result."""
    if stanza.get("type") not in ("error", "result"):
        session.deliver(error.answer(stanza))


def _message(accounts: Accounts, message: Element, to: Jid) -> None:
    kind = message.get("type")
    account = _recipient(accounts, to)
    one = account.sessions.get(to.resourcepart)
    if one is not None:
        if not one.deliver(message):
            raise StanzaError("recipient-unavailable")
    elif kind == "groupchat" or (to.resourcepart and kind == "headline"):
        raise StanzaError("service-unavailable")
    elif kind != "error" and not _to_all(_reachable(account), message) and kind != "headline":
        # RFC 6121 §8.5.2.2.1: without offline storage, "service-unavailable".
        raise StanzaError("service-unavailable")


def _reachable(account: Account) -> list[Session]:
    """RFC 6121 §8.5.2.1.1: a resource of negative priority receives nothing that is sent to the bare JID."""
    return [session for session in account.available() if session.priority >= 0]


def _to_all(sessions: Iterable[Session], message: Element) -> bool:
    return sum(session.deliver(message) for session in sessions) > 0


def _presence(accounts: Accounts, session: Session, stanza: Element, to: Jid) -> None:
    kind = stanza.get("type")
    _check_presence(stanza)
    if kind in KINDS:
        subscriptions.outbound(accounts, session, stanza, to)
    elif kind == "probe":
        presence.answer_probe(accounts, session, to)
    elif kind == "error":
        presence.deliver(accounts, to, stanza)
    elif stanza.get("to") is not None:
        presence.direct(accounts, session, stanza, to)
    elif kind == presence.UNAVAILABLE:
        presence.withdraw(accounts, session, stanza)
    else:
        presence.broadcast(accounts, session, stanza)


def _check_presence(stanza: Element) -> None:
    if stanza.get("type") not in (None, "error", "probe", presence.UNAVAILABLE, *KINDS):
        raise StanzaError("bad-request", "there is no such type of presence")
    text = (stanza.findtext(tag(CLIENT, "priority")) or "0").strip()
    # RFC 6121 §4.7.2.3: "an integer between -128 and +127".
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 3 and -128 <= int(text) <= 127):
        raise StanzaError("bad-request", "the priority is not a number from -128 to 127")


def _iq(accounts: Accounts, session: Session, iq: Element, to: Jid) -> None:
    kind = iq.get("type")
    if kind not in ("get", "set", "result", "error") or not iq.get("id"):
        raise StanzaError("bad-request", "an iq has an id and a type: get, set, result or error")
    asks = kind in ("get", "set")
    if asks and len(iq) != 1:
        raise StanzaError("bad-request", "a request has exactly one child")
    own = str(to) == session.account.jid.bare
    if own or str(to) == accounts.domain:
        if asks:
            result = services.answer(accounts, session, iq, account=own)
            session.deliver(answer_to(iq, *(() if result is None else (result,))))
        return
    one = _recipient(accounts, to).sessions.get(to.resourcepart)
    if one is None or not one.deliver(iq):
        raise StanzaError("service-unavailable")


def _recipient(accounts: Accounts, to: Jid) -> Account:
    account = accounts.of(to)
    if account is None:
        raise StanzaError("service-unavailable" if to.domainpart == accounts.domain else "remote-server-not-found")
    return account


def _elsewhere(accounts: Accounts, session: Session, stanza: Element) -> None:
    """XEP-0198 §5: what was not acknowledged is treated as what cannot be delivered."""
    kind = stanza.get("type")
    if stanza.tag == PRESENCE or kind in ("result", "error") or stanza.get("from") is None:
        return
    if stanza.tag == MESSAGE and kind in (None, "normal", "chat") and _to_all(_reachable(session.account), stanza):
        return
    sender = Jid.parse(stanza.get("from") or "")
    account = accounts.of(sender)
    one = None if account is None else account.sessions.get(sender.resourcepart)
    if one is not None:
        _refuse(one, stanza, StanzaError("recipient-unavailable" if stanza.tag == MESSAGE else "service-unavailable"))
