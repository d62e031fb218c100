"""What the viewer's server answers: the page, its files, pages of the timeline, one entry in full, a filter, and live.

What it serves (the page, the explanations, the filter language) stands in layers beside this one and is handed in as a
`Face`. Live, a page is sent batches ten times a second. One that is slow falls behind alone: if it is too far, it is
told how many records it is not shown, and goes on near the end. Whoever fills the timeline waits for nobody.
"""

import asyncio
import contextlib
from typing import Any, Final, Protocol

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from xmppscope.model.errors import XmppscopeError
from xmppscope.model.timeline import Entry
from xmppscope.viewer.timeline import Test, Timeline

PAGE: Final = 5000
"""Records that are sent at once."""

BEHIND: Final = 20_000
"""Records that a live page may be behind before some are left out."""

_BEAT: Final = 0.1
_LONGEST: Final = 10_000


class Face(Protocol):
    """What the server is given to serve."""

    def page(self) -> bytes:
        """Return the page."""

    def static(self, name: str) -> tuple[bytes, str] | None:
        """Return a file of the page with its media type."""

    def explain(self, entry: Entry) -> dict[str, Any]:
        """Return the texts about an entry."""

    def rules(self) -> dict[str, Any]:
        """Return what is to be said about every rule."""

    def states(self) -> dict[int, Any]:
        """Return the changes of states so far, by connection."""

    def compile(self, expression: str) -> Test:
        """Return the test that *expression* is; raises an `XmppscopeError` that says where it is wrong."""


def application(timeline: Timeline, face: Face) -> Starlette:
    """Return the application."""
    served = _Served(timeline, face)
    return Starlette(
        routes=[
            Route("/", served.page),
            Route("/static/{name:str}", served.static),
            Route("/api/about", served.about),
            Route("/api/records", served.records),
            Route("/api/entry/{number:str}", served.entry),
            Route("/api/states", served.states),
            Route("/api/filter", served.filter),
            WebSocketRoute("/live", served.live),
        ]
    )


class _Served:
    """The answers. What may take long is no coroutine: starlette runs it in a thread."""

    def __init__(self, timeline: Timeline, face: Face) -> None:
        self._timeline = timeline
        self._face = face
        self._encode = msgspec.json.Encoder().encode

    def page(self, _request: Request) -> Response:
        return Response(self._face.page(), media_type="text/html")

    def static(self, request: Request) -> Response:
        found = self._face.static(request.path_params["name"])
        if found is None:
            return PlainTextResponse("there is no such file\n", 404)
        return Response(found[0], media_type=found[1])

    def about(self, _request: Request) -> Response:
        return self._json({"meta": self._timeline.meta, "rules": self._face.rules()})

    def records(self, request: Request) -> Response:
        first = _number(request.query_params.get("from"))
        done = self._timeline.done
        lines = self._timeline.page(first, PAGE)
        return Response(_batch(lines, first + len(lines), 0, done=done), media_type="application/json")

    def entry(self, request: Request) -> Response:
        entry = self._timeline.entry(_number(request.path_params["number"]))
        if entry is None:
            return PlainTextResponse("there is no such entry\n", 404)
        return self._json({"entry": entry, **self._face.explain(entry)})

    def states(self, _request: Request) -> Response:
        return self._json(self._face.states())

    def filter(self, request: Request) -> Response:
        expression = request.query_params.get("q", "")[: _LONGEST + 1]
        try:
            test = self._face.compile(expression)
        except XmppscopeError as error:
            return self._json({"error": _told(error)})
        return self._json({"entries": self._timeline.matching(test)})

    async def live(self, socket: WebSocket) -> None:
        """Send what comes until the page goes away."""
        await socket.accept()
        gone = asyncio.ensure_future(_until_gone(socket))
        place = _number(socket.query_params.get("from"))
        left = 0
        self._timeline.watched += 1
        try:
            while not gone.done():
                if len(self._timeline) - place > BEHIND:
                    skipped = len(self._timeline) - PAGE - place
                    place, left = place + skipped, left + skipped
                    await socket.send_bytes(_batch(self._timeline.connections(), place, left, done=False))
                done = self._timeline.done
                lines = self._timeline.page(place, PAGE)
                place += len(lines)
                if lines or done:
                    await socket.send_bytes(_batch(lines, place, left, done=done and not lines))
                if done and not lines:
                    break
                await asyncio.wait([gone], timeout=_BEAT)
        except WebSocketDisconnect:
            return
        finally:
            self._timeline.watched -= 1
            gone.cancel()
        with contextlib.suppress(RuntimeError):  # it has gone away in between
            await socket.close()

    def _json(self, value: object) -> Response:
        return Response(self._encode(value), media_type="application/json")


async def _until_gone(socket: WebSocket) -> None:
    """Wait until the page has closed the connection; what it sends means nothing."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


def _batch(lines: list[bytes], place: int, left: int, *, done: bool) -> bytes:
    head = f'{{"next":{place},"left":{left},"done":{"true" if done else "false"},"records":['
    return b"".join((head.encode(), b",".join(lines), b"]}"))


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 16 else 0


def _told(error: XmppscopeError) -> dict[str, object]:
    """Return what is wrong with an expression and, where it says so, at which place."""
    known = {"problem": str(error), "column": 0, "length": 1}
    return {name: getattr(error, name, value) for name, value in known.items()}
