import random

import pytest

from xmppscope.stats.samples import MOST, Samples


def of(*seconds: float) -> Samples:
    samples = Samples()
    for entry, one in enumerate(seconds, 1):
        samples.add(one, entry)
    return samples


@pytest.mark.parametrize(
    ("seconds", "median", "p95"),
    [
        ((), None, None),
        ((3.0,), 3.0, 3.0),
        ((1.0, 2.0), 1.0, 2.0),
        ((5.0, 1.0, 3.0), 3.0, 5.0),
        (tuple(map(float, range(1, 101))), 50.0, 95.0),
    ],
)
def test_quantiles(seconds: tuple[float, ...], median: float | None, p95: float | None) -> None:
    samples = of(*seconds)
    assert (samples.quantile(0.5), samples.quantile(0.95)) == (median, p95)


def test_the_slowest_is_known_with_its_entry() -> None:
    samples = of(0.2, 0.9, 0.4, 0.9)
    assert (samples.slowest, samples.slowest_entry) == (0.9, 2)


def test_an_answer_at_once_counts() -> None:
    samples = of(0.0)
    assert (samples.quantile(0.5), samples.slowest, samples.slowest_entry) == (0.0, 0.0, 1)


def test_many_samples_take_bounded_memory_and_lose_little() -> None:
    chance = random.Random(4)
    samples = Samples()
    for entry in range(MOST * 5):
        samples.add(chance.random(), entry)
        assert len(samples._kept) <= MOST
    assert samples.quantile(0.5) == pytest.approx(0.5, abs=0.03)
    assert samples.quantile(0.95) == pytest.approx(0.95, abs=0.02)
