"""One leg of a proxied connection: the peer's bytes in, cleartext out, and back; what passes is told as wire events.

TLS runs over memory BIOs, one record at a time. So it is known of each record what it was: part of the handshake, which
is told as the bytes on the wire; application data, told as what it held (decrypting it twice would cost more than
reading it); or another record after the handshake, told whole. A record that the peer has begun and not completed waits
here. TLS begins only when `expect_tls` says so, and what was buffered in the clear before is never taken for protected:
after that call every byte has to be TLS.
"""

import contextlib
import ssl
from collections.abc import Callable
from typing import Final

from xmppscope.model.marks import TlsMark
from xmppscope.model.timeline import Leg as LegName
from xmppscope.model.wire import Ciphertext, Clear, Data, Keys, Marked, ProxyEvent, Sealed, Side
from xmppscope.tls.hello import ClientHello, HandshakeError, parse_client_hello

_HEADER: Final = 5
_RECORD_TYPES: Final = range(20, 25)
_HANDSHAKE: Final = 22
_CLIENT_HELLO: Final = 1
_MESSAGE_HEADER: Final = 4
_LONGEST_HELLO: Final = 64 * 1024
_MOST_WAITING: Final = 256 * 1024
"""Bytes of records that may wait until our own part of the handshake begins."""

_READ: Final = 1 << 16

Tell = Callable[[ProxyEvent], None]


class TlsFault(Exception):  # noqa: N818 (it is the peer's or the network's fault more often than ours)
    """TLS on a leg cannot go on; the message says why.

    `verification` says that the peer's certificate was not accepted, `clear` that the peer speaks no TLS but XML.
    """

    def __init__(self, text: str, *, verification: bool = False, clear: bool = False) -> None:
        super().__init__(text)
        self.verification = verification
        self.clear = clear


class Leg:
    """The bytes of one leg, in the clear until `expect_tls`.

    `flow` is its number in wire events. `out` collects what is to be sent on it; `deliver` takes the cleartext that
    comes out of TLS, right behind the event that tells it. `tls` is None while nothing is encrypted, `hello` the
    ClientHello once it came whole (on the client leg), `established` that the handshake is done, `closed` that the peer
    has said close_notify, `ended` that FIN was sent to it. `judge` is asked about the peer's certificate, with what
    OpenSSL has against it, and may raise `TlsFault`. *secrets* returns the new lines of the key log; *records* says
    that somebody wants the bytes as they were on the wire.
    """

    def __init__(self, name: LegName, flow: int, tell: Tell, secrets: Callable[[], bytes], *, records: bool) -> None:
        self.name: LegName = name
        self.flow = flow
        self.peer: Side = 0 if name == "client" else 1
        self.out: list[bytes] = []
        self.tls: ssl.SSLObject | None = None
        self.hello: ClientHello | None = None
        self.expects_tls = False
        self.established = False
        self.closed = False
        self.ended = False
        self.judge: Callable[[ssl.SSLObject, str, int], None] | None = None
        self.deliver: Callable[[bytes, int], None] = _nobody
        self.own: Side = 1 if name == "client" else 0
        self._tell = tell
        self._secrets = secrets
        self._records = records
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._rest = b""
        self._begun = self._latest = 0
        self._said_goodbye = False
        self._held: list[ProxyEvent] | None = None
        self._keys = b""
        self._waiting: list[bytes] = []
        self._waiting_size = 0
        self._message = bytearray()

    @property
    def version(self) -> str:
        """The TLS version in use (``TLSv1.3``), empty without TLS."""
        return (self.tls.version() or "") if self.tls is not None and self.established else ""

    def expect_tls(self) -> None:
        """Take every byte that comes from here on for TLS."""
        self.expects_tls = True

    def start_tls(self, context: ssl.SSLContext, time: int, server_name: str | None = None) -> None:
        """Begin our part of the handshake, with the records that have come already; raises `TlsFault`."""
        self.expects_tls = True
        self._tell(Marked(self.flow, self.own, time, 0, TlsMark()))
        server = self.name == "client"
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_side=server, server_hostname=server_name)
        waiting, self._waiting = self._waiting, []
        if not server:
            self._handshake(time, b"")
        for record in waiting:
            self._record(record, len(record), time, time)

    def receive(self, data: bytes, time: int, told: int = 0) -> None:
        """Take bytes of TLS; hand on the cleartext of each record. Raises `TlsFault`.

        The first *told* bytes were told before, as cleartext.
        """
        self._latest = time
        begun = self._begun if self._rest else time
        known = len(self._rest) + told
        buffer = self._rest + data if self._rest else data
        self._rest = b""
        at, end = 0, len(buffer)
        while end - at >= _HEADER:
            if buffer[at] not in _RECORD_TYPES or buffer[at + 1] != 3:
                break
            after = at + _HEADER + (buffer[at + 3] << 8 | buffer[at + 4])
            if after > end:
                break
            self._record(buffer[at:after], max(known - at, 0), begun, time)
            begun = time
            at = after
        self._rest, self._begun = buffer[at:], begun
        self._tell_raw(buffer[max(at, known) :], time)
        if self._rest and (self._rest[0] not in _RECORD_TYPES or self._rest[1:2] not in (b"", b"\x03")):
            stray = self._rest
            self.conclude()
            text = f"the {self.name} sent {_shown(stray)} where TLS is due"
            raise TlsFault(text, clear=stray.lstrip().startswith(b"<"))

    def send(self, clear: bytes, time: int) -> None:
        """Send cleartext to the peer."""
        if self.ended or self._said_goodbye:
            return
        if self.tls is None:
            self._tell(Data(self.flow, self.own, time, 0, clear))
            self.out.append(clear)
        else:
            self.tls.write(clear)
            self._drain(time)

    def close_tls(self, time: int) -> None:
        """Tell the peer that no more comes (close_notify)."""
        self.release()
        if self.tls is None or self.ended or self._said_goodbye:
            return
        self._said_goodbye = True
        with contextlib.suppress(ssl.SSLError):
            # It wants the peer's own close_notify, which may come later or never, or the handshake was not done.
            self.tls.unwrap()
        self._drain(time)

    def _record(self, record: bytes, told: int, begun: int, time: int) -> None:
        """Take one whole record, *told* bytes of which were told already."""
        if self.tls is None:
            self._tell_raw(record[told:], time)
            self._waiting.append(record)
            if self.name == "client":
                self._look_for_hello(record)
            self._waiting_size += len(record)
            if self._waiting_size > _MOST_WAITING:
                raise TlsFault(f"the {self.name} sent more than {_MOST_WAITING // 1024} KiB before it was answered")
        elif not self.established:
            self._incoming.write(record)
            self._handshake(time, record[told:])
        else:
            if self._records and told < len(record):
                self._tell(Ciphertext(self.flow, self.peer, time, record[told:]))
            self._incoming.write(record)
            self._read(self.tls, record, begun, time)

    def _read(self, tls: ssl.SSLObject, record: bytes, begun: int, time: int) -> None:
        """Hand on what the record that was written last holds, or tell that it is another than application data."""
        fault: ssl.SSLError | None = None
        clear = b""
        try:
            clear = tls.read(_READ)
            self.closed = self.closed or not clear
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.closed = True
        except ssl.SSLError as error:
            fault = error
        if clear:
            self._tell(Clear(self.flow, self.peer, begun, 0, time, 0, clear))
        else:
            self._tell(Sealed(self.flow, self.peer, begun, 0, time, 0, record))
        if self._outgoing.pending:
            self._drain(time)
        if fault is not None:
            raise TlsFault(words_of(fault)) from fault
        if clear:
            self.deliver(clear, time)

    def _handshake(self, time: int, raw: bytes) -> None:
        """Go on with the handshake; tell what came (*raw*) and what is sent."""
        tls = self.tls
        if tls is None:
            return
        fault: TlsFault | None = None
        try:
            tls.do_handshake()
            self.established = True
            self._ask_judge(tls, "", time)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            fault = TlsFault(words_of(error), verification=isinstance(error, ssl.SSLCertVerificationError))
            if fault.verification:
                self._ask_judge(tls, str(fault), time)
        except TlsFault as error:
            fault = error
        self._tell_handshake(raw, time)
        if fault is not None:
            self.release()
            raise fault

    def _ask_judge(self, tls: ssl.SSLObject, problem: str, time: int) -> None:
        if self.judge is not None:
            self.judge(tls, problem, time)

    def _tell_handshake(self, raw: bytes, time: int) -> None:
        """Tell a step of the handshake, all of it behind the keys that open it.

        OpenSSL gives some of them only at the end, while Wireshark looks for them at the ServerHello. So what comes
        from there on is told once the handshake is done.
        """
        self._keys += self._secrets()
        sent = self._outgoing.read()
        if self._held is None and (sent if self.name == "client" else raw):
            self._held = []
        tell = self._tell if self._held is None else self._held.append
        if raw:
            tell(Data(self.flow, self.peer, time, 0, raw))
        if sent:
            tell(Data(self.flow, self.own, time, 0, sent))
            self.out.append(sent)
        if self.established:
            self.release()

    def release(self) -> None:
        """Tell what is held back of a handshake: it is done, or will never be."""
        held, self._held = self._held, None
        keys, self._keys = self._keys, b""
        if keys:
            self._tell(Keys(keys, self.name))
        for event in held or ():
            self._tell(event)

    def conclude(self) -> None:
        """Tell what is left to tell, for nothing more comes from the peer: a record that it has not completed, say."""
        self.release()
        rest, self._rest = self._rest, b""
        if rest and self.established:
            self._tell(Sealed(self.flow, self.peer, self._begun, 0, self._latest, 0, rest))

    def _look_for_hello(self, record: bytes) -> None:
        """Collect the ClientHello, which may come in several records."""
        if self.hello is not None:
            return
        if record[0] != _HANDSHAKE:
            raise TlsFault(f"the client began TLS with {_shown(record)}, not with a ClientHello")
        self._message += record[_HEADER:]
        message = self._message
        if message and message[0] != _CLIENT_HELLO:
            raise TlsFault("the client began TLS with another message than a ClientHello")
        if len(message) < _MESSAGE_HEADER:
            return
        length = int.from_bytes(message[1:_MESSAGE_HEADER])
        if length > _LONGEST_HELLO:
            raise TlsFault(f"a ClientHello of {length} bytes")
        if len(message) >= _MESSAGE_HEADER + length:
            try:
                self.hello = parse_client_hello(bytes(message[_MESSAGE_HEADER : _MESSAGE_HEADER + length]))
            except HandshakeError as error:
                raise TlsFault(f"the ClientHello is malformed: {error}") from error

    def _tell_raw(self, raw: bytes, time: int) -> None:
        """Tell bytes as they came: to all before the handshake is done, after it only for the recording."""
        if not raw:
            return
        if not self.established:
            (self._tell if self._held is None else self._held.append)(Data(self.flow, self.peer, time, 0, raw))
        elif self._records:
            self._tell(Ciphertext(self.flow, self.peer, time, raw))

    def _drain(self, time: int) -> None:
        data = self._outgoing.read()
        if data:
            if self._records:
                self._tell(Ciphertext(self.flow, self.own, time, data))
            self.out.append(data)


def _nobody(_clear: bytes, _time: int) -> None:
    raise RuntimeError("nobody takes the cleartext of this leg")


_NO_ISSUER: Final = frozenset({2, 20, 21})  # X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, …_LOCALLY, …_VERIFY_LEAF_SIGNATURE
_UNKNOWN_ISSUER: Final = "signed by nobody known here"


def words_of(error: ssl.SSLError) -> str:
    """Return what OpenSSL says, in words: ``certificate verify failed: self-signed certificate``."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _UNKNOWN_ISSUER if error.verify_code in _NO_ISSUER else error.verify_message
    reason = (error.reason or str(error)).lower().replace("_", " ")
    return reason.removeprefix("tlsv1 ").removeprefix("sslv3 ")


def _shown(data: bytes) -> str:
    """Return the beginning of *data* in hexadecimal, for a message."""
    return f"bytes {data[:4].hex(' ')}"
