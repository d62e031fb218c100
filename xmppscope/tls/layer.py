"""The record layer of a connection: takes whole records in order and tells what they hold (RFC 8446 §5, RFC 5246 §6).

`take` answers False for a record that cannot be read yet but may be later: a key may still be added, or the hello of
the other side may still come. The caller keeps such records in order. Left out: boundaries, and how long to wait.
"""

from typing import Final

from xmppscope.tls import assembly
from xmppscope.tls.assembly import Message
from xmppscope.tls.direction import MOST_SKIPPED, Direction, Epoch, Gap
from xmppscope.tls.events import (
    AlertSeen,
    CertificateHidden,
    CloseNotify,
    Hole,
    Plaintext,
    TlsEvent,
    Undecryptable,
    about,
)
from xmppscope.tls.handshake import Handshake
from xmppscope.tls.hello import HandshakeError
from xmppscope.tls.opening import Failed, open_record
from xmppscope.tls.records import (
    ALERT,
    APPLICATION_DATA,
    CHANGE_CIPHER_SPEC,
    HANDSHAKE,
    MOST,
    Record,
)
from xmppscope.tls.secrets import KeyFinder, shown

_ALERT_SIZE: Final = 2
_CLOSE_NOTIFY: Final = 0
_SHOWN: Final = 64
_REASONS: Final = 32
_HELLOS: Final = (assembly.CLIENT_HELLO, assembly.SERVER_HELLO)
_REJECTED: Final = "early data that the server rejected"


class RecordLayer:
    """Reads the records of both directions; `events` collects what they tell."""

    def __init__(self, finder: KeyFinder, directions: tuple[Direction, Direction]) -> None:
        self.handshake = Handshake()
        self.events: list[TlsEvent] = []
        self.finder = finder
        self._directions = directions
        self._hidden = False

    def take(self, direction: Direction, item: Record | Gap) -> bool:
        """Read the next record of *direction*, or note a gap; False if it has to wait."""
        if isinstance(item, Gap):
            self._gap(direction, item)
            return True
        if item.missing:
            self._over_limit(direction, item)
            return True
        return self._plain(direction, item) if direction.epoch == Epoch.PLAIN else self._sealed(direction, item)

    def content(self, direction: Direction, kind: int, content: bytes, record: Record) -> None:
        """Tell what an opened record holds."""
        direction.decrypting = True
        if kind == APPLICATION_DATA:
            stamps = (record.time, record.packet, record.end_time, record.end_packet)
            if not self.handshake.established and direction.epoch == Epoch.TRAFFIC:
                self.events += self.handshake.complete(direction, stamps, proven=True)
            if content:
                self.events.append(Plaintext(direction.side, content, *stamps))
        elif kind == HANDSHAKE:
            self._messages(direction, content, record)
        elif kind == ALERT:
            self._alert(direction, content, record, encrypted=True)
        elif kind == CHANGE_CIPHER_SPEC and not self.handshake.tls13:
            direction.advance(Epoch.TRAFFIC)

    def unreadable(self, direction: Direction, reason: str, record: Record) -> None:
        """Tell of a record that cannot be read, once per reason."""
        length = len(record.header) + len(record.fragment) + record.missing
        if reason not in direction.unread:
            if len(direction.unread) >= _REASONS:
                reason = next(reversed(direction.unread))
            else:
                direction.unread[reason] = 0
                data = (record.header + record.fragment[:_SHOWN])[:_SHOWN]
                self.events.append(
                    Undecryptable(**about(direction.side, record), reason=reason, data=data, length=length)
                )
        direction.unread[reason] += length

    def _plain(self, direction: Direction, record: Record) -> bool:
        """Read a record from before the direction's keys."""
        kind = record.header[0]
        if kind == HANDSHAKE:
            self._plain_handshake(direction, record)
        elif kind == ALERT and len(record.fragment) == _ALERT_SIZE:
            self._alert(direction, record.fragment, record, encrypted=False)
        elif self.handshake.retrying:
            # Only early data can stand between a ClientHello and the one that a HelloRetryRequest asks for.
            if kind != CHANGE_CIPHER_SPEC:
                self.unreadable(direction, _REJECTED, record)
        elif self.handshake.version is None:
            return self._before_version(direction, record)
        elif self.handshake.tls13:
            if kind == CHANGE_CIPHER_SPEC:
                return True
            early = self.handshake.client_hello is not None and self.handshake.client_hello.early_data
            direction.advance(Epoch.EARLY if early and direction is self.handshake.client else Epoch.HANDSHAKE)
            return self._sealed(direction, record)
        elif kind == CHANGE_CIPHER_SPEC:
            direction.advance(Epoch.TRAFFIC)
        elif direction.holed:
            direction.advance(Epoch.TRAFFIC)
            return self._sealed(direction, record)
        else:
            self.unreadable(direction, "a record of application data before the keys for it", record)
        return True

    def _before_version(self, direction: Direction, record: Record) -> bool:
        """Read a protected record while no ServerHello has been seen."""
        if self._awaits_hello(direction):
            return False
        direction.advance(Epoch.TRAFFIC)
        return True if record.header[0] == CHANGE_CIPHER_SPEC else self._sealed(direction, record)

    def _plain_handshake(self, direction: Direction, record: Record) -> None:
        hello = bool(record.fragment) and record.fragment[0] in _HELLOS
        if self.handshake.client_hello is None and self.handshake.server_hello is None and not hello:
            if not direction.assembler.pending:
                self.unreadable(direction, "TLS began before the capture", record)
                return
        elif direction.holed and not hello and not self.handshake.tls13:
            # The ChangeCipherSpec may be among the lost bytes; only a record that authenticates proves it.
            opened = open_record(direction, record, self.handshake, self.finder)
            if not isinstance(opened, Failed):
                self.content(direction, *opened, record)
                return
            direction.opener = None
        self._messages(direction, record.fragment, record)

    def _sealed(self, direction: Direction, record: Record) -> bool:
        """Read a protected record."""
        if self.handshake.tls13:
            kind, size = record.header[0], len(record.fragment)
            if kind == CHANGE_CIPHER_SPEC:
                return True
            if kind == ALERT and size == _ALERT_SIZE:
                # RFC 8446 §6: before the keys agree, alerts come in the clear.
                self._alert(direction, record.fragment, record, encrypted=False)
                return True
            if direction.epoch == Epoch.EARLY and not self._decide_early(direction):
                return False
        opened = open_record(direction, record, self.handshake, self.finder)
        if isinstance(opened, Failed):
            return self._failed(direction, opened, record)
        self.content(direction, *opened, record)
        return True

    def _decide_early(self, direction: Direction) -> bool:
        """Find out whether early data was accepted; return False while that is to be waited for."""
        if self.handshake.early_accepted is None:
            server = self.handshake.server
            waits = server is not None and server.epoch == Epoch.HANDSHAKE and not server.blind
            return not (waits and direction.patient and not self._hidden)
        if not self.handshake.early_accepted:
            direction.advance(Epoch.HANDSHAKE)
            direction.skipping = True
        return True

    def _failed(self, direction: Direction, failed: Failed, record: Record) -> bool:
        """Tell of a record that could not be opened; False if it is to wait."""
        server_handshake = direction is self.handshake.server and direction.epoch == Epoch.HANDSHAKE
        if direction.patient and failed.reason and not failed.passing:
            if failed.hello and self._awaits_hello(direction):
                return False
            if failed.key and self.finder.keys.growing:
                return False
        direction.decrypting = False
        if failed.reason and server_handshake and not self._hidden:
            self._hidden = True
            self.events.append(CertificateHidden(**about(direction.side, record)))
        if direction.skipping and not direction.number:
            self.unreadable(direction, _REJECTED, record)
        elif not failed.passing:
            direction.slack = min(direction.slack + 1, MOST_SKIPPED)
            self._tell_failed(direction, failed, record)
        return True

    def _tell_failed(self, direction: Direction, failed: Failed, record: Record) -> None:
        hello = self.handshake.client_hello
        if record.header[0] == ALERT and failed.reason:
            self.events.append(AlertSeen(**about(direction.side, record), level=None, description=None, encrypted=True))
        if failed.reason or hello is None:
            self.unreadable(direction, failed.reason, record)
            if record.header[0] == HANDSHAKE and not self.handshake.tls13:
                # Before TLS 1.3 the type shows: the first protected handshake message is Finished.
                stamps = (record.time, record.packet, record.end_time, record.end_packet)
                self.events += self.handshake.complete(direction, stamps)
        else:
            random = shown(hello.random)
            self.unreadable(
                direction, f"record does not authenticate under the keys for client random {random}", record
            )

    def _awaits_hello(self, direction: Direction) -> bool:
        """Tell whether the other side's hello may still come."""
        if not direction.patient or (self.handshake.client is None and self.handshake.server is None):
            return False
        return not self._directions[1 - direction.side].blind

    def _messages(self, direction: Direction, content: bytes, record: Record) -> None:
        for message in direction.assembler.feed(content, record):
            self._message(direction, message, record)
        if direction.assembler.fault:
            self.unreadable(direction, direction.assembler.fault, record)
            direction.assembler.fault = ""

    def _message(self, direction: Direction, message: Message, record: Record) -> None:
        try:
            self.events += self.handshake.take(direction, message)
        except HandshakeError as error:
            self.unreadable(direction, str(error), record)
        if message.kind == assembly.NEW_SESSION_TICKET:
            self.finder.remember(self.handshake)

    def _alert(self, direction: Direction, content: bytes, record: Record, *, encrypted: bool) -> None:
        if len(content) != _ALERT_SIZE:
            self.unreadable(direction, f"alert of {len(content)} bytes", record)
        elif content[1] == _CLOSE_NOTIFY:
            direction.closed = True
            self.events.append(CloseNotify(**about(direction.side, record)))
        else:
            level, description = content
            self.events.append(
                AlertSeen(**about(direction.side, record), level=level, description=description, encrypted=encrypted)
            )

    def _over_limit(self, direction: Direction, record: Record) -> None:
        self.unreadable(direction, f"record of {record.missing} bytes where {MOST} is the most", record)
        direction.number += 1

    def _gap(self, direction: Direction, gap: Gap) -> None:
        """Tell of lost bytes, and how much plaintext they cost if that can be known."""
        direction.holed = True
        length = None
        if gap.damaged is None:
            direction.skipped(gap.lost)
        else:
            length = self._plaintext_lost(direction, gap.damaged)
            self._damaged(direction, gap.damaged)
        self.events.append(
            Hole(
                side=direction.side,
                time=gap.time,
                packet=gap.packet,
                end_time=gap.time,
                end_packet=gap.packet,
                lost=gap.lost,
                length=length,
            )
        )

    def _plaintext_lost(self, direction: Direction, record: Record) -> int | None:
        if direction.opener is None or direction.opener.overhead is None:
            return None
        if not record.header:
            return 0  # it was counted with the first gap in this record
        size = len(record.fragment) + record.missing - direction.opener.overhead
        return max(0, size) if record.header[0] == APPLICATION_DATA else 0

    def _damaged(self, direction: Direction, record: Record) -> None:
        """Use what is left of a record: its number, and what of it is in the clear."""
        if not record.header:
            return
        if direction.epoch != Epoch.PLAIN:
            direction.number += 1
        elif record.header[0] == HANDSHAKE and record.fragment:
            self._plain_handshake(direction, record)
        direction.assembler.lost()
