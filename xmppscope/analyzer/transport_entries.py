"""Entries for what is no element: holes, ends, conflicts, bytes that are no XMPP, and compression facts."""

from xmppscope.analyzer.direction import Direction
from xmppscope.analyzer.ledger import Ledger, binary, shown
from xmppscope.analyzer.stamps import Stamp
from xmppscope.framing.inflate import ZLIB
from xmppscope.model.timeline import INITIATING, Annotation, Leg
from xmppscope.model.wire import NUMBER_MASK, Conflict


def tell_gap(
    ledger: Ledger, direction: Direction, length: int | None, offset: tuple[int, int] | None, stamp: Stamp
) -> None:
    """Write that bytes are missing; *length* None means that nobody can know how many."""
    if length is None:
        summary, reason = "bytes are not in the capture", "an unknown number of bytes is not in the capture"
        ledger.tell(direction, "gap", summary, stamp, reason=reason)
        return
    if direction.inflater is not None:
        # How much cleartext they held nobody can know, so that there is no size to tell.
        summary = f"{length} compressed bytes are not in the capture"
        ledger.tell(direction, "gap", summary, stamp, reason=f"{length} compressed bytes are not captured")
        return
    if offset is not None and direction.at_known:
        summary = f"bytes {offset[0]}–{offset[1]} are not in the capture"
    else:
        summary = f"{length} bytes are not in the capture"
    ledger.tell(direction, "gap", summary, stamp, offset=offset, size=length, reason=f"{length} bytes are not captured")


def tell_closed(
    ledger: Ledger, direction: Direction, reset: bool, orderly: bool | None, stamp: Stamp, leg: Leg | None = None
) -> None:
    """Write FIN or RST; *orderly* tells whether TLS, if there was any, was closed with its own alert first."""
    who = role(ledger, direction)
    summary = f"reset by the {who}" if reset else f"ended by the {who}"
    annotations = None
    if orderly is not None:
        # RFC 8446 §6.1: "Each party MUST send a "close_notify" alert before closing its write side of the connection"
        text = "TLS closed in order (close_notify)" if orderly else "TLS torn off: no close_notify before the end"
        annotations = [Annotation(text, "RFC 8446 §6.1")]
    ledger.tell(direction, "closed", summary, stamp, annotations=annotations, leg=leg)
    if direction.inflater is None and not reset:
        # Behind a RST the other side's bytes may still be captured; what compression came to is told later.
        ledger.note_end(direction.sender)


def tell_conflict(ledger: Ledger, direction: Direction, event: Conflict) -> None:
    """Write that a retransmission differs from what was captured first (RFC 9293 §3.10.7.4)."""
    stamp = Stamp(event.time, event.packet, event.time, event.packet)
    earlier = f" than packet {event.earlier & NUMBER_MASK}" if event.earlier else ""
    reason = f"a retransmission carries other bytes{earlier}; the first ones are shown"
    offset = None
    if direction.framer is not None and direction.plain:
        start = direction.framer.at - event.back
        offset = (start, start + len(event.data))
    ledger.tell(direction, "malformed", "sent again with other bytes", stamp, offset=offset, reason=reason)


def tell_junk(ledger: Ledger, direction: Direction, first: bytes, begin: Stamp, end: Stamp) -> None:
    """Write that a direction begins with what is neither XML nor TLS."""
    ledger.tell(
        direction,
        "malformed",
        "no XMPP: neither a stream header nor TLS",
        begin,
        end,
        offset=(0, len(first)),
        reason="the first bytes are neither a stream header nor TLS",
        bytes=shown(first if ledger.recorder.show_secrets else binary(first)),
    )


def tell_compression(ledger: Ledger, direction: Direction) -> None:
    """Write what compression came to: at the end, or when it cannot go on."""
    inflater = direction.inflater
    if inflater is None or not inflater.compressed or direction.compression_told:
        return
    direction.compression_told = True
    if inflater.method != ZLIB:
        # What it holds nobody here knows: no step of a negotiation and no end of the stream is missed in it.
        ledger.tell(direction, "opaque", inflater.fault, direction.last, reason=inflater.fault)
        ledger.negotiation.lost(direction.sender)
        return
    ratio = inflater.cleartext / inflater.compressed
    summary = f"zlib: {inflater.cleartext} bytes sent as {inflater.compressed}, {ratio:.1f} to 1"
    annotations = [Annotation(f"ratio {ratio:.2f}", "XEP-0138")]
    if inflater.fault:
        ledger.tell(direction, "opaque", inflater.fault, direction.last, reason=inflater.fault)
    ledger.tell(direction, "compression", summary, direction.last, annotations=annotations)


def role(ledger: Ledger, direction: Direction) -> str:
    """Name an entity in plain words: client and server only where it is one."""
    if ledger.negotiation.kind == "c2s":
        return "client" if direction.sender == INITIATING else "server"
    return f"{direction.sender} entity"
