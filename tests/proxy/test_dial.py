"""Dialling: the first that answers is taken, what did not is named with its reason, and no socket is left behind."""

import asyncio
import contextlib
import errno
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator

import pytest

from tests.proxy.dns_server import free_port
from xmppscope.proxy import dial as subject
from xmppscope.proxy.dial import Attempt, Dialled, NotReached, dial, told
from xmppscope.proxy.host import Target
from xmppscope.proxy.itself import Avoid, itself
from xmppscope.proxy.lookup import Address
from xmppscope.proxy.resolve import Addresses, Resolver
from xmppscope.proxy.upstream import ADVICE

NOBODY = itself([])
START = "start the server, or name another: --upstream HOST:PORT"


class Book:
    """Knows addresses by heart: of literals themselves, of names what stands in it."""

    def __init__(self, **names: list[str]) -> None:
        self.names = names

    async def addresses(self, target: Target) -> Addresses:
        ips = self.names.get(target.host, [target.host])
        found = [Address(socket.AF_INET6 if ":" in ip else socket.AF_INET, ip, target.port) for ip in ips]
        return Addresses(found, "" if found else "has no address")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


@pytest.fixture
def silent() -> Iterator[Target]:
    """A listener that has no room for another connection, so that the system drops whoever comes."""
    if sys.platform != "linux":
        pytest.skip("only Linux keeps to a backlog of none")
    with contextlib.ExitStack() as stack:
        sock = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(sock.getsockname())
        yield Target(*sock.getsockname())


@pytest.fixture
def sockets() -> Callable[[], int]:
    """How many sockets are open that were not open before."""

    def count() -> int:
        links = (os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd"))  # noqa: PTH118, PTH208
        return sum(read(link).startswith("socket:") for link in links)

    def read(link: str) -> str:
        try:
            return os.readlink(link)  # noqa: PTH115
        except OSError:
            return ""

    if not os.path.isdir("/proc/self/fd"):  # noqa: PTH112
        pytest.skip("open files cannot be listed on this system")
    before = count()
    return lambda: count() - before


def target(sock: socket.socket) -> Target:
    return Target(*sock.getsockname()[:2])


def run(
    *targets: Target, book: Book | Resolver | None = None, avoid: Avoid = NOBODY, timeout: float = 10.0
) -> Dialled | NotReached:
    return asyncio.run(dial(targets, book or Book(), avoid=avoid, timeout=timeout))


def failure(*targets: Target, book: Book | Resolver | None = None, avoid: Avoid = NOBODY, timeout: float = 10.0) -> str:
    outcome = run(*targets, book=book, avoid=avoid, timeout=timeout)
    assert isinstance(outcome, NotReached)
    return f"{outcome.text} | {outcome.advice}"


def success(*targets: Target, book: Book | None = None, avoid: Avoid = NOBODY, timeout: float = 10.0) -> Dialled:
    outcome = run(*targets, book=book, avoid=avoid, timeout=timeout)
    assert isinstance(outcome, Dialled), outcome
    outcome.socket.close()
    return outcome


class Wire:
    """A network of one's own: to each address what happens to who connects to it; the order is written down."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **fates: Callable[[], Awaitable[socket.socket]]) -> None:
        self.fates = {name.replace("_", "."): fate for name, fate in fates.items()}
        self.dialled: list[str] = []
        monkeypatch.setattr(subject, "_connect", self.connect)

    async def connect(self, address: Address) -> socket.socket:
        self.dialled.append(address.ip)
        return await self.fates[address.ip]()


def answers(made: list[socket.socket] | None = None) -> Callable[[], Awaitable[socket.socket]]:
    async def connect() -> socket.socket:
        sock = socket.socket()
        if made is not None:
            made.append(sock)
        sock.bind(("127.0.0.1", 0))
        return sock

    return connect


async def hangs() -> socket.socket:
    await asyncio.Event().wait()
    raise AssertionError


def fails(number: int) -> Callable[[], Awaitable[socket.socket]]:
    async def connect() -> socket.socket:
        raise OSError(number, os.strerror(number))

    return connect


def test_connected(listener: socket.socket) -> None:
    async def talk() -> bytes:
        dialled = await dial([target(listener)], Book(), avoid=NOBODY)
        assert isinstance(dialled, Dialled)
        accepted, peer = listener.accept()
        with accepted, dialled.socket:
            assert dialled.local == f"127.0.0.1:{peer[1]}"
            assert dialled.address == str(target(listener))
            assert dialled.socket.getblocking() is False
            accepted.sendall(b"hello")
            return await asyncio.get_running_loop().sock_recv(dialled.socket, 100)

    assert asyncio.run(talk()) == b"hello"


def test_connected_over_ipv6() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
        dialled = success(target(listener))
        assert dialled.address == f"[::1]:{listener.getsockname()[1]}"
        assert dialled.local.startswith("[::1]:")


def test_refused() -> None:
    port = free_port()
    assert failure(Target("127.0.0.1", port)) == f"127.0.0.1:{port} refused the connection | {START}"


def test_both_families_refused() -> None:
    port, book = free_port(), Book(both=["::1", "127.0.0.1"])
    assert failure(Target("both", port), book=book).startswith(f"[::1]:{port} and 127.0.0.1:{port} refused the ")


def test_silent(silent: Target) -> None:
    words = failure(silent, timeout=0.05)
    assert words.startswith(f"{silent} did not answer in 0.05 s | see whether it runs ")


def test_seconds_are_told_without_fractions(monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[float] = []

    async def give_up(addresses: list[Address], end: float, silence: str, attempts: list[Attempt]) -> None:
        ends.append(end)
        attempts.append(Attempt("192.0.2.9:5222", silence, "silent"))

    monkeypatch.setattr(subject, "_race", give_up)
    assert failure(Target("192.0.2.9", 5222)).startswith("192.0.2.9:5222 did not answer in 10 s | ")
    assert len(ends) == 1


def test_a_silent_address_does_not_hold_up_the_other_family(
    monkeypatch: pytest.MonkeyPatch, silent: Target, listener: socket.socket
) -> None:
    monkeypatch.setattr(subject, "_DELAY", 0.01)
    wire = Wire(monkeypatch, **{"::1": hangs, "127_0_0_1": answers()})
    assert success(Target("both", 5222), book=Book(both=["::1", "127.0.0.1"])).address == "127.0.0.1:5222"
    assert wire.dialled == ["::1", "127.0.0.1"]


def test_a_failed_address_is_followed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "_DELAY", 1000.0)
    Wire(monkeypatch, **{"::1": fails(errno.ENETUNREACH), "127_0_0_1": answers()})
    dialled = success(Target("both", 5222), book=Book(both=["::1", "127.0.0.1"]))
    assert dialled.before == [Attempt("[::1]:5222", "cannot be reached: network unreachable", "unreachable")]


def test_a_quick_address_is_the_only_one_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(monkeypatch, **{"::1": answers(), "127_0_0_1": answers()})
    assert success(Target("both", 5222), book=Book(both=["::1", "127.0.0.1"])).address == "[::1]:5222"
    assert wire.dialled == ["::1"]


def test_only_one_of_several_winners_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[socket.socket] = []
    gate: list[asyncio.Event] = []

    async def together() -> socket.socket:
        gate.append(asyncio.Event())
        if len(gate) == 2:
            for event in gate:
                event.set()
        await gate[-1].wait()
        return await answers(made)()

    monkeypatch.setattr(subject, "_DELAY", 0.001)
    Wire(monkeypatch, **{"::1": together, "127_0_0_1": together})
    success(Target("both", 5222), book=Book(both=["::1", "127.0.0.1"]))
    assert [sock.fileno() for sock in made] == [-1, -1]  # one closed by the test, the other by the race


def test_the_next_target_when_one_fails(listener: socket.socket) -> None:
    port = free_port()
    dialled = success(Target("127.0.0.1", port), target(listener))
    assert dialled.address == str(target(listener))
    assert told(dialled.before) == f"127.0.0.1:{port} refused the connection"


def test_time_is_shared_among_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(monkeypatch, **{"192_0_2_1": hangs, "192_0_2_2": answers()})
    dialled = success(Target("192.0.2.1", 5222), Target("192.0.2.2", 5222), timeout=0.1)
    assert dialled.address == "192.0.2.2:5222"
    assert wire.dialled == ["192.0.2.1", "192.0.2.2"]
    assert told(dialled.before) == "192.0.2.1:5222 did not answer in 0.05 s"


def test_many_silent_targets_share_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = [f"192.0.2.{number}" for number in range(12)]
    wire = Wire(monkeypatch, **{host.replace(".", "_"): hangs for host in hosts})
    outcome = run(*(Target(host, 5222) for host in hosts), timeout=0.1)
    assert isinstance(outcome, NotReached)
    assert [attempt.address for attempt in outcome.attempts] == [f"{host}:5222" for host in hosts]
    assert len(wire.dialled) == [attempt.fault for attempt in outcome.attempts].count("silent")
    assert 1 < len(wire.dialled) < 12


def test_many_addresses_and_little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = [f"192.0.2.{number}" for number in range(6)]
    Wire(monkeypatch, **{host.replace(".", "_"): hangs for host in hosts})
    words = failure(Target("all", 5222), book=Book(all=hosts), timeout=0.02)
    assert words.startswith("192.0.2.0:5222 did not answer in 0.02 s; 192.0.2.1:5222, 192.0.2.2:5222, 192.0.2.3:5222 ")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ECONNREFUSED, f"refused the connection | {START}"),
        (errno.ECONNRESET, f"reset the connection at once | {START}"),
        (errno.ETIMEDOUT, "did not answer | see whether it runs"),
        (errno.ENETUNREACH, "cannot be reached: network unreachable | see to the network"),
        (errno.EHOSTUNREACH, "cannot be reached: host unreachable | see to the network"),
        (errno.EPERM, "cannot be reached: operation not permitted | see to the network"),
        (errno.EMFILE, "cannot be reached: too many open files | see to the network"),
    ],
)
def test_words(monkeypatch: pytest.MonkeyPatch, number: int, words: str) -> None:
    Wire(monkeypatch, **{"192_0_2_9": fails(number)})
    assert failure(Target("192.0.2.9", 5222)).startswith(f"192.0.2.9:5222 {words}")


def test_no_address() -> None:
    words = failure(Target("nowhere.test", 5222), book=Book(**{"nowhere.test": []}))
    assert words == f"nowhere.test has no address | {ADVICE}"


def test_a_lookup_that_hangs() -> None:
    class Mute(Book):
        async def addresses(self, target: Target) -> Addresses:
            await asyncio.Event().wait()
            raise AssertionError

    words = failure(Target("a.test", 5222), book=Mute(), timeout=0.02)
    assert words == f"a.test cannot be looked up: no answer in 0.02 s | {ADVICE}"


def test_hostile_names_are_made_visible() -> None:
    words = failure(Target("a\x1b[2J\n", 5222), book=Resolver())
    name = "a\\x1b[2J\\n is not a name that can be looked up: it has characters that no host name has"
    assert words == f"{name} | {ADVICE}"


def test_an_unknown_zone() -> None:
    assert "cannot be reached: " in failure(Target("fe80::1%nosuchzone", 5222))


def test_nowhere() -> None:
    assert failure() == f"there is nowhere to go | {ADVICE}"


def test_itself_is_never_dialled(listener: socket.socket) -> None:
    avoid = itself([("127.0.0.1", target(listener).port)])
    assert failure(target(listener), avoid=avoid) == f"{target(listener)} is this proxy itself | {ADVICE}"
    listener.settimeout(0)
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_another_address_of_a_name_is_dialled_although_one_is_itself(listener: socket.socket) -> None:
    port = target(listener).port
    dialled = success(Target("both", port), book=Book(both=["::1", "127.0.0.1"]), avoid=itself([("::1", port)]))
    assert dialled.address == f"127.0.0.1:{port}"
    assert told(dialled.before) == f"[::1]:{port} is this proxy itself"


def test_a_connection_to_itself_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    # A port that nobody listens on is, once in thousands, given to the very connection that is made to it.
    port = free_port()

    class Bound(socket.socket):
        def connect(self, address: object) -> None:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.bind(("127.0.0.1", port))
            super().connect(address)

    monkeypatch.setattr(subject.socket, "socket", Bound)
    assert failure(Target("127.0.0.1", port)).startswith(f"127.0.0.1:{port} refused the connection")


def test_cancelled_while_it_waits(silent: Target, sockets: Callable[[], int]) -> None:
    async def give_up() -> None:
        before = sockets()
        task = asyncio.create_task(dial([silent], Book(), avoid=NOBODY))
        while sockets() == before:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)  # what was under way is told to end, and does so before anything else happens
        assert sockets() == before

    asyncio.run(give_up())


def test_cancelled_at_every_step(listener: socket.socket, sockets: Callable[[], int]) -> None:
    """Whenever it is cancelled, it ends cancelled or connected, and the caller has all sockets that are open."""

    async def give_up(steps: int) -> bool:
        task = asyncio.create_task(dial([Target("both", target(listener).port)], book, avoid=NOBODY))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        try:
            outcome = await task
        except asyncio.CancelledError:
            return False
        assert isinstance(outcome, Dialled)
        outcome.socket.close()
        return True

    book = Book(both=["127.0.0.1", "::1"])
    before, finished = sockets(), []
    for steps in range(20):
        finished.append(asyncio.run(give_up(steps)))
        assert sockets() == before
    assert finished[0] is False
    assert finished[-1] is True


def test_a_fault_of_ours_is_not_taken_for_the_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    async def wrong() -> socket.socket:
        raise ZeroDivisionError

    Wire(monkeypatch, **{"192_0_2_9": wrong})
    with pytest.raises(ZeroDivisionError):
        run(Target("192.0.2.9", 5222))
