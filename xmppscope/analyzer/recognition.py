"""Whether a connection carries XMPP, and which end is which: decided once, before anything is written."""

from xmppscope.analyzer.direction import Direction
from xmppscope.analyzer.ledger import Ledger
from xmppscope.analyzer.recognise import is_xmpp
from xmppscope.framing.pieces import Foot, Head, Item, Piece
from xmppscope.model.namespaces import STREAM
from xmppscope.model.timeline import INITIATING, RECEIVING, Sender
from xmppscope.model.wire import Side
from xmppscope.session.roles import sent_by


class Recognition:
    """Judges pieces until one is proof; where no SYN was seen, lets content correct who initiated."""

    def __init__(self, ledger: Ledger, directions: tuple[Direction, Direction]) -> None:
        self._ledger = ledger
        self._directions = directions

    def is_proof(self, direction: Direction, piece: Piece) -> bool:
        """Tell whether *piece* can be nothing but XMPP."""
        if isinstance(piece, Foot):
            # Behind a header it is as good as that was; in mid-stream nothing else has a tag of that name.
            return not direction.stream and piece.raw.startswith(b"</stream:stream")
        if isinstance(piece, Head):
            proof = piece.element.ns == STREAM
        elif isinstance(piece, Item):
            proof = is_xmpp(piece.element)
        else:
            return False
        sender = sent_by(piece.element)
        if proof and sender is not None:
            self._take_role(direction, sender)
        return proof

    def may_be_midstream(self, direction: Direction) -> bool:
        """Tell whether the first bytes seen in *direction* need not be the first ones sent."""
        return not self._ledger.opened.handshake or direction.looks

    def note_tls_client(self, side: Side | None) -> None:
        """Note which side sent the ClientHello: with direct TLS, the initiating entity (XEP-0368 §3)."""
        if side is not None:
            self.note_client(side)

    def note_client(self, side: Side) -> None:
        """Note which side is the client, where only one of the two can be: of HTTP, of a WebSocket, of TLS."""
        self._take_role(self._directions[side], INITIATING)

    def _take_role(self, direction: Direction, sender: Sender) -> None:
        if direction.sender == sender or self._ledger.opened.handshake or self._ledger.number:
            return
        for one in self._directions:
            one.sender = RECEIVING if one.sender == INITIATING else INITIATING
        self._ledger.swap()
