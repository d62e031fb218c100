"""Gets to a server: target after target, the addresses of each raced (RFC 8305), all within a bounded time.

Of every address that was not reached the reason is kept, in words for the timeline. That is why the race is run here:
aiohappyeyeballs keeps no error of its own for each address, and "refused" over IPv4 beside "unreachable" over IPv6 is
what everybody meets who forgot to start the server.
"""

import asyncio
import errno
import os
import socket
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from xmppscope.model.plaintext import cut
from xmppscope.proxy.host import Target, shown
from xmppscope.proxy.itself import Avoid
from xmppscope.proxy.lookup import Address, numeric
from xmppscope.proxy.resolve import Addresses
from xmppscope.proxy.upstream import ADVICE

Fault = Literal["itself", "refused", "silent", "unreachable", "unresolved", "untried"]

_ADVICE: Final[dict[Fault, str]] = {
    "itself": ADVICE,
    "refused": "start the server, or name another: --upstream HOST:PORT",
    "silent": "see whether it runs and whether a firewall is before it, or name another: --upstream HOST:PORT",
    "unreachable": "see to the network, or name another server: --upstream HOST:PORT",
    "unresolved": ADVICE,
    "untried": ADVICE,
}
"""What to do about each fault, the most telling first."""

_REASONS: Final[dict[int, tuple[Fault, str]]] = {
    errno.ECONNREFUSED: ("refused", "refused the connection"),
    errno.ECONNRESET: ("refused", "reset the connection at once"),
    errno.ETIMEDOUT: ("silent", "did not answer"),
    errno.ENETUNREACH: ("unreachable", "cannot be reached: network unreachable"),
    errno.EHOSTUNREACH: ("unreachable", "cannot be reached: host unreachable"),
}

_DELAY: Final = 0.25  # RFC 8305 §5: "a recommended value for a default delay is 250 milliseconds"
_LEAST_SHARE: Final = 0.2  # of the time, for one target of many
_TOO_LITTLE: Final = 0.01
_UNTRIED: Final = "was not tried: no time was left"
_NAMED: Final = 4
_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class Attempt:
    """An address that was not reached, and why: `reason` goes on where `address` ends."""

    address: str
    reason: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class Dialled:
    """A connected socket, non-blocking; `address` is its far end, `local` its near one, `before` what failed first."""

    socket: socket.socket
    address: str
    local: str
    before: list[Attempt] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class NotReached:
    """Nothing was reached: what was tried, what to say of it and what to do."""

    attempts: list[Attempt]

    @property
    def text(self) -> str:
        """The words for the timeline: what has failed for the same reason stands together."""
        return told(self.attempts) or "there is nowhere to go"

    @property
    def advice(self) -> str:
        """What to do, by the most telling fault."""
        faults = {attempt.fault for attempt in self.attempts}
        return next((advice for fault, advice in _ADVICE.items() if fault in faults), ADVICE)


class AddressSource(Protocol):
    """What knows addresses: a `Resolver`."""

    async def addresses(self, target: Target) -> Addresses:
        """Return the addresses of a target."""


async def dial(
    targets: Sequence[Target], resolver: AddressSource, *, avoid: Avoid, timeout: float = 10.0
) -> Dialled | NotReached:
    """Connect to the first target that can be reached, in *timeout* seconds in all.

    What *avoid* says yes to is never dialled. Cancelled, it leaves no socket behind.
    """
    clock = asyncio.get_running_loop().time
    end = clock() + timeout
    attempts: list[Attempt] = []
    for number, target in enumerate(targets):
        left = end - clock()
        if left < timeout * _TOO_LITTLE:
            attempts.append(Attempt(_name(target), _UNTRIED, "untried"))
            continue
        share = min(left, max(left / (len(targets) - number), timeout * _LEAST_SHARE))
        reached = await _try(target, resolver, avoid, share, attempts)
        if reached is not None:
            address, connected = reached
            return Dialled(connected, shown(*address[1:]), _local(connected), attempts)
    return NotReached(attempts)


def told(attempts: Iterable[Attempt]) -> str:
    """Return attempts in one line: ``127.0.0.1:5222 refused the connection``."""
    by_reason: dict[str, list[str]] = {}
    for attempt in attempts:
        by_reason.setdefault(attempt.reason, []).append(attempt.address)
    return "; ".join(f"{_together(addresses)} {reason}" for reason, addresses in by_reason.items())


async def _try(
    target: Target, resolver: AddressSource, avoid: Avoid, seconds: float, attempts: list[Attempt]
) -> tuple[Address, socket.socket] | None:
    """Connect to one target within so many seconds, or add to *attempts* why not."""
    end = asyncio.get_running_loop().time() + seconds
    try:
        async with asyncio.timeout(seconds):
            found, trouble = await resolver.addresses(target)
    except TimeoutError:
        found, trouble = [], f"cannot be looked up: no answer in {seconds:.2g} s"
    if not found:
        attempts.append(Attempt(cut(target.host, _SHOWN), trouble, "unresolved"))
        return None
    allowed = [address for address in found if not avoid(address.ip, address.port)]
    attempts += [_attempt(address, "is this proxy itself", "itself") for address in found if address not in allowed]
    return await _race(allowed, end, f"did not answer in {seconds:.2g} s", attempts)


async def _race(
    addresses: list[Address], end: float, silence: str, attempts: list[Attempt]
) -> tuple[Address, socket.socket] | None:
    """Start one address after the other, each when the one before failed or lets wait; the first to connect wins."""
    clock = asyncio.get_running_loop().time
    waiting = deque(addresses)
    running: dict[asyncio.Task[socket.socket], Address] = {}
    try:
        while (waiting or running) and clock() < end:
            if waiting:
                address = waiting.popleft()
                running[asyncio.create_task(_connect(address))] = address
            left = max(0.0, end - clock())
            wait = min(left, _DELAY) if waiting else left
            done, _ = await asyncio.wait(running, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                error = task.exception()
                if error is None:
                    return running.pop(task), task.result()
                attempts.append(_failed(running.pop(task), error))
        attempts += [_attempt(address, silence, "silent") for address in running.values()]
        attempts += [_attempt(address, _UNTRIED, "untried") for address in waiting]
        return None
    finally:
        for task in running:
            task.add_done_callback(_discard)
            task.cancel()


async def _connect(address: Address) -> socket.socket:
    family, where = numeric(address.ip, address.port)
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, where)
        # On loopback a connection to a port that nobody listens on may get this very port, and so meet itself.
        if sock.getsockname() == where:
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
    except BaseException:
        sock.close()
        raise
    return sock


def _discard(task: asyncio.Task[socket.socket]) -> None:
    """Close what came too late to be wanted."""
    if not task.cancelled() and task.exception() is None:
        task.result().close()


def _failed(address: Address, error: BaseException) -> Attempt:
    if not isinstance(error, OSError):
        raise error
    fault, reason = _REASONS.get(error.errno or 0, ("unreachable", ""))
    words = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
    return _attempt(address, reason or f"cannot be reached: {words[:1].lower()}{words[1:]}", fault)


def _attempt(address: Address, reason: str, fault: Fault) -> Attempt:
    return Attempt(shown(address.ip, address.port), reason, fault)


def _local(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return shown(host, port)


def _name(target: Target) -> str:
    return shown(cut(target.host, _SHOWN), target.port)


def _together(addresses: list[str]) -> str:
    named = addresses if len(addresses) <= _NAMED else [*addresses[: _NAMED - 1], f"{len(addresses) - _NAMED + 1} more"]
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
