"""The system's address lookup: shared, bounded in number, and never waited for by the end of the program."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest

from xmppscope.proxy import lookup as subject
from xmppscope.proxy.lookup import SystemLookup, numeric

Found = list[tuple[int, int, int, str, tuple[object, ...]]]


def entry(ip: str, scope: int = 0) -> tuple[int, int, int, str, tuple[object, ...]]:
    if ":" in ip:
        return socket.AF_INET6, socket.SOCK_STREAM, 6, "", (ip, 0, 0, scope)
    return socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 0)


class SlowSystem:
    """A getaddrinfo that waits to be let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.asked: list[str] = []
        self.answer: Found | OSError = [entry("192.0.2.1")]

    def __call__(self, host: bytes, port: None, **_: object) -> Found:
        self.asked.append(host.decode())
        self.go.wait()
        if isinstance(self.answer, OSError):
            raise self.answer
        return self.answer


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowSystem]:
    slow = SlowSystem()
    with monkeypatch.context() as patch:
        patch.setattr(subject.socket, "getaddrinfo", slow)
        yield slow
        slow.go.set()


def test_the_names_of_this_machine() -> None:
    found = asyncio.run(SystemLookup().addresses("localhost"))
    assert set(found) & {"127.0.0.1", "::1"}
    assert len(found) == len(set(found))


def test_order_and_zones_are_the_systems(system: SlowSystem) -> None:
    system.answer = [entry("2001:db8::1"), entry("192.0.2.1"), entry("192.0.2.1"), entry("fe80::1", 3)]
    system.go.set()
    assert asyncio.run(SystemLookup().addresses("a.test")) == ["2001:db8::1", "192.0.2.1", "fe80::1%3"]


def test_the_systems_error_comes_through(system: SlowSystem) -> None:
    system.answer = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    system.go.set()
    with pytest.raises(socket.gaierror):
        asyncio.run(SystemLookup().addresses("a.test"))


def test_one_question_serves_all_who_ask(system: SlowSystem) -> None:
    async def run() -> list[list[str]]:
        lookup = SystemLookup()
        tasks = [asyncio.create_task(lookup.addresses("a.test")) for _ in range(50)]
        await asyncio.sleep(0)
        tasks[0].cancel()  # one who loses patience does not take the answer from the others
        system.go.set()
        await asyncio.wait(tasks)
        await lookup.addresses("a.test")
        return [await task for task in tasks[1:]]

    assert asyncio.run(run()) == [["192.0.2.1"]] * 49
    assert system.asked == ["a.test"] * 2


def test_threads_are_bounded(system: SlowSystem) -> None:
    async def run() -> int:
        lookup = SystemLookup()
        before = set(threading.enumerate())
        tasks = [asyncio.create_task(lookup.addresses(f"{number}.test")) for number in range(40)]
        await asyncio.sleep(0)
        threads = len(set(threading.enumerate()) - before)
        system.go.set()
        await asyncio.gather(*tasks)
        return threads

    assert asyncio.run(run()) == 16
    assert sorted(system.asked) == sorted(f"{number}.test" for number in range(40))


def test_a_lookup_that_hangs_does_not_hold_up_the_end(system: SlowSystem) -> None:
    async def run() -> None:
        async with asyncio.timeout(0.01):
            await SystemLookup().addresses("a.test")

    with pytest.raises(TimeoutError):
        asyncio.run(run())
    assert not system.go.is_set()
    waiting = [thread for thread in threading.enumerate() if thread.name == "address lookup"]
    assert [thread.daemon for thread in waiting] == [True]
    system.go.set()  # the loop is gone: the answer is dropped, without a word
    waiting[0].join()


def test_numeric() -> None:
    assert numeric("127.0.0.1", 5222) == (socket.AF_INET, ("127.0.0.1", 5222))
    assert numeric("::1", 5222) == (socket.AF_INET6, ("::1", 5222, 0, 0))
    with pytest.raises(socket.gaierror):
        numeric("a.test", 5222)
