"""Extensions that other packages bring along: entry points of the group `xmppscope.extensions`.

Each is an `Extension` (docs/how-to/add-an-extension.md) and comes behind those of the registry. What cannot be loaded,
or is something else, gives a warning and is left out; so is a handler from the moment on when it raises.
"""

from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final

import msgspec

from xmppscope.cli.main import complain
from xmppscope.model.element import Element
from xmppscope.xeps.descriptor import Extension, Handler, Handlers, Met
from xmppscope.xeps.registry import EXTENSIONS

GROUP: Final = "xmppscope.extensions"


@cache
def installed() -> tuple[Extension, ...]:
    """Return all extensions, those of other packages last; what is wrong with one is said once."""
    found = list(EXTENSIONS)
    for point in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        extension = _load(point)
        if extension is not None:
            found.append(_guarded(extension, point.name))
    return tuple(found)


def _load(point: EntryPoint) -> Extension | None:
    """Load what an entry point names: code of others, of which any exception may come."""
    try:
        extension = point.load()
    except Exception as error:
        _warn(point.name, f"cannot be loaded: {type(error).__name__}: {error}")
        return None
    if not isinstance(extension, Extension):
        _warn(point.name, f"is no Extension but {type(extension).__name__}")
        return None
    return extension


def _guarded(extension: Extension, name: str) -> Extension:
    """Let a fault of the extension end its handler, not the program."""

    def careful(handlers: Handlers) -> dict[str, Handler]:
        return {element: _Careful(handler, name) for element, handler in handlers.items()}

    return msgspec.structs.replace(
        extension,
        elements=careful(extension.elements),
        errors=careful(extension.errors),
        nonzas=careful(extension.nonzas),
        items=careful(extension.items),
    )


class _Careful:
    """A handler of others, and those that it hands over to be called with an answer; the first fault ends it."""

    def __init__(self, handler: Handler, name: str) -> None:
        self._handler: Handler | None = handler
        self._name = name

    def __call__(self, met: Met, element: Element) -> None:
        if self._handler is None:
            return
        try:
            self._handler(_Watched(met, self._follow), element)
        except Exception as error:
            self._handler = None
            _warn(self._name, f"failed at entry {met.entry.entry} and is left out: {type(error).__name__}: {error}")

    def _follow(self, handler: Handler) -> Handler:
        return _Careful(handler, self._name)


class _Watched(Met):
    """What was met, for a handler of others."""

    __slots__ = ("_follow",)

    def __init__(self, met: Met, follow: Callable[[Handler], Handler]) -> None:
        super().__init__(met.entry, met.stanza, met.place)
        self._follow = follow

    def expect(self, handler: Handler) -> None:
        """Have *handler* called with the answer, as carefully."""
        super().expect(self._follow(handler))


def _warn(name: str, trouble: str) -> None:
    complain(f"warning: the extension {name} {trouble}; see the package that brings it")
