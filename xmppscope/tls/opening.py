"""Opens the next record of a direction; behind lost bytes it tries which number and which keys the record has.

TLS does not send record numbers, but every record authenticates only under its own, so that a number that fits is the
right one. How much is tried is bounded, in proportion to the bytes that came. Left out: where records begin.
"""

from collections.abc import Iterable, Iterator

from xmppscope.tls.direction import Direction, Epoch
from xmppscope.tls.handshake import Handshake
from xmppscope.tls.openers import Opened, Opener
from xmppscope.tls.records import Record
from xmppscope.tls.secrets import KeyFinder, Missing


class Failed(Missing, gc=False):
    """No key fits. `passing` tells that later records of this direction can be opened although these cannot."""

    passing: bool = False


def open_record(direction: Direction, record: Record, handshake: Handshake, finder: KeyFinder) -> Opened | Failed:
    """Return type and content of *record*; the direction then expects the one behind it.

    `Failed` without a reason says that there are keys, but the record does not authenticate under them.
    """
    opener: Opener | Missing | None = direction.opener
    if opener is None:
        client = direction is handshake.client
        opener = finder.opener(handshake, client, direction.epoch, direction.generation)
        if not isinstance(opener, Missing):
            direction.opener = opener
    if not isinstance(opener, Missing):
        opened = _try(direction, record, opener, _numbers(direction, opener, record))
        if opened is not None:
            return opened
    passing = False
    for epoch, generation, later in _later(direction, handshake, finder):
        passing = True
        opened = _try(direction, record, later, range(direction.slack + 1))
        if opened is not None:
            number = direction.number
            direction.advance(epoch, generation)
            direction.opener, direction.number = later, number
            return opened
    if isinstance(opener, Missing):
        return Failed(opener.reason, opener.key, opener.hello, passing)
    return Failed("")


def openable(direction: Direction, handshake: Handshake, finder: KeyFinder) -> bool:
    """Tell whether there is any key that the next record of *direction* could have."""
    if direction.opener is not None:
        return True
    client = direction is handshake.client
    if not isinstance(finder.opener(handshake, client, direction.epoch, direction.generation), Missing):
        return True
    return next(_later(direction, handshake, finder), None) is not None


def _try(direction: Direction, record: Record, opener: Opener, numbers: Iterable[int]) -> Opened | None:
    """Open *record* under the first of *numbers* that fits, as far as the allowance goes."""
    for number in numbers:
        opened = opener.open(record.header, record.fragment, number)
        if opened is not None:
            direction.number, direction.slack = number + 1, 0
            return opened
        if not direction.spend(len(record.fragment)):
            break
    return None


def _numbers(direction: Direction, opener: Opener, record: Record) -> Iterator[int]:
    """Yield the numbers that the record may have, the most likely first."""
    first = direction.number
    last = first + direction.slack
    yield first
    if direction.slack:
        guess = opener.number_of(record.fragment)
        if guess is not None and first < guess <= last:
            yield guess
        yield from range(first + 1, last + 1)


def _later(direction: Direction, handshake: Handshake, finder: KeyFinder) -> Iterator[tuple[Epoch, int, Opener]]:
    """Yield the openers of the epochs that may come next, if their keys are known."""
    client = direction is handshake.client
    for epoch, generation in _following(direction, handshake):
        opener = direction.ahead.get((epoch, generation))
        if opener is None:
            found = finder.opener(handshake, client, epoch, generation)
            if isinstance(found, Missing):
                continue
            opener = direction.ahead[epoch, generation] = found
        yield epoch, generation, opener


def _following(direction: Direction, handshake: Handshake) -> list[tuple[Epoch, int]]:
    if not handshake.tls13:
        return [(Epoch.TRAFFIC, 0)] if direction.epoch == Epoch.PLAIN else []
    if direction.epoch == Epoch.TRAFFIC:
        return [(Epoch.TRAFFIC, direction.generation + 1)]
    return [(epoch, 0) for epoch in (Epoch.HANDSHAKE, Epoch.TRAFFIC) if epoch > direction.epoch]
