"""Tokens for fast logins: what must accompany them (XEP-0484)."""

from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, table
from xmppscope.lint.sasl2_rules import PRECONDITIONS, TOKEN
from xmppscope.model.element import Element
from xmppscope.model.namespaces import FAST, SASL2
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry
from xmppscope.session.seen import Seen

_REQUEST: Final = names.expanded(FAST, "request-token")
_TOKEN: Final = names.expanded(FAST, "token")
_AGENT: Final = names.expanded(SASL2, "user-agent")


class FastChecker(Checker):
    """Looks at requests and grants of tokens, and at logins with them."""

    RULES = (PRECONDITIONS, TOKEN)

    def authenticate(self, seen: Seen) -> None:
        """Take a login."""
        element, entry = seen.element, seen.entry
        if element is None or entry.sender != INITIATING:
            return
        if element.child(names.FAST_OFFER) is not None:
            missing = self._missing(element, entry)
            if missing:
                self.report(PRECONDITIONS, f"a login with a token, and {missing}")
        request = element.child(_REQUEST)
        if request is not None:
            self._request(request.attrs.get("mechanism", ""), entry)

    def _missing(self, element: Element, entry: Entry) -> str:
        side, agent = self.course.sides[INITIATING], element.child(_AGENT)
        first, header = side.header_entry, side.header
        of_this = first is not None and (first.stream, first.protection) == (entry.stream, entry.protection)
        if of_this and header is not None and not header.attrs.get("from") and not self.course.about.lost:
            return "the stream header does not say who it is"
        if agent is None or not agent.attrs.get("id"):
            return "no id of the installation"
        return ""

    def _request(self, mechanism: str, entry: Entry) -> None:
        course = self.course
        offered = [one for features in course.features(entry.stream) for one in _mechanisms(features)]
        if offered and mechanism not in offered and course.whole() and course.aligned:
            text = f"a token for {mechanism[:40] or 'no mechanism'}; offered: {', '.join(offered[:6])[:120]}"
            if entry.stream not in course.altered:
                self.report(TOKEN, text)

    def success(self, seen: Seen) -> None:
        """Take a success, which may hold a token."""
        element = seen.element
        token = element.child(_TOKEN) if element is not None and seen.entry.sender == RECEIVING else None
        if token is not None:
            missing = [name for name in ("token", "expiry") if not token.attrs.get(name)]
            if missing:
                self.report(TOKEN, f"a token without {missing[0]}")

    ELEMENTS = table({names.AUTHENTICATE: authenticate, names.SASL2_SUCCESS: success})


def _mechanisms(features: Element) -> list[str]:
    """Return the mechanisms that FAST may be used with."""
    offer = features.child(names.AUTHENTICATION)
    inline = None if offer is None else offer.child(names.INLINE)
    fast = None if inline is None else inline.child(names.FAST_OFFER)
    return [] if fast is None else [one.text.strip() for one in fast.children if one.local == "mechanism"]
