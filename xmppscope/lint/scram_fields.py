"""What the fields of SCRAM messages must say, as far as an observer without the password can tell (RFC 5802 §5.1).

An attempt begins with its client-first message and ends with success or failure; a message of which the one before was
not seen is judged by itself or not at all. What a proxy has changed in the offer is not held against the server's hash
of the offer. Nothing of the messages is shown but the count.
"""

import base64
import binascii
import hashlib
from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.scram_rules import GS2, ITERATIONS, OFFER_HASH, SIGNATURE, TLS_VERSION
from xmppscope.model.element import Element
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry
from xmppscope.session.sasl_messages import decoded, text
from xmppscope.session.seen import Seen

_BEGINS: Final = (names.AUTH, names.AUTHENTICATE)
_ENOUGH: Final = 4096
_HASHES: Final = {"SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512", "SHA3-512": "sha3_512"}
_VERSIONS: Final = {"TLSv1": "0301", "TLSv1.0": "0301", "TLSv1.1": "0302", "TLSv1.2": "0303", "TLSv1.3": "0304"}
_BINDINGS: Final = names.expanded("urn:xmpp:sasl-cb:0", "sasl-channel-binding")


class _Attempt:
    """One login with SCRAM, as far as it has come."""

    def __init__(self, entry: Entry, element: Element, data: str) -> None:
        self.stream = entry.stream
        self.sasl2 = element.name == names.AUTHENTICATE
        self.mechanism = element.attrs.get("mechanism", "")
        first = decoded(data) or b""
        parts = first.split(b",", 2)
        self.header = b",".join([*parts[:2], b""]) if len(parts) == 3 else b""
        self.proved = False
        self.signed = False


class ScramFieldsChecker(Checker):
    """Follows the present attempt of one connection."""

    RULES = (GS2, ITERATIONS, SIGNATURE, OFFER_HASH, TLS_VERSION)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._attempt: _Attempt | None = None

    def auth(self, seen: Seen) -> None:
        """Take the begin of an attempt."""
        element, entry = seen.element, seen.entry
        if element is None or entry.sender != INITIATING:
            return
        self._attempt = None
        if element.attrs.get("mechanism", "").startswith("SCRAM-"):
            data = element.text if element.name == names.AUTH else element.child_text(names.INITIAL_RESPONSE)
            self._attempt = _Attempt(entry, element, data or "")

    def response(self, seen: Seen) -> None:
        """Take a message of the client: its last one repeats the header of its first one."""
        element, attempt = seen.element, self._attempt
        if element is None or attempt is None or seen.entry.sender != INITIATING:
            return
        fields = _fields(element.text)
        if "c" not in fields or "p" not in fields:
            return
        attempt.proved = True
        if attempt.header and self.course.whole(INITIATING) and not _repeats(fields["c"], attempt.header):
            self.report(GS2, "the client's last message does not repeat how it began")

    def challenge(self, seen: Seen) -> None:
        """Take a message of the server."""
        element, attempt, entry = seen.element, self._attempt, seen.entry
        if element is None or attempt is None or entry.sender != RECEIVING:
            return
        fields = _fields(element.text)
        if "v" in fields or "e" in fields:
            attempt.signed = True
        if "r" not in fields or "s" not in fields:
            return
        count = fields.get("i", "")
        if count.isascii() and count.isdigit() and len(count) < 12 and int(count) < _ENOUGH:
            self.report(ITERATIONS, f"{int(count)} iterations")
        version = None if self.course.about.proxied else _VERSIONS.get(entry.protection)
        if version is not None and fields.get("t", version) != version and len(fields["t"]) == len(version):
            self.report(TLS_VERSION, f"the server says {fields['t']}, this connection has {version}")
        if "h" in fields and self._offer_differs(attempt, fields["h"]):
            self.report(OFFER_HASH, "the server's hash is not that of what was offered")

    def _offer_differs(self, attempt: _Attempt, given: str) -> bool:
        course = self.course
        offers = course.features(attempt.stream)
        algorithm = _HASHES.get(attempt.mechanism.removeprefix("SCRAM-").removesuffix("-PLUS"))
        if algorithm is None or not offers or attempt.stream in course.altered:
            return False
        if not course.whole() or not course.aligned:
            return False
        listed = _offered(offers[-1], sasl2=attempt.sasl2)
        digest = base64.b64encode(hashlib.new(algorithm, listed.encode()).digest()).decode()
        return bool(listed) and digest != given

    def success(self, seen: Seen) -> None:
        """Take a success, with which the server must have proved itself."""
        element, attempt, self._attempt = seen.element, self._attempt, None
        if element is None or attempt is None or seen.entry.sender != RECEIVING or not attempt.proved:
            return
        data = element.child_text(names.ADDITIONAL_DATA) if attempt.sasl2 else element.text
        if not attempt.signed and "v" not in _fields(data or "") and self.course.whole():
            self.report(SIGNATURE, "success without the server's signature")

    def failure(self, _seen: Seen) -> None:
        """Take a failure."""
        self._attempt = None

    ELEMENTS = table(
        {
            **dict.fromkeys(_BEGINS, auth),
            **dict.fromkeys((names.RESPONSE, names.SASL2_RESPONSE), response),
            **dict.fromkeys((names.CHALLENGE, names.SASL2_CHALLENGE), challenge),
            **dict.fromkeys((names.SUCCESS, names.SASL2_SUCCESS), success),
            **dict.fromkeys((names.FAILURE, names.SASL2_FAILURE, names.ABORT), failure),
        }
    )


def _fields(data: str) -> dict[str, str]:
    return {one[0]: one[2:] for one in (text(data) or "").split(",") if one[1:2] == "="}


def _repeats(field: str, header: bytes) -> bool:
    """RFC 5802 §6: `c` holds the GS2 header and, only with the flag `p`, the channel binding data behind it."""
    try:
        repeated = binascii.a2b_base64(field, strict_mode=True)
    except (binascii.Error, ValueError):
        return False
    if header.startswith(b"p="):
        return repeated.startswith(header) and len(repeated) > len(header)
    return repeated == header


def _offered(features: Element, *, sasl2: bool) -> str:
    """Return what XEP-0474 §6.1 has hashed: the mechanisms and, if there are any, the types of channel binding."""
    listed = features.child(names.AUTHENTICATION if sasl2 else names.MECHANISMS)
    if listed is None:
        return ""
    mechanisms = sorted(one.text.strip() for one in listed.children if one.local == "mechanism")
    bindings = features.child(_BINDINGS) or listed.child(_BINDINGS)
    if bindings is None:
        return "\x1e".join(mechanisms)
    types = sorted(one.attrs.get("type", "") for one in bindings.children if one.local == "channel-binding")
    return "\x1e".join(mechanisms) + "\x1f" + "\x1e".join(types)
