"""Marks: what the proxy knows about a connection that its bytes alone do not show.

The proxy hands them to the analyzer beside the bytes, and writes them into its recordings (as packet comments), so that
a recording that is read again gives the timeline that was shown live. A mark applies from the place where it stands
between the bytes. Offsets count cleartext of one direction of the connection, as those of entries do.
"""

from typing import Final, Literal

import msgspec

from xmppscope.model.timeline import EditAction, Leg, Sender

Verdict = Literal["verified", "refused", "unverified"]

PREFIX: Final = "xmppscope "
"""What the comment of a packet begins with if a mark follows."""

MOST: Final = 1 << 20
"""Characters that a mark in a capture may have; what is longer is no mark of ours."""


class LegMark(msgspec.Struct, tag_field="mark", tag="leg", frozen=True):
    """Says that the flow is a leg of a proxied connection; `pair` is the same for both, `proxy` the address dialled."""

    leg: Leg
    pair: int
    proxy: str


class TargetMark(msgspec.Struct, tag_field="mark", tag="target", frozen=True):
    """The proxy now tries to reach this address, for the connection that the flow belongs to."""

    address: str


class TlsMark(msgspec.Struct, tag_field="mark", tag="tls", frozen=True):
    """What the proxy sends on this leg is TLS from here on."""


class VerdictMark(msgspec.Struct, tag_field="mark", tag="verdict", frozen=True):
    """What the proxy made of the server's certificate; `reason` tells why it does not hold."""

    verdict: Verdict
    reason: str = ""


class EditMark(msgspec.Struct, tag_field="mark", tag="edit", frozen=True):
    """The element at [`start`, `end`) that `sender` sends next is not passed on as it is.

    `by` says who decided (``channel-binding``), `text` what became of the element, `data` what is sent in its place.
    """

    sender: Sender
    start: int
    end: int
    by: str
    action: EditAction
    text: str = ""
    data: str = ""


class MadeMark(msgspec.Struct, tag_field="mark", tag="made", frozen=True):
    """The proxy sends an element (a header, a closing tag) of its own on this leg, in the name of `sender`."""

    sender: Sender
    by: str
    data: str
    text: str = ""


class ToldMark(msgspec.Struct, tag_field="mark", tag="told", frozen=True):
    """Something the proxy met or did.

    `reason` is there where it is a fault; `why` (a sentence) and `advice` (what to do) then make a diagnosis. `warns`
    says that a fault is to be expected.
    """

    text: str
    reason: str = ""
    why: str = ""
    advice: str = ""
    warns: bool = False


class DoneMark(msgspec.Struct, tag_field="mark", tag="done", frozen=True):
    """The proxied connection is over, both legs of it."""


Mark = LegMark | TargetMark | TlsMark | VerdictMark | EditMark | MadeMark | ToldMark | DoneMark

_decoder: Final[msgspec.json.Decoder[Mark]] = msgspec.json.Decoder(Mark)
_encoder: Final = msgspec.json.Encoder()


def comment(mark: Mark) -> str:
    """Return the packet comment that holds *mark*."""
    return PREFIX + _encoder.encode(mark).decode()


def mark_of(text: str) -> Mark | None:
    """Return the mark in a packet comment, or None for a comment of anybody else's."""
    if not text.startswith(PREFIX) or len(text) > MOST:
        return None
    try:
        return _decoder.decode(text[len(PREFIX) :])
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        return None
