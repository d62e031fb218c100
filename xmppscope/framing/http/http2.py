"""HTTP/2 on one connection: streams as exchanges (RFC 9113 §8), extended CONNECT as tunnels (RFC 8441).

Flow control, priorities and pushed streams do not concern a bystander. A response that was captured before its request
waits for it, within bounds, as in HTTP/1.
"""

from typing import Final

import msgspec
from hyperframe.frame import DataFrame, Frame, RstStreamFrame, SettingsFrame

from xmppscope.framing.http import bounds
from xmppscope.framing.http.coding import decode
from xmppscope.framing.http.events import (
    BodyDone,
    Headers,
    HttpEvent,
    HttpFault,
    RequestHead,
    Reset,
    ResponseHead,
    TunnelData,
    Upgraded,
)
from xmppscope.framing.http.frames import Block, Content, FrameError, Frames

_HOLE: Final = "bytes of it are not in the capture"


class Body(msgspec.Struct):
    """What one side has sent on a stream so far."""

    begun: bool = False
    done: bool = False
    start: int = 0
    end: int = 0
    parts: list[bytes] = []
    size: int = 0
    encoding: str = ""
    fault: str = ""


class Stream(msgspec.Struct):
    """One exchange: what it asks for, and both bodies by side."""

    exchange: int
    protocol: str
    bodies: tuple[Body, Body]
    tunnel: bool = False


class Streams:
    """Both sides of a connection that speaks HTTP/2; *client* is the side that asks."""

    def __init__(self, client: int) -> None:
        self._client = client
        self._frames = (Frames(preface=client == 0), Frames(preface=client == 1))
        self._over = [False, False]
        self._streams: dict[int, Stream] = {}
        self._highest = 0
        self._exchange = 0
        self._kept = 0
        self._held = False
        self._loose = False
        self._out: list[HttpEvent] = []

    def feed(self, side: int, data: bytes) -> list[HttpEvent]:
        """Take the next bytes of one side."""
        frames = self._frames[side]
        if self._over[side]:
            frames.at += len(data)
            return []
        frames.rest += data
        self._pump(side)
        if side == self._client and self._held:
            self._held = False
            self._pump(1 - side)
        return self._take()

    def lost(self, side: int, length: int | None) -> list[HttpEvent]:
        """Note that bytes of one side are missing."""
        if not self._over[side]:
            try:
                self._frames[side].lost(length)
            except FrameError as error:
                self._give_up(side, error)
            else:
                self._pump(side)
        return self._take()

    def close(self, side: int) -> list[HttpEvent]:
        """Take the end of one side: streams that it has not ended are torn."""
        self._loose = True
        self._held = False
        self._pump(side)
        at = self._frames[side].at
        if not self._over[side] and self._frames[side].rest:
            self._out.append(HttpFault(side, at, at + len(self._frames[side].rest), "ends inside a frame"))
        self._over[side] = True
        for number in list(self._streams):
            stream = self._streams[number]
            if stream.bodies[side].begun and not stream.bodies[side].done and not stream.tunnel:
                stream.bodies[side].fault = stream.bodies[side].fault or "ends too soon"
                self._end(stream, side, number)
            elif side != self._client and not stream.bodies[side].begun:
                self._drop(number, side, at, at, -1)
        return self._take()

    def _pump(self, side: int) -> None:
        frames = self._frames[side]
        try:
            while not self._over[side] and not (self._held and side != self._client):
                rest, at = frames.rest, frames.at
                found = frames.next()
                if found is None:
                    return
                if self._must_wait(side, found[0]):
                    frames.rest, frames.at = rest, at
                    self._held = True
                    return
                self._frame(side, frames, *found)
        except FrameError as error:
            self._give_up(side, error)

    def _must_wait(self, side: int, frame: Frame) -> bool:
        early = side != self._client and frame.stream_id % 2 == 1 and frame.stream_id > self._highest
        self._loose = self._loose or len(self._frames[side].rest) > bounds.HELD
        return early and not self._loose

    def _frame(self, side: int, frames: Frames, frame: Frame, start: int, end: int) -> None:
        block = frames.block(frame, start, end)
        if block is not None:
            self._headers(side, block)
        elif isinstance(frame, DataFrame):
            self._data(side, frames.content(frame, start, end))
        elif isinstance(frame, RstStreamFrame):
            self._drop(frame.stream_id, side, start, end, frame.error_code)
        elif isinstance(frame, SettingsFrame):
            table = frames.settings(frame)
            if table is not None:
                self._frames[1 - side].allow(table)

    def _headers(self, side: int, block: Block) -> None:
        if block.pushed or block.stream % 2 == 0:
            return
        stream = self._streams.get(block.stream)
        if stream is None:
            stream = self._open(side, block.stream)
            if stream is None:
                return
        body = stream.bodies[side]
        if not body.begun and not self._head(side, stream, block, body):
            return
        if block.last:
            body.end = body.end or block.end
            self._end(stream, side, block.stream)

    def _open(self, side: int, number: int) -> Stream | None:
        """Return a new exchange; none for what has been dropped."""
        if number <= self._highest and side == self._client:
            return None
        self._highest = max(self._highest, number)
        self._exchange += 1
        if len(self._streams) >= bounds.PENDING:
            self._drop(next(iter(self._streams)), side, 0, 0, -1)
        stream = self._streams[number] = Stream(self._exchange, "", (Body(parts=[]), Body(parts=[])))
        return stream

    def _head(self, side: int, stream: Stream, block: Block, body: Body) -> bool:
        """Tell of a head; return False if it is an interim one."""
        special = dict(field for field in block.fields if field[0].startswith(":"))
        headers = [field for field in block.fields if not field[0].startswith(":")]
        start, end = block.start, block.end
        body.encoding = ", ".join(value for name, value in headers if name == "content-encoding")
        if side == self._client:
            authority = special.get(":authority", "")
            if authority and not any(name == "host" for name, _ in headers):
                headers.insert(0, ("host", authority))
            stream.protocol = special.get(":protocol", "")
            method, target = special.get(":method", ""), special.get(":path", authority)
            head = RequestHead(stream.exchange, side, start, end, method, target, headers, "2", stream.protocol)
            self._out.append(head)
        else:
            status = special.get(":status", "")
            code = int(status) if status.isascii() and status.isdigit() and len(status) == 3 else 0
            if 100 <= code < 200:
                return False
            self._answer(side, stream, block, code, headers)
        body.begun = True
        body.start = body.end = end
        return True

    def _answer(self, side: int, stream: Stream, block: Block, code: int, headers: Headers) -> None:
        self._out.append(ResponseHead(stream.exchange, side, block.start, block.end, code, "", headers))
        if stream.protocol and 200 <= code < 300:
            stream.tunnel = True
            self._out.append(Upgraded(stream.exchange, stream.protocol, (0, 0), (b"", b""), stream=True))
            asked = stream.bodies[self._client]
            if asked.parts:
                data = b"".join(asked.parts)
                self._out.append(TunnelData(stream.exchange, self._client, asked.start, asked.end, data, asked.done))
                asked.parts.clear()

    def _data(self, side: int, content: Content) -> None:
        stream = self._streams.get(content.stream)
        if stream is None or not stream.bodies[side].begun:
            return
        body = stream.bodies[side]
        if stream.tunnel:
            if content.missing:
                self._drop(content.stream, side, content.start, content.end, -1)
                return
            tunnel = TunnelData(stream.exchange, side, content.start, content.end, content.data, content.last)
            self._out.append(tunnel)
            if content.last:
                self._finished(stream, side, content.stream)
            return
        self._keep(body, content)
        if content.last:
            self._end(stream, side, content.stream)

    def _keep(self, body: Body, content: Content) -> None:
        if not body.size:
            body.start = content.start
        body.end = content.end
        body.size += len(content.data)
        self._kept += len(content.data)
        if content.missing:
            body.fault = body.fault or _HOLE
        if body.size > bounds.BODY or self._kept > bounds.BODIES:
            body.fault = body.fault or f"longer than {bounds.BODY} bytes"
        if not body.fault:
            body.parts.append(content.data)

    def _end(self, stream: Stream, side: int, number: int) -> None:
        """Tell the whole body; a request that asks for a tunnel has none."""
        body = stream.bodies[side]
        if stream.tunnel or body.done:
            return
        if not stream.protocol or side != self._client:
            data, fault = b"".join(body.parts), body.fault
            if body.encoding and not fault:
                data, fault = decode(data, body.encoding)
            self._out.append(BodyDone(stream.exchange, side, body.start, body.end, data, body.encoding, fault))
            body.parts.clear()
        self._finished(stream, side, number)

    def _finished(self, stream: Stream, side: int, number: int) -> None:
        stream.bodies[side].done = True
        self._kept -= stream.bodies[side].size
        stream.bodies[side].size = 0
        if all(body.done for body in stream.bodies):
            self._streams.pop(number, None)

    def _drop(self, number: int, side: int, start: int, end: int, error: int) -> None:
        stream = self._streams.pop(number, None)
        if stream is not None:
            self._kept -= sum(body.size for body in stream.bodies)
            self._out.append(Reset(stream.exchange, side, start, end, error))

    def _give_up(self, side: int, error: FrameError) -> None:
        frames = self._frames[side]
        size = error.size or len(frames.rest)
        self._out.append(HttpFault(side, frames.at, frames.at + size, error.reason))
        frames.at += len(frames.rest)
        frames.rest = b""
        self._over[side] = self._loose = True
        if self._held:
            self._held = False
            self._pump(1 - side)

    def _take(self) -> list[HttpEvent]:
        out = self._out[:]
        self._out.clear()
        return out
