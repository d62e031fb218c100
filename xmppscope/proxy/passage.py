"""What passes from leg to leg, and when it is held.

Elements pass unchanged but for what an interposing program must do: `<starttls/>` and `<proceed/>` pass, then TLS is
made on both legs (`security`), and of the features goes what cannot work (`features`). While the stream is negotiated
one element is held until it is whole; once it is open, or what comes is no XMPP, bytes just pass.
"""

from typing import TYPE_CHECKING, Final

from xmppscope.framing.pieces import Bad, Foot, Head, Item, Piece, Torn
from xmppscope.model.marks import ToldMark
from xmppscope.model.namespaces import STREAM
from xmppscope.proxy.way import Way
from xmppscope.session.negotiation import Step
from xmppscope.session.states import Action

if TYPE_CHECKING:
    from xmppscope.proxy.relay import Relay

_FEATURES: Final = f"{STREAM}\nfeatures"
_KINDS: Final = {"c2s": "a client", "s2s": "a server", "component": "a component"}
_OVER: Final = frozenset({"open", "half-closed", "closing", "closed", "broken"})


class Passage:
    """Carries both ways of one connection.

    `headed` says that the client has begun a stream that the server is yet to end, `answered` that it has got a
    response header: both are about the stream inside TLS once that has begun. `dialled` says that a server was asked
    for.
    """

    def __init__(self, relay: "Relay") -> None:
        self.headed = False
        self.answered = False
        self._relay = relay
        self.dialled = False
        self._opens = False
        self._depth = 0

    def up(self, data: bytes, time: int) -> None:
        """Take cleartext from the client, whose event was told last."""
        way = self._relay.up
        if way.passing and self._relay.ending.refusal is None:
            way.send(data, time)
        else:
            self._relay.mark_before_newest(way)
            self.cut(way, way.cut(data), time)
            if way.waits:
                way.send(way.spaces(), time)
        if (way.waits or way.outbox) and way.overflows:
            self._relay.ending.overrun(way, time)

    def down(self, data: bytes, time: int) -> None:
        """Take cleartext from the server, whose event was told last."""
        way = self._relay.down
        if way.passing:
            way.send(data, time)
        else:
            self._relay.mark_before_newest(way)
            self.cut(way, way.cut(data), time)
        if way.outbox and way.overflows:
            self._relay.ending.overrun(way, time)

    def cut(self, way: Way, pieces: list[tuple[Piece, bytes]], time: int) -> None:
        """Deal with what has been cut, and with what comes behind it."""
        self._depth += 1
        while pieces:
            for piece, raw in pieces:
                self._piece(way, piece, raw, time)
            pieces = [] if way.waits else way.go_on()
        self._depth -= 1
        if self._opens and not self._depth:
            # Not before: what was cut already comes first.
            self._relay.up.let_pass(time)
            self._relay.down.let_pass(time)

    def _piece(self, way: Way, piece: Piece, raw: bytes, time: int) -> None:
        refused = self._relay.ending.refusal is not None
        if self._relay.done or (refused and way is self._relay.down):
            return
        if isinstance(piece, Head):
            self._header(way, piece, raw, time)
        elif refused or (way is self._relay.up and not self._may_go(piece, time)):
            return
        elif isinstance(piece, Item):
            self._element(way, piece, raw, time)
        else:
            if isinstance(piece, Foot):
                self._relay.negotiation.close_tag(way.sender)
            way.send(raw, time)
            self._opens = self._opens or isinstance(piece, Bad | Torn)

    def _may_go(self, piece: Piece, time: int) -> bool:
        """Whether what is no header may go to the server: there has to be one, and it has to be the right one."""
        if not self.dialled and isinstance(piece, Bad | Torn):
            self._relay.ending.no_stream(time)
            return False
        return self._relay.security.fits_still(time)

    def _header(self, way: Way, head: Head, raw: bytes, time: int) -> None:
        relay = self._relay
        self._opens = self._opens or head.element.ns != STREAM
        way.xmlns = head.xmlns
        relay.negotiation.header(way.sender, head.element, head.xmlns)
        if way is relay.up:
            self.headed, self.answered = True, False
            if not self.dialled:
                relay.ending.be_calm()
                self._wonder(time)
            relay.domain = head.element.attrs.get("to", "") or relay.domain
            if relay.ending.refusal is not None:
                relay.ending.refuse(time)
                return
            if not relay.security.fits_still(time):
                return
        if relay.bridge is not None and relay.bridge.header(way, head, raw, time):
            return
        if way is relay.down:
            self.answered = True
            relay.ending.be_calm()
        way.send(raw, time)
        if way is relay.up and not self.dialled:
            self.dial()

    def _wonder(self, time: int) -> None:
        """Say if this is no stream of the kind that the user has announced; it passes all the same."""
        expected, kind = self._relay.settings.kind, self._relay.negotiation.kind
        if expected != "unknown" and kind not in ("unknown", expected):
            self._relay.mark(
                ToldMark(f"this is {_KINDS[kind]}, though the proxy stands here for others", warns=True), time
            )

    def dial(self) -> None:
        """Ask for the server leg, once."""
        if not self.dialled:
            self.dialled = True
            self._relay.dial()

    def _element(self, way: Way, item: Item, raw: bytes, time: int) -> None:
        relay = self._relay
        step = relay.negotiation.element(way.sender, item.element)
        if relay.bridge is not None and relay.bridge.element(way, item, time):
            return
        if way is relay.down and item.element.name == _FEATURES:
            raw = raw[: len(raw) - len(item.raw)] + relay.features.edited(way, item, time)
        way.send(raw, time)
        relay.features.watch(item.element, time)
        self._follow(way, step, time)

    def _follow(self, way: Way, step: Step, time: int) -> None:
        """Do what the negotiation table says about the bytes that come next."""
        relay = self._relay
        if step.action is Action.WAIT:
            way.wait()
        elif step.action is Action.GO_ON:
            other = relay.up if way is relay.down else relay.down
            if other.waits:
                self.cut(other, other.go_on(after_wait=True), time)
        elif step.action is Action.TLS:
            relay.security.begin(time)
        # What comes from here on is compressed, or no step of a negotiation any more: nothing is held back any longer.
        self._opens = self._opens or step.action is Action.DEFLATE or step.state in _OVER
