"""SASL and SASL2: what is offered, chosen and encoded, and in which order (RFC 6120 §6, XEP-0388).

Orders are compared within one direction, or as counts at the end of the connection: frames of the two directions may
have been captured in another order than they were sent in. Where a proxy has changed the offer, the original counts.
"""

from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.sasl_rules import (
    BASE64,
    CONDITION,
    LEGACY,
    NOT_OFFERED,
    PLAIN_IN_CLEAR,
    SASL2_IN_CLEAR,
    SEQUENCE,
)
from xmppscope.model.element import Element
from xmppscope.model.namespaces import AUTH, AUTH_FEATURE, SASL
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry
from xmppscope.session.sasl_messages import decoded
from xmppscope.session.seen import Seen

_CONDITIONS: Final = frozenset({
    "aborted", "account-disabled", "credentials-expired", "encryption-required", "incorrect-encoding",
    "invalid-authzid", "invalid-mechanism", "malformed-request", "mechanism-too-weak", "not-authorized",
    "temporary-auth-failure",
})  # fmt: skip
_LEGACY: Final = frozenset({"DIGEST-MD5", "CRAM-MD5", "X-OAUTH2", "X-FACEBOOK-PLATFORM", "X-MESSENGER-OAUTH2", "NTLM"})
_TEXT: Final = names.expanded(SASL, "text")
_QUERY: Final = names.expanded(AUTH, "query")
_PASSWORD: Final = names.expanded(AUTH, "password")
_DATA: Final = (names.INITIAL_RESPONSE, names.ADDITIONAL_DATA)
_MOST: Final = 16


class SaslChecker(Checker):
    """Follows the logins of one connection."""

    RULES = (NOT_OFFERED, PLAIN_IN_CLEAR, BASE64, SEQUENCE, CONDITION, LEGACY, SASL2_IN_CLEAR)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._early: dict[int, tuple[Entry, Element]] = {}
        self._counts = dict.fromkeys(("auth", "abort", "response", "challenge", "success", "failure"), 0)
        self._latest: dict[str, int] = {}
        self._told_legacy = False

    def features(self, seen: Seen) -> None:
        """Take an offer."""
        element, entry = seen.element, seen.entry
        if element is None or entry.sender != RECEIVING:
            return
        if entry.protection == "none" and element.child(names.AUTHENTICATION) is not None:
            self.report(SASL2_IN_CLEAR, "SASL2 is offered before TLS")
        old = sorted(_LEGACY & _mechanisms(element, names.AUTHENTICATE))
        if element.child(names.expanded(AUTH_FEATURE, "auth")) is not None:
            old.append("jabber:iq:auth")
        if old and not self._told_legacy:
            self._told_legacy = True
            self.report(LEGACY, f"{', '.join(old)} offered")
        early = self._early.pop(entry.stream, None)
        if early is not None:
            self._compare(*early)

    def auth(self, seen: Seen) -> None:
        """Take the choice of a mechanism."""
        element, entry = seen.element, seen.entry
        if element is None or entry.sender != INITIATING:
            return
        (self.sasl if element.name == names.AUTH else self.sasl2)(seen)
        mechanism = element.attrs.get("mechanism", "")
        if entry.protection == "none":
            if mechanism == "PLAIN":
                self.report(PLAIN_IN_CLEAR, "password readable on the wire")
            if element.name == names.AUTHENTICATE:
                self.report(SASL2_IN_CLEAR, "SASL2 is used before TLS")
        if mechanism in _LEGACY:
            self.report(LEGACY, f"{mechanism} chosen")
        if self.course.features(entry.stream):
            self._compare(entry, element)
        elif len(self._early) < _MOST:
            self._early[entry.stream] = entry, element

    def _compare(self, entry: Entry, auth: Element) -> None:
        """Compare the mechanism chosen with those offered on the same stream."""
        offers, mechanism = self.course.features(entry.stream), auth.attrs.get("mechanism", "")
        offered = set().union(*(_mechanisms(offer, auth.name) for offer in offers))
        starttls = [offer.child(names.STARTTLS) for offer in offers]
        if mechanism in offered or not (self.course.whole() and self.course.aligned and self.course.modern):
            return
        required = any(one is not None and one.child(names.REQUIRED) is not None for one in starttls)
        if not offered and (required or not self.course.from_start()):
            return
        shown = ", ".join(sorted(offered)[:8]) or "none"
        text = f"{mechanism[:40] or 'no mechanism'} was not offered; offered: {shown}"
        self.report(NOT_OFFERED, text, [entry.entry], "error" if auth.name == names.AUTHENTICATE else None)

    def legacy(self, seen: Seen, query: Element) -> None:
        """Take the login of XEP-0078."""
        entry = seen.entry
        if entry.type == "set" and entry.protection == "none" and query.child(_PASSWORD) is not None:
            self.report(PLAIN_IN_CLEAR, "password readable on the wire")

    def sasl(self, seen: Seen) -> None:
        """Take any element of SASL."""
        element = seen.element
        if element is None:
            return
        local, entry = element.local, seen.entry
        if (local in ("auth", "abort", "response")) == (entry.sender == INITIATING):
            self._counts[local] += 1
            self._latest[local] = entry.entry
        if local == "failure":
            self._condition(element)
        elif local != "abort":
            self._encoding(element.text)

    def sasl2(self, seen: Seen) -> None:
        """Take an element of SASL2 that holds data."""
        element = seen.element
        if element is None:
            return
        if element.local == "failure":
            self._condition(element)
        elif element.local in ("challenge", "response"):
            self._encoding(element.text)
        else:
            for name in _DATA:
                self._encoding(element.child_text(name) or "")

    def _encoding(self, data: str) -> None:
        if data and (data != data.strip() or decoded(data) is None):
            self.report(BASE64, "SASL data that is no strict base64")

    def _condition(self, failure: Element) -> None:
        conditions = [child.local for child in failure.children if child.ns == SASL and child.name != _TEXT]
        if not conditions:
            self.report(CONDITION, "the failure names no condition")
        elif not _CONDITIONS.issuperset(conditions):
            self.report(CONDITION, f"{conditions[0][:60]} is no condition of SASL", None, "info")

    def ended(self) -> None:
        """Compare how many there were of what."""
        course, count, latest = self.course, self._counts, self._latest
        if not course.from_start() or course.about.lost or any(side.hurt for side in course.sides.values()):
            return
        if count["response"] > count["challenge"]:
            self.report(SEQUENCE, "more responses than challenges", [latest["response"]])
        if count["challenge"] > count["auth"] + count["response"]:
            self.report(SEQUENCE, "a challenge that nothing asked for", [latest["challenge"]])
        if count["success"] + count["failure"] > count["auth"] + count["abort"]:
            last = max(latest.get("success", 0), latest.get("failure", 0))
            self.report(SEQUENCE, "more outcomes than attempts", [last])

    ELEMENTS = table(
        {
            names.FEATURES: features,
            names.AUTH: auth,
            names.AUTHENTICATE: auth,
            **dict.fromkeys((names.ABORT, names.RESPONSE, names.CHALLENGE, names.SUCCESS, names.FAILURE), sasl),
            **dict.fromkeys(
                (names.SASL2_CHALLENGE, names.SASL2_RESPONSE, names.SASL2_SUCCESS, names.SASL2_FAILURE), sasl2
            ),
        }
    )
    PAYLOADS = table({_QUERY: legacy})


def _mechanisms(features: Element, asked: str) -> set[str]:
    """Return the mechanisms that *features* offer to an element called *asked*, those of FAST (XEP-0484) among them."""
    if asked == names.AUTH:
        listed = features.child(names.MECHANISMS)
        return {one.text.strip() for one in listed.children if one.name == names.MECHANISM} if listed else set()
    found = _mechanisms(features, names.AUTH)
    offer = features.child(names.AUTHENTICATION)
    inline = offer.child(names.INLINE) if offer is not None else None
    fast = inline.child(names.FAST_OFFER) if inline is not None else None
    for listed in (offer, fast):
        found |= {one.text.strip() for one in listed.children if one.local == "mechanism"} if listed else set()
    return found
