"""The shape of the tables that say what the payload of an iq asks, sets or answers."""

from collections.abc import Callable
from typing import NamedTuple

from xmppscope.explain.context import Context
from xmppscope.model.element import Element

Ask = str | Callable[[Element, str, Context], str]
"""A text with ``{who}``, or a function of payload, who is asked (empty: one's own account) and context."""

Tell = Callable[[Element, Context], str]
"""A function of the payload of a result."""


class Tables(NamedTuple):
    """What requests and results say, by the expanded name of the payload; `empty` for results without one."""

    get: dict[str, Ask]
    set: dict[str, Ask]
    result: dict[str, Tell]
    empty: dict[str, str]
