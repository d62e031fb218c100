"""The order of SRV targets: priorities, weights by the rule of RFC 2782, chance that a test can choose."""

import random
from collections import Counter
from collections.abc import Callable

import pytest

from xmppscope.model.timeline import ConnectionKind
from xmppscope.proxy.srv import PORTS, Service, Srv, ordered, service_of


def srv(priority: int, weight: int, host: str) -> Srv:
    return Srv(priority, weight, 5222, host)


def dice(*numbers: int) -> Callable[[int, int], int]:
    """Chance that is none; each number must be possible."""
    left = list(numbers)

    def randint(low: int, high: int) -> int:
        number = left.pop(0)
        assert low <= number <= high
        return number

    return randint


def lowest(low: int, high: int) -> int:
    return low


def highest(low: int, high: int) -> int:
    return high


@pytest.mark.parametrize(
    ("records", "randint", "order"),
    [
        ([], lowest, ""),
        ([srv(5, 0, "a")], lowest, "a"),
        ([srv(20, 0, "c"), srv(5, 0, "a"), srv(10, 9, "b")], highest, "abc"),
        ([srv(1, 0, "a"), srv(1, 0, "b")], highest, "ab"),
        # Running sums a 10, b 40, c 100.
        ([srv(1, 10, "a"), srv(1, 30, "b"), srv(1, 60, "c")], dice(10, 30, 60), "abc"),
        ([srv(1, 10, "a"), srv(1, 30, "b"), srv(1, 60, "c")], dice(11, 10, 60), "bac"),
        ([srv(1, 10, "a"), srv(1, 30, "b"), srv(1, 60, "c")], dice(41, 11, 10), "cba"),
        ([srv(1, 10, "a"), srv(1, 30, "b"), srv(1, 60, "c")], highest, "cba"),
        # What has no weight stands first in the sum, so that 0 chooses it and every other number does not.
        ([srv(1, 5, "a"), srv(1, 0, "b")], dice(0, 5), "ba"),
        ([srv(1, 5, "a"), srv(1, 0, "b")], dice(1, 0), "ab"),
        ([srv(2, 0, "c"), srv(1, 1, "a"), srv(1, 65535, "b")], dice(2, 1, 0), "bac"),
    ],
)
def test_order(records: list[Srv], randint: Callable[[int, int], int], order: str) -> None:
    assert "".join(record.host for record in ordered(records, randint)) == order


def test_weights_are_kept_in_the_long_run() -> None:
    records = [srv(1, 60, "a"), srv(1, 30, "b"), srv(1, 10, "c"), srv(0, 1, "first")]
    chance = random.Random(20250301)
    runs = [ordered(records, chance.randint) for _ in range(4000)]
    assert {run[0].host for run in runs} == {"first"}
    assert {len(run) for run in runs} == {4}
    seconds = Counter(run[1].host for run in runs)
    assert 0.55 < seconds["a"] / 4000 < 0.65
    assert 0.25 < seconds["b"] / 4000 < 0.35
    assert 0.07 < seconds["c"] / 4000 < 0.13


@pytest.mark.parametrize(
    ("kind", "direct_tls", "service"),
    [
        ("c2s", False, "xmpp-client"),
        ("c2s", True, "xmpps-client"),
        ("s2s", False, "xmpp-server"),
        ("s2s", True, "xmpps-server"),
        ("unknown", False, "xmpp-client"),
    ],
)
def test_service_of_a_kind(kind: ConnectionKind, direct_tls: bool, service: Service) -> None:
    assert service_of(kind, direct_tls=direct_tls) == service


def test_ports() -> None:
    assert list(PORTS.values()) == [5222, 5223, 5269, 5270]
