"""How a session begins or goes on: resource binding (RFC 6120 §7), enabling stream management, and resumption."""

import secrets
from typing import TYPE_CHECKING, Final

from xmppscope.demo import routing
from xmppscope.demo.errors import StanzaError, StreamError
from xmppscope.demo.jid import Jid, JidError
from xmppscope.demo.management import Management, number
from xmppscope.demo.names import BIND, MANAGEMENT, STANZA_ERRORS, tag
from xmppscope.demo.sessions import Session
from xmppscope.demo.xml import Element, answer_to, element

if TYPE_CHECKING:
    from xmppscope.demo.stream import ServerStream

_SESSIONS_BOUND: Final = 20


def bind(stream: "ServerStream", iq: Element) -> None:
    """Bind the resource that the client asks for, or one that the server makes up."""
    request = iq.find(tag(BIND, "bind"))
    if request is None:
        # RFC 6120 §7.1: before binding, stanzas to others end the stream; there is nothing else to ask for here.
        raise StreamError("not-authorized")
    if stream.account is None:
        raise StreamError("internal-server-error")
    account = stream.account
    try:
        if iq.get("type") != "set" or not iq.get("id"):
            raise StanzaError("bad-request")
        jid = Jid.parse(f"{account.jid.bare}/{request.findtext(tag(BIND, 'resource')) or secrets.token_urlsafe(9)}")
        old = account.sessions.get(jid.resourcepart)
        if old is None and len(account.sessions) >= _SESSIONS_BOUND:
            raise StanzaError("resource-constraint")
    except JidError:
        stream.send(StanzaError("bad-request").answer(iq))
        return
    except StanzaError as error:
        stream.send(error.answer(iq))
        return
    if old is not None:
        _replace(stream, old)
    session = Session(account, jid.resourcepart, stream)
    account.sessions[jid.resourcepart] = session
    stream.bound(session)
    stream.send(answer_to(iq, element(BIND, "bind", None, element(BIND, "jid", None, str(jid)))))


def enable(stream: "ServerStream", request: Element) -> None:
    """Begin stream management (XEP-0198 §3)."""
    session = stream.session
    if session is None or session.management is not None:
        _failed(stream, "unexpected-request")
        return
    management = Management()
    attributes: dict[str, str | None] = {}
    if request.get("resume") in ("true", "1"):
        management.identifier = secrets.token_urlsafe(12)
        attributes = {"id": management.identifier, "resume": "true", "max": str(round(stream.host.hold))}
    stream.send(element(MANAGEMENT, "enabled", attributes))
    session.management = management


def resume(stream: "ServerStream", request: Element) -> None:
    """Let a session of the same account go on over this connection (XEP-0198 §5)."""
    number(request.get("h"))
    session = _resumable(stream, request.get("previd"))
    if session is None:
        _failed(stream, "item-not-found")
        return
    previous = session.wire
    if previous is not None:
        # The server has not noticed yet that the old connection is dead. §5: it "SHOULD" be closed with <conflict/>.
        previous.detach()
        previous.fail(StreamError("conflict"))
    session.resume(stream, request.get("h"))
    stream.bound(session)


def refuse(stream: "ServerStream", _request: Element) -> None:
    """Refuse what comes at the wrong time."""
    _failed(stream, "unexpected-request")


def _failed(stream: "ServerStream", condition: str) -> None:
    stream.send(element(MANAGEMENT, "failed", None, element(STANZA_ERRORS, condition)))


def _resumable(stream: "ServerStream", identifier: str | None) -> Session | None:
    sessions = stream.account.sessions.values() if stream.account is not None else ()
    wanted = (session for session in sessions if session.resumable and session.management is not None)
    return next((one for one in wanted if one.management is not None and one.management.identifier == identifier), None)


def _replace(stream: "ServerStream", old: Session) -> None:
    """RFC 6120 §7.7.2.2: the new connection gets the resource, the old one ends with `<conflict/>`."""
    if old.wire is not None:
        old.wire.fail(StreamError("conflict"))
    else:
        routing.end(stream.host.accounts, old)
