"""Values computed before your eyes: what a step's bytes come to, with every intermediate result.

Each function takes a step with its entries and returns names, in the words of the specification, with values.
"""

from collections.abc import Callable
from typing import Final

from xmppscope.lessons.binding import Shown
from xmppscope.lessons.library import Lesson

Pairs = list[tuple[str, str]]
Compute = Callable[[Lesson, Shown], Pairs]


def computed(name: str, lesson: Lesson, shown: Shown) -> Pairs:
    """Return the values called *name*; raise `KeyError` if nothing is."""
    return VALUES[name](lesson, shown)


VALUES: Final[dict[str, Compute]] = {}
"""What computes values, by the name that a plan gives it."""
