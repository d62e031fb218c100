"""A network interface as a source: what passes on it is one capture, which goes through the pipeline as it comes.

Ctrl-C ends it in good order: what the system still holds is read first. Traffic is only listened to; the interface is
not made to take what is meant for others.
"""

import difflib
import errno
import socket
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from xmppscope.model.errors import CaptureError, XmppscopeError
from xmppscope.model.timeline import Record
from xmppscope.sources.interrupt import Interruption
from xmppscope.sources.keylogs import KeyLogs
from xmppscope.sources.names import trouble
from xmppscope.sources.pipeline import Pipeline
from xmppscope.sources.sniffed import Packet, beginning, packets, statistics

ANY: Final = "any"

_PAUSE: Final = 0.25
_LAST_BATCHES: Final = 64
_SHOWN: Final = 12


class Listener(Protocol):
    """What brings the packets of an interface: `link` is its link type, `dropped` what was lost so far."""

    link: int
    dropped: int

    def wait(self, seconds: float) -> None:
        """Wait until packets come, at most *seconds*."""

    def read(self) -> list[Packet]:
        """Return the packets that have come, at most a batch of them."""

    def close(self) -> None:
        """Stop listening."""


def open_interface(name: str, ports: tuple[int, ...] = ()) -> Listener:
    """Listen on the interface *name*; raise `CaptureError` with words that say what to do."""
    if sys.platform == "win32":
        raise CaptureError(f"{name}: sniff can't listen on Windows; give dumpcap's output to xmppscope read -")
    known = [known for _, known in socket.if_nameindex()]
    if name not in known and not (name == ANY and _has_packet_sockets()):
        raise CaptureError(f"{name or '(nothing)'}: no such interface{_meant(name, known)}")
    try:
        if _has_packet_sockets():
            from xmppscope.sources.packet_socket import PacketSocket

            return PacketSocket(name, ports)
        from xmppscope.sources.scapy_socket import ScapySocket

        return ScapySocket(name, ports)
    except OSError as error:
        raise CaptureError(f"{name}: {_trouble(error)}") from error


class Sniffing:
    """One timeline from the interface called *name*; *keep* gets the capture, as pcapng, as it comes.

    `failed` tells that the interface has gone before the user ended it; that is handed to *report*.
    """

    current = None
    live = True

    def __init__(
        self,
        name: str,
        listener: Listener,
        pipeline: Pipeline,
        keylogs: KeyLogs,
        interruption: Interruption,
        report: Callable[[XmppscopeError], None],
        keep: Callable[[bytes], None] | None = None,
    ) -> None:
        self.failed = False
        self._name = name
        self._listener = listener
        self._pipeline = pipeline
        self._keylogs = keylogs
        self._interruption = interruption
        self._report = report
        self._keep = keep
        self._told_of_drops = False

    def records(self) -> Iterator[list[Record]]:
        """Yield the records in batches, as packets come; a batch may be empty."""
        self._pipeline.open(self._name)
        yield self._feed(beginning(self._name, self._listener.link))
        try:
            while not self._interruption.stopped:
                self._interruption.wait_for(lambda: self._listener.wait(_PAUSE))
                yield self._next(self._listener.read())
            for _ in range(_LAST_BATCHES):
                taken = self._listener.read()
                if not taken:
                    break
                yield self._next(taken)
        except OSError as error:
            self.failed = True
            self._report(CaptureError(f"{self._name}: {_trouble(error)}"))
        finally:
            self._listener.close()
        if self._listener.dropped:
            yield self._feed(statistics(time.time_ns(), self._listener.dropped))
        if self.failed and not self._pipeline.packets:
            self._pipeline.leave()
        else:
            yield self._pipeline.end()
        yield self._pipeline.close()

    def _next(self, taken: list[Packet]) -> list[Record]:
        """Take a batch, with the keys that have come meanwhile."""
        self._keylogs.poll()
        if self._listener.dropped and not self._told_of_drops:
            self._told_of_drops = True
            told = "packets come faster than they can be read, and some are lost; narrow it down with --port"
            self._pipeline.notices.append(f"{self._name}: {told}")
        return self._feed(packets(taken)) if taken else []

    def _feed(self, data: bytes) -> list[Record]:
        if self._keep is not None:
            self._keep(data)
        return self._pipeline.feed(data)


def _has_packet_sockets() -> bool:
    return sys.platform == "linux"


def _meant(name: str, known: list[str]) -> str:
    """Return what to say to who named an interface that is not there: the closest, and which there are."""
    close = difflib.get_close_matches(name, known, 1)
    question = f"; did you mean {close[0]}?" if close else ""
    there = [*known[:_SHOWN], *(["…"] if len(known) > _SHOWN else []), *([ANY] if _has_packet_sockets() else [])]
    return f"{question} (there are {', '.join(there)})" if close else f"; choose one of {', '.join(there)}"


def _trouble(error: OSError) -> str:
    """Return why an interface can't be listened to, and what to do."""
    if isinstance(error, PermissionError):
        return "not permitted; run with sudo, or give tcpdump's output to xmppscope read -"
    if error.errno in {errno.ENETDOWN, errno.ENODEV, errno.ENXIO}:
        return "the interface is down; bring it up, or choose another"
    return trouble(error)
