"""What BOSH says in plain words: the terms of a session, and what a body tells beside the elements in it.

Specifications: XEP-0124 §7 to §17, XEP-0206. Everything from the wire goes through `visible`.
"""

from collections.abc import Mapping
from typing import Final

from xmppscope.analyzer.http_entries import masked
from xmppscope.framing.httpbind import XBOSH
from xmppscope.model.plaintext import visible

CONDITIONS: Final = {
    "bad-request": "the request was malformed",
    "host-gone": "the domain is no longer served",
    "host-unknown": "the domain is not served",
    "improper-addressing": "the domain was not named",
    "internal-server-error": "internal error",
    "item-not-found": "the session, the stream or the rid is not known",
    "other-request": "another request that was under way has ended the session",
    "policy-violation": "the client broke the terms of the session",
    "remote-connection-failed": "the server behind could not be reached",
    "remote-stream-error": "the server behind ended the stream with an error",
    "see-other-uri": "the session is served elsewhere",
    "system-shutdown": "shutting down",
    "undefined-condition": "an error without a name",
}
"""The terminal binding conditions (XEP-0124 §17.2)."""

STATUSES: Final = {
    400: "the request was malformed",
    403: "the client broke the terms of the session",
    404: "the session or the rid is not known",
}
"""What a status means to a client from before the binding conditions (XEP-0124 §17.1)."""

_LONGEST: Final = 60
_TERMS: Final = (
    ("wait", "wait {} s"),
    ("hold", "hold {}"),
    ("requests", "{} requests at a time"),
    ("polling", "polls at least {} s apart"),
    ("inactivity", "inactivity {} s"),
    ("maxpause", "pause up to {} s"),
    ("ver", "version {}"),
)


def short(value: str) -> str:
    """Return *value* fit for a line."""
    return visible(value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…")


def terms(attrs: Mapping[str, str]) -> str:
    """Name the terms of a session that a body asks for or sets (XEP-0124 §7)."""
    return ", ".join(form.format(short(attrs[name])) for name, form in _TERMS if name in attrs)


def is_restart(attrs: Mapping[str, str]) -> bool:
    """Tell whether a body asks to restart the stream (XEP-0206 §5)."""
    return attrs.get(XBOSH + "restart") in ("true", "1")


def notes(attrs: Mapping[str, str], *, asks: bool) -> list[tuple[str, str]]:
    """Return what a body tells beside its elements, each with the section that it rests on."""
    found: list[tuple[str, str]] = []
    if "pause" in attrs and asks:
        found.append((f"pause for {short(attrs['pause'])} s", "XEP-0124 §10"))
    if "report" in attrs and not asks:
        time = f", {short(attrs['time'])} ms after it was sent" if "time" in attrs else ""
        found.append((f"the answer to rid {short(attrs['report'])} is reported missing{time}", "XEP-0124 §9.3"))
    if attrs.get("type") == "error":
        found.append(("recoverable error: all unanswered requests are to be sent again", "XEP-0124 §17.3"))
    return found


def ending(attrs: Mapping[str, str], *, asks: bool) -> str:
    """Tell of a body that ends the session (XEP-0124 §13, §17.2)."""
    condition = attrs.get("condition")
    if condition is None:
        return "end the BOSH session" if asks else "BOSH session ended"
    why = CONDITIONS.get(condition)
    place = f", at {short(masked(attrs['uri']))}" if condition == "see-other-uri" and "uri" in attrs else ""
    return f"BOSH session ended: {short(condition)}" + (f" ({why}{place})" if why else "")
