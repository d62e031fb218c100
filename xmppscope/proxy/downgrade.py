"""Predicts which logins fail because of the proxy, before they do, and tells it afterwards when they did.

Three things give a proxy away. A client that can bind the channel and was offered no way to do so says that, and the
server must refuse (RFC 5802 §6). A channel binding that is used differs on the two legs. The server's first message of
SCRAM may hold a hash of what was offered (XEP-0474) or the TLS version (XEP-0515), and a client that compares must give
up. None of it can be repaired on the way: it is all under the proof that only the password makes.

What is not the proxy's doing gets no word here. Of SASL data only the mechanism and the gs2 flag are ever repeated.
"""

from collections.abc import Callable
from typing import Final

from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.namespaces import SASL, SASL2
from xmppscope.model.plaintext import cut
from xmppscope.model.timeline import Leg
from xmppscope.proxy import downgrade_words as words
from xmppscope.proxy.channel_binding import (
    SASL2_LIST,
    SASL_LIST,
    Stripped,
    binding_types,
    is_bound_token,
    is_plus,
    offered,
)
from xmppscope.proxy.downgrade_words import Cause, Notice
from xmppscope.session import sasl_messages

_LISTS: Final = {SASL: SASL_LIST, SASL2: SASL2_LIST}
_INITIAL_RESPONSE: Final = f"{SASL2}{SEPARATOR}initial-response"
_END_POINT: Final = "tls-server-end-point"
_TYPES: Final = frozenset({"tls-exporter", "tls-unique", _END_POINT})
_TOKEN_TYPES: Final = {"ENDP": _END_POINT, "EXPR": "tls-exporter", "UNIQ": "tls-unique"}
_NAME_SHOWN: Final = 40


class _Attempt:
    """One login: what is certain to make it fail, and what will if the client `compares`."""

    def __init__(self, profile: str, mechanism: str) -> None:
        self.profile = profile
        self.mechanism = mechanism
        self.begun = False
        self.challenged = False
        self.gave_up = False
        self.certain: Cause | None = None
        self.compares: Cause | None = None


class Watch:
    """Follows the logins of one connection; *real_certificate* says that the client is shown the server's own one.

    It must see the features as the server sent them, and what passes of SASL, in its order.
    """

    def __init__(self, *, real_certificate: bool = False) -> None:
        self._real_certificate = real_certificate
        self._versions: dict[Leg, str] = {}
        self._offered: dict[str, set[str]] | None = None
        self._types: set[str] = set()
        self._kept = True
        self._lost_plus: frozenset[str] = frozenset()
        self._altered: frozenset[str] = frozenset()
        self._attempt: _Attempt | None = None

    def tls(self, leg: Leg, version: str) -> None:
        """Note the TLS version of a leg, as `ssl` spells it; empty for none."""
        self._versions[leg] = version

    def features(self, element: Element, stripped: Stripped | None) -> Notice | None:
        """Take the features as the server sent them, and what `strip` made of them, if it did."""
        lists = {profile: offered(element, name) for profile, name in _LISTS.items()}
        self._offered = lists
        self._types = binding_types(element)
        self._kept = stripped is None
        self._lost_plus = self._altered = frozenset()
        if stripped is None:
            return None
        self._lost_plus = frozenset(profile for profile, names in lists.items() if any(map(is_plus, names)))
        bound = frozenset(profile for profile, names in lists.items() if any(map(is_bound_token, names)))
        self._altered = frozenset(_LISTS) if stripped.lost_types else self._lost_plus | bound
        return words.NOTHING_LEFT if stripped.nothing_left else None

    def element(self, element: Element) -> Notice | None:
        """Take any first-level element of either end but the features."""
        reader = _READERS.get(element.name)
        return None if reader is None else reader(self, element)

    def auth(self, element: Element) -> Notice | None:
        """Take `<auth/>` or `<authenticate/>`: a new attempt."""
        self._attempt = _Attempt(element.ns, element.attrs.get("mechanism", ""))
        data = element.child_text(_INITIAL_RESPONSE) if element.ns == SASL2 else element.text
        return self._client_first(self._attempt, data or "")

    def challenge(self, element: Element) -> Notice | None:
        """Take `<challenge/>`: the server's first SCRAM message may tell of what the proxy has changed."""
        attempt = self._attempt
        if attempt is None or sasl_messages.server_first(element.text) is None:
            return None
        attempt.challenged = True
        if attempt.certain is None:
            fields = (sasl_messages.text(element.text) or "").split(",")
            attempt.compares = self._compared(attempt, {field[:2] for field in fields})
        return None if attempt.compares is None else attempt.compares.predicted

    def response(self, element: Element) -> Notice | None:
        """Take `<response/>`: a client that goes on has found nothing wrong with the server's first message."""
        if self._attempt is None:
            return None
        self._attempt.compares = None
        return self._client_first(self._attempt, element.text)

    def abort(self, _element: Element) -> None:
        """Take `<abort/>`: the client gives up."""
        if self._attempt is not None:
            self._attempt.gave_up = True

    def success(self, _element: Element) -> None:
        """Take `<success/>`: whatever was predicted, the login has worked."""
        self._attempt = None

    def failure(self, element: Element) -> Notice | None:
        """Take `<failure/>`: tell whether it is the proxy's doing."""
        attempt, self._attempt = self._attempt, None
        if attempt is None:
            return None
        # RFC 6120 §6.5.1: `<aborted/>` is "sent in reply to the <abort/> element", so it was the client that gave up.
        gave_up = attempt.gave_up or any(child.local == "aborted" for child in element.children)
        return _told(attempt, gave_up=gave_up)

    def ended(self) -> Notice | None:
        """Take the end of the connection: a client that must give up may do so without a word."""
        attempt, self._attempt = self._attempt, None
        return None if attempt is None else _told(attempt, gave_up=True)

    def _client_first(self, attempt: _Attempt, data: str) -> Notice | None:
        """Judge the first message of the client, which may come in `<auth/>` or only in the first `<response/>`."""
        if attempt.begun or not data.strip():
            return None
        attempt.begun = True
        attempt.certain = self._certain(attempt, data)
        return None if attempt.certain is None else attempt.certain.predicted

    def _certain(self, attempt: _Attempt, data: str) -> Cause | None:
        mechanism = attempt.mechanism
        if is_bound_token(mechanism):
            return self._used(mechanism, _TOKEN_TYPES[mechanism[-4:]])
        if is_plus(mechanism):
            binding = _binding(data)
            # One that this server does not offer at all fails without us too, and so does one that binds nothing.
            foreign = self._offered is not None and mechanism not in self._offered.get(attempt.profile, ())
            return None if foreign or binding is None or self._lacks(binding) else self._used(mechanism, binding)
        if not mechanism.startswith("SCRAM-") or attempt.profile not in self._lost_plus:
            return None
        # RFC 5802 §6: "If the flag is set to "y" and the server supports channel binding, the server MUST fail
        # authentication."
        return words.FLAG_Y if (sasl_messages.text(data) or "").startswith("y,") else None

    def _lacks(self, binding: str) -> bool:
        """Tell whether the server has named its binding types (XEP-0440 §2), and not this one."""
        return bool(binding and self._types) and binding not in self._types

    def _used(self, mechanism: str, binding: str) -> Cause | None:
        """Return what a binding that is used leads to; RFC 5929 §4: this one depends on the certificate alone."""
        if binding == _END_POINT and self._real_certificate:
            return None
        own = binding in ("", _END_POINT)
        return words.unbindable(cut(mechanism, _NAME_SHOWN), binding, own_certificate_helps=own, kept=self._kept)

    def _compared(self, attempt: _Attempt, fields: set[str]) -> Cause | None:
        # XEP-0474 §6.1: "h"; before version 0.3.0 it was "d". Only the list of the profile in use counts.
        if fields & {"h=", "d="} and attempt.profile in self._altered:
            return words.LIST_CHANGED
        client, server = self._versions.get("client", ""), self._versions.get("server", "")
        if "t=" in fields and client and server and client != server:
            return words.versions_differ(client, server)
        return None


def _told(attempt: _Attempt, *, gave_up: bool) -> Notice | None:
    if attempt.certain is words.FLAG_Y and attempt.challenged:
        return words.PERHAPS_THE_PASSWORD
    if attempt.certain is not None and attempt.certain is not words.FLAG_Y and not _was_compared(attempt):
        return None
    cause = attempt.certain or (attempt.compares if gave_up else None)
    return None if cause is None else cause.afterwards()


def _was_compared(attempt: _Attempt) -> bool:
    """Tell whether the server has come to compare the binding; SCRAM brings its value in the last message only.

    A server that refuses before has another reason: it knows no such type, say, or no such user.
    """
    return attempt.challenged or not attempt.mechanism.startswith("SCRAM-")


def _binding(data: str) -> str | None:
    """Return the channel-binding type of a gs2 header (RFC 5801 §4), empty if it is not known here, None for none."""
    flag = (sasl_messages.text(data) or "").partition(",")[0]
    if not flag.startswith("p="):
        return None
    return flag[2:] if flag[2:] in _TYPES else ""


_READERS: Final[dict[str, Callable[[Watch, Element], Notice | None]]] = {
    f"{SASL}{SEPARATOR}auth": Watch.auth,
    f"{SASL2}{SEPARATOR}authenticate": Watch.auth,
    **{
        f"{profile}{SEPARATOR}{local}": reader
        for profile in (SASL, SASL2)
        for local, reader in {
            "challenge": Watch.challenge,
            "response": Watch.response,
            "abort": Watch.abort,
            "success": Watch.success,
            "failure": Watch.failure,
        }.items()
    },
}
"""What each element of a login leads to, whichever end sends it."""
