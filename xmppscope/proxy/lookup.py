"""The system's own address lookup, which knows ``/etc/hosts`` and whatever else the system asks.

It blocks, for as long as the system likes. So it runs in daemon threads: one that hangs holds up neither the loop nor
the end of the program, as those of asyncio's executor would. They are bounded in number, and whoever asks for the same
name at the same time shares one.
"""

import asyncio
import contextlib
import socket
import threading
from typing import Final, NamedTuple

_THREADS: Final = 16


class Address(NamedTuple):
    """One address to dial; an IPv6 address that needs a zone has it behind a percent sign."""

    family: socket.AddressFamily
    ip: str
    port: int


def numeric(ip: str, port: int) -> tuple[socket.AddressFamily, tuple[object, ...]]:
    """Return family and socket address of an IP address; nothing is looked up."""
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    family, _, _, _, address = socket.getaddrinfo(ip, port, type=socket.SOCK_STREAM, flags=flags)[0]
    return family, address


class SystemLookup:
    """Asks the system for the addresses of names; used from one event loop."""

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Future[list[str] | OSError]] = {}

    async def addresses(self, host: str) -> list[str]:
        """Return the IP addresses of a name in the order of the system's preference. Raises `OSError`."""
        while host not in self._under_way and len(self._under_way) >= _THREADS:
            await asyncio.wait(self._under_way.values(), return_when=asyncio.FIRST_COMPLETED)
        future = self._under_way.get(host) or self._start(host)
        outcome = await asyncio.shield(future)
        if isinstance(outcome, OSError):
            raise outcome
        return outcome

    def _start(self, host: str) -> asyncio.Future[list[str] | OSError]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[str] | OSError] = loop.create_future()
        threading.Thread(target=_look_up, args=(host, loop, future), name="address lookup", daemon=True).start()
        self._under_way[host] = future
        future.add_done_callback(lambda _: self._under_way.pop(host))
        return future


def _look_up(host: str, loop: asyncio.AbstractEventLoop, future: asyncio.Future[list[str] | OSError]) -> None:
    outcome: list[str] | OSError
    try:
        # As bytes: the name is in A-labels already, and Python's own conversion knows only those of 2003.
        found = socket.getaddrinfo(host.encode("ascii"), None, type=socket.SOCK_STREAM)
        outcome = list(dict.fromkeys(_with_zone(entry[4]) for entry in found))
    except OSError as error:
        outcome = error
    # A loop that is closed has nobody left who waits.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(_settle, future, outcome)


def _settle(future: asyncio.Future[list[str] | OSError], outcome: list[str] | OSError) -> None:
    if not future.done():
        future.set_result(outcome)


def _with_zone(address: tuple[object, ...]) -> str:
    ip = str(address[0])
    return f"{ip}%{address[3]}" if len(address) > 3 and address[3] and "%" not in ip else ip
