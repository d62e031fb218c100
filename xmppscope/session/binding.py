"""What is bound to a connection, and whether the features left anything mandatory to do.

The iq requests that negotiate (RFC 6120 §7, RFC 3921 §3, XEP-0078, XEP-0225) are matched with their answers by id
alone, since no addresses exist yet; an answer that names what was bound needs no request. Which state that leads to is
for the negotiation table.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.namespaces import (
    AUTH,
    AUTH_FEATURE,
    BIND,
    BIND2,
    DIALBACK_FEATURE,
    SASL,
    SASL2,
    SESSION,
    SM2,
    SM3,
    TLS,
)
from xmppscope.model.timeline import RECEIVING, Sender
from xmppscope.session.roles import COMPONENT_BIND
from xmppscope.session.states import Trigger
from xmppscope.session.triggers import expanded

_BIND: Final = expanded(BIND, "bind")
_HOSTNAME: Final = expanded(COMPONENT_BIND, "bind")
_AUTH: Final = expanded(AUTH, "query")
_SESSION: Final = expanded(SESSION, "session")
_NEGOTIATING: Final = frozenset({_BIND, _HOSTNAME, _AUTH, _SESSION})
_ENABLED: Final = frozenset({expanded(SM3, "enabled"), expanded(SM2, "enabled")})
_INLINE: Final = frozenset({expanded(BIND2, "bound"), expanded(SM3, "resumed")})
_AUTHORIZATION: Final = expanded(SASL2, "authorization-identifier")

_BOUND: Final = {_BIND: expanded(BIND, "jid"), _HOSTNAME: expanded(COMPONENT_BIND, "hostname")}

_MOST_REQUESTS: Final = 8

# Features that are behind a connection once it has been bound or authorised, whatever they said of themselves before.
_BEHIND: Final = frozenset({TLS, SASL, SASL2, BIND, COMPONENT_BIND, AUTH_FEATURE, DIALBACK_FEATURE})


class Binding:
    """Follows binding on one connection.

    `bound` is the last full JID that was bound, for components the last hostname; empty while unknown. `mandatory`
    holds the namespaces of the features that must still be negotiated, `in_part` says that only they are missing.
    """

    def __init__(self) -> None:
        self.bound = ""
        self.mandatory: set[str] = set()
        self.in_part = False
        self.of_component = False
        self._requests: dict[str, tuple[str, str]] = {}

    @property
    def waits(self) -> bool:
        """True while a request of the negotiation has no answer."""
        return bool(self._requests)

    def restart(self) -> None:
        """Forget what belongs to the stream that a new response header replaces (RFC 6120 §4.3.3)."""
        self.mandatory.clear()
        self.in_part = False

    def features(self, features: Element) -> None:
        """Take stream features: they replace the ones before."""
        self.mandatory = {feature.ns for feature in features.children if _is_mandatory(feature)} - _BEHIND

    def iq(self, sender: Sender, iq: Element, domain: str) -> Trigger | None:
        """Take an iq; return what it means for the negotiation, if anything. *domain* is the server's."""
        kind, identity = iq.attrs.get("type"), iq.attrs.get("id", "")
        if sender == RECEIVING:
            request = self._requests.pop(identity, None) if kind in ("result", "error") else None
            if request is None and kind == "result":
                request = _implied(iq)
            return None if request is None or kind == "error" else self._result(iq, *request)
        payload = iq.children[0] if iq.children else None
        if kind != "set" or payload is None or payload.name not in _NEGOTIATING:
            return None
        if len(self._requests) >= _MOST_REQUESTS:
            del self._requests[next(iter(self._requests))]
        self._requests[identity] = payload.name, _legacy_jid(payload, domain)
        return Trigger.LEGACY_AUTH if payload.name == _AUTH else None

    def sasl2_success(self, success: Element) -> Trigger:
        """Take the `success` of SASL2, which may bind or resume inline (XEP-0386, XEP-0198 §9)."""
        self.mandatory.clear()
        if not any(child.name in _INLINE for child in success.children):
            return Trigger.SASL2_SUCCESS
        identity = success.child_text(_AUTHORIZATION) or ""
        self.bound = identity if "/" in identity else self.bound
        return Trigger.SASL2_SUCCESS_BOUND

    def sign_of_completion(self, sender: Sender, element: Element) -> Trigger | None:
        """Take what is no step by itself, while `in_part`.

        A server that delivers stanzas to a resource wants nothing more of it, whatever its features said.
        """
        if sender != RECEIVING:
            return None
        if element.name in _ENABLED:
            self.mandatory.discard(element.ns)
        elif element.local in ("message", "presence"):
            self.mandatory.clear()
        return self._completion()

    def _result(self, iq: Element, request: str, legacy_jid: str) -> Trigger | None:
        if request == _SESSION:
            self.mandatory.discard(SESSION)
            return self._completion()
        self.of_component = request == _HOSTNAME
        bind = iq.child(request)
        if request == _AUTH:
            self.bound = legacy_jid or self.bound
        elif bind is not None:
            self.bound = bind.child_text(_BOUND[request]) or self.bound
        # RFC 6120 §4.3.5: negotiation is complete when nothing mandatory is left. RFC 3921 §3 makes the session such a
        # feature; where it is not marked <optional/>, the stream opens with its result.
        self.in_part = bool(self.mandatory)
        return Trigger.BOUND_IN_PART if self.in_part else Trigger.BOUND

    def _completion(self) -> Trigger | None:
        if not self.in_part or self.mandatory:
            return None
        self.in_part = False
        return Trigger.COMPLETED


def _implied(result: Element) -> tuple[str, str] | None:
    """Return the request that *result* can only be the answer to, where that was lost or captured late.

    RFC 6120 §7.6.1: the server returns the resourcepart "in an IQ stanza of type "result", which MUST include a <jid/>
    child element". Nothing else has one in that place.
    """
    for bind in result.children[:1]:
        if bind.name in _BOUND and bind.child(_BOUND[bind.name]) is not None:
            return bind.name, ""
    return None


def _is_mandatory(feature: Element) -> bool:
    """RFC 6120 §4.3.2: <required/> marks what is mandatory to negotiate; a session is, unless marked as optional."""
    marks = {child.local for child in feature.children}
    return "optional" not in marks if feature.name == _SESSION else "required" in marks


def _legacy_jid(query: Element, domain: str) -> str:
    """Return the full JID that an authentication by `jabber:iq:auth` asks for (XEP-0078 §3)."""
    username, resource = (query.child_text(expanded(AUTH, name)) for name in ("username", "resource"))
    return f"{username}@{domain}/{resource}" if username and resource and domain else ""
