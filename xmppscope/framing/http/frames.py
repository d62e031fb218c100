"""One side's frames of HTTP/2 (RFC 9113 §4, §6), with header blocks put together and decompressed (RFC 7541).

hyperframe and hpack do the parsing. Here are the bounds, and what a hole does: inside a DATA frame it is passed,
anywhere else the header table of this side is lost for good.
"""

from typing import Final

import msgspec
from hpack import Decoder, HPACKError
from hyperframe.exceptions import HyperframeError
from hyperframe.frame import ContinuationFrame, DataFrame, Frame, HeadersFrame, PushPromiseFrame, SettingsFrame

from xmppscope.framing.http import bounds
from xmppscope.framing.http.events import Headers
from xmppscope.framing.http.heads import PREFACE

_HEADER: Final = 9
_TABLE: Final = 1 << 20


class Block(msgspec.Struct, gc=False):
    """A header block: a head, or trailers; `pushed` where it is a promise, which nobody here waits for."""

    stream: int
    start: int
    end: int
    fields: Headers
    last: bool
    pushed: bool = False


class Content(msgspec.Struct, gc=False):
    """The content of one DATA frame, free of padding; `missing` says that it was not captured whole."""

    stream: int
    start: int
    end: int
    data: bytes
    last: bool
    missing: bool = False


class FrameError(Exception):
    """Raised where a side cannot be read any further; *size* bytes from where it stands are why."""

    def __init__(self, reason: str, size: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.size = size


class Frames:
    """Cuts one side's bytes into what its frames tell; `at` is the offset of what has not been used, `rest` holds it.

    With `preface` a client's connection preface comes first.
    """

    def __init__(self, *, preface: bool) -> None:
        self.at = 0
        self.rest = b""
        self._preface = preface
        self.decoder = Decoder(max_header_list_size=bounds.HEAD)
        self.table = 4096
        self._block: list[bytes] = []
        self._opening: HeadersFrame | PushPromiseFrame | None = None
        self._begin = 0
        self._hole = 0

    def allow(self, table: int) -> None:
        """Note what the other side lets this one's header table grow to (RFC 9113 §6.5.2)."""
        self.table = max(self.table, min(table, _TABLE))
        self.decoder.max_allowed_table_size = self.table

    def next(self) -> tuple[Frame, int, int] | None:
        """Return the next frame and its span, once it is complete."""
        if self._preface and not self._pass_preface():
            return None
        rest = self.rest
        if len(rest) < _HEADER:
            return None
        try:
            frame, length = Frame.parse_frame_header(memoryview(rest[:_HEADER]))
        except HyperframeError as error:
            raise FrameError(f"not a frame of HTTP/2: {error}", _HEADER) from error
        if length > bounds.FRAME:
            raise FrameError(f"a frame of {length} bytes", _HEADER)
        if len(rest) < _HEADER + length:
            return None
        try:
            frame.parse_body(memoryview(rest[_HEADER : _HEADER + length]))
        except HyperframeError as error:
            raise FrameError(f"not a frame of HTTP/2: {error}", _HEADER + length) from error
        start = self.at
        self.rest = rest[_HEADER + length :]
        self.at += _HEADER + length
        return frame, start, self.at

    def _pass_preface(self) -> bool:
        if len(self.rest) < len(PREFACE):
            return False
        if self.rest.startswith(PREFACE):
            self.rest = self.rest[len(PREFACE) :]
            self.at += len(PREFACE)
        self._preface = False
        return True

    def block(self, frame: Frame, start: int, end: int) -> Block | None:
        """Take a frame that is or may be part of a header block; return the block once it is complete."""
        opening = self._opening
        if isinstance(frame, ContinuationFrame):
            if opening is None or opening.stream_id != frame.stream_id:
                raise FrameError("a CONTINUATION that continues nothing (RFC 9113 §6.10)", 0)
        elif opening is not None:
            raise FrameError("a header block that is not continued (RFC 9113 §6.10)", 0)
        elif isinstance(frame, HeadersFrame | PushPromiseFrame):
            opening = self._opening = frame
            self._begin = start
        if opening is None or not isinstance(frame, HeadersFrame | PushPromiseFrame | ContinuationFrame):
            return None
        self._block.append(frame.data)
        if sum(map(len, self._block)) > bounds.HEAD or len(self._block) > bounds.FIELDS:
            raise FrameError(f"a header block longer than {bounds.HEAD} bytes", 0)
        if "END_HEADERS" not in frame.flags:
            return None
        fields = self._decoded()
        self._opening = None
        last = isinstance(opening, HeadersFrame) and "END_STREAM" in opening.flags
        return Block(opening.stream_id, self._begin, end, fields, last, isinstance(opening, PushPromiseFrame))

    def content(self, frame: DataFrame, start: int, end: int) -> Content:
        """Return what a DATA frame holds."""
        missing, self._hole = bool(self._hole), 0
        return Content(
            frame.stream_id, start, end, b"" if missing else frame.data, "END_STREAM" in frame.flags, missing
        )

    def settings(self, frame: SettingsFrame) -> int | None:
        """Return the size of the header table that the sender of *frame* keeps, if it tells."""
        return frame.settings.get(SettingsFrame.HEADER_TABLE_SIZE)

    def lost(self, length: int | None) -> None:
        """Pass a hole of *length* bytes if it lies inside a DATA frame."""
        rest = self.rest
        if length is not None and len(rest) >= _HEADER:
            frame, size = Frame.parse_frame_header(memoryview(rest[:_HEADER]))
            left = _HEADER + size - len(rest)
            if isinstance(frame, DataFrame) and "PADDED" not in frame.flags and 0 < length <= left:
                self._hole = length
                self.rest = rest + bytes(length)
                return
        raise FrameError("bytes are missing: the headers behind them cannot be decompressed (RFC 7541 §2.2)", 0)

    def _decoded(self) -> Headers:
        data = b"".join(self._block)
        self._block.clear()
        try:
            pairs = list(self.decoder.decode(data, raw=True))
        except HPACKError as error:
            raise FrameError(f"headers that cannot be decompressed: {error}", 0) from error
        if len(pairs) > bounds.FIELDS:
            raise FrameError(f"more than {bounds.FIELDS} header fields", 0)
        return [(pair[0].decode("latin-1"), pair[1].decode("latin-1")) for pair in pairs]
