"""The proxy's clock against one of the system that is set while it runs."""

import pytest

from xmppscope.proxy import server

SECOND = 1_000_000_000
HOUR = 3600 * SECOND


class Time:
    """Stands in for the module `time`: `set` steps the time of day, `passes` lets real time go by."""

    def __init__(self) -> None:
        self._day, self._since_boot = 1_790_000_000 * SECOND, 5 * SECOND

    def time_ns(self) -> int:
        return self._day

    def monotonic_ns(self) -> int:
        return self._since_boot

    def step(self, by: int) -> None:
        self._day += by

    def passes(self, nanoseconds: int) -> None:
        self._day += nanoseconds
        self._since_boot += nanoseconds


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Time:
    """The system's clocks."""
    faked = Time()
    monkeypatch.setattr(server, "time", faked)
    return faked


def test_it_begins_with_the_time_of_day(system: Time) -> None:
    assert server.Clock()() == 1_790_000_000 * SECOND


@pytest.mark.parametrize("step", [-HOUR, HOUR, -50 * 365 * 24 * HOUR])
def test_a_step_of_the_time_of_day_is_none_of_its_own(system: Time, step: int) -> None:
    clock = server.Clock()
    before = clock()
    system.passes(SECOND)
    system.step(step)
    assert clock() == before + SECOND
    system.passes(SECOND)
    assert clock() == before + 2 * SECOND


def test_it_counts_whole_microseconds_and_never_goes_back(system: Time) -> None:
    clock = server.Clock()
    times = []
    for number in range(5000):
        system.passes(number % 700)
        system.step(number % 3 - 1)
        times.append(clock())
    assert times == sorted(times)
    assert {time % 1000 for time in times} == {0}
