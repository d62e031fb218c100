"""Scripted peers in memory: a client or a server that says and hears, in the clear or in TLS, without a socket."""

import contextlib
import ssl
from collections.abc import Callable, Generator

Script = Generator[bool | None, None, None]
Play = Callable[["Peer"], Script]
SPACES = b" \t\r\n"


class Left(Exception):  # noqa: N818 (it is what the script wants)
    """The script ends here, for it was told to."""


class Peer:
    """One end of a TCP connection, driven by a script: a generator that yields while it waits for more.

    It yields True where it only takes its time.

    `plain` and `secured` are all that it was told, in the clear and inside TLS, `said` is all that it has told;
    `outbox` is what it has to send, `ends` the end that follows (``fin``, ``reset``). `eof` is how the other side
    ended, `goodbye` that close_notify came before, `fault` what TLS has against the other side. `stubborn` ones do not
    close when the other side does. Where `leaves` names a phase, the script ends there, in the way that `how` says:
    ``stall``, ``fin``, ``close``, ``reset``.
    """

    def __init__(self, play: Play, *, stubborn: bool = False) -> None:
        self.outbox = bytearray()
        self.ends = ""
        self.said = b""
        self.plain = b""
        self.secured = b""
        self.eof = ""
        self.goodbye = False
        self.fault: ssl.SSLError | None = None
        self.tls: ssl.SSLObject | None = None
        self.established = False
        self.finished = False
        self.gave_up = False
        self.leaves = self.how = ""
        self.blurts: dict[str, tuple[bytes, bool]] = {}
        self._clear = bytearray()
        self._reads_tls = self._begun = False
        self._stubborn = stubborn
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._script = play(self)

    # What the stage calls

    def step(self) -> bool:
        """Go on with the script until it waits; whether there was anything to do."""
        if self.finished:
            return False
        before = len(self.outbox), self.ends
        pauses = False
        try:
            pauses = bool(next(self._script))
        except StopIteration:
            self.finished = True
        except Left:
            self.finished = True
            {"stall": int, "fin": self.end, "close": self.close, "reset": self.reset}[self.how]()
        except EOFError:
            self.finished = self.gave_up = True
            if not self._stubborn:
                self.close()
        except ssl.SSLError as error:
            self.fault = error
            self.finished = True
            self._flush()
            self.end()
        return (len(self.outbox), self.ends) != before or self.finished or pauses

    def receive(self, data: bytes) -> None:
        """Take bytes from the proxy."""
        if self._reads_tls:
            # Some clients end their elements with a line feed, and servers let it go.
            data = data if self._begun else data.lstrip(SPACES)
            self._begun = self._begun or bool(data)
            self._incoming.write(data)
            if self.established:
                self._read()
        else:
            self._clear += data
            self.plain += data

    def see_end(self, how: str) -> None:
        """Take the end of what the proxy sends."""
        self.eof = self.eof or how

    @property
    def heard(self) -> bytes:
        """All that the peer was told."""
        return self.plain + self.secured

    # What scripts call

    def at(self, phase: str) -> None:
        """Name the phase that the script has come to, where it may be told to end, or to say something else first."""
        if phase in self.blurts:
            words, inside = self.blurts.pop(phase)
            (self.say if inside else self.raw)(words)
        if phase == self.leaves:
            raise Left

    def say(self, *words: bytes) -> None:
        """Send words: one TLS record for each, if there is TLS."""
        for word in words:
            self.said += word
            if self.tls is not None and self.established:
                self.tls.write(word)
                self._flush()
            else:
                self.outbox += word

    def raw(self, data: bytes) -> None:
        """Send bytes as they are, whether there is TLS or not."""
        self.outbox += data

    def hear(self, *words: bytes) -> Script:
        """Wait for words, in their order."""
        for word in words:
            while (at := self._clear.find(word)) < 0:
                if self.eof:
                    raise EOFError(word)
                yield
            del self._clear[: at + len(word)]

    def rest(self) -> Script:
        """Wait for the other side's end."""
        while not self.eof:
            yield

    def hello(self, context: ssl.SSLContext, name: str | None = None, *, records: int = 1) -> None:
        """Begin TLS as a client: send the ClientHello, cut into so many records."""
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            self.outbox += cut_record(self._outgoing.read(), records)

    def wait(self) -> Script:
        """Wait for anything at all."""
        while not self._clear:
            if self.eof:
                raise EOFError("anything")
            yield

    def secure(
        self,
        context: ssl.SSLContext | None = None,
        name: str | None = "a.example",
        session: ssl.SSLSession | None = None,
    ) -> Script:
        """Do the handshake, as a server if the context is one for servers; what waits in the clear belongs to it."""
        if self.tls is None:
            assert context is not None
            if self.leaves == "greeted":
                yield from self.wait()
                self.at("greeted")
            server = context.protocol is ssl.PROTOCOL_TLS_SERVER
            name = None if server else name
            self.tls = context.wrap_bio(self._incoming, self._outgoing, server, name, session)
        self._reads_tls = True
        waiting = bytes(self._clear).lstrip(SPACES)
        self._incoming.write(waiting)
        self._begun = bool(waiting)
        self.plain = self.plain[: len(self.plain) - len(waiting)]
        self._clear.clear()
        while not self.established:
            try:
                self.tls.do_handshake()
                self.established = True
            except ssl.SSLWantReadError:
                if self._outgoing.pending:
                    self._flush()
                    self.at("greeting")
                if self.eof:
                    raise EOFError("the handshake") from None
                yield
        self._flush()
        self.at("secured")
        self._read()

    def close(self) -> None:
        """Send close_notify where there is TLS, and FIN."""
        if self.tls is not None and self.established and not self.ends:
            self.say_goodbye()
        self.end()

    def say_goodbye(self) -> None:
        """Send close_notify."""
        assert self.tls is not None
        with contextlib.suppress(ssl.SSLError):
            self.tls.unwrap()  # it would like to have the other side's
        self._flush()

    def end(self) -> None:
        """Send FIN behind what was said."""
        self.ends = self.ends or "fin"

    def reset(self) -> None:
        """Send RST."""
        self.ends = "reset"

    def _flush(self) -> None:
        self.outbox += self._outgoing.read()

    def _read(self) -> None:
        assert self.tls is not None
        try:
            while data := self.tls.read(1 << 16):
                self.secured += data
                self._clear += data
            self.goodbye = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.goodbye = True
        except ssl.SSLError as error:
            self.fault = error
        self._flush()


def cut_record(record: bytes, pieces: int) -> bytes:
    """Cut the message of one TLS record into so many records."""
    if pieces == 1:
        return record
    message = record[5:]
    size = -(-len(message) // pieces)
    parts = [message[at : at + size] for at in range(0, len(message), size)]
    return b"".join(record[:3] + len(part).to_bytes(2) + part for part in parts)


def silent(_peer: Peer) -> Script:
    """Say nothing, and wait."""
    while True:
        yield
