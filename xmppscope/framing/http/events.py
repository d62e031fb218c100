"""What the HTTP observer tells. Offsets count the cleartext of one side of the connection from its first byte on.

`exchange` is the same number for a request and all that answers it; `side` is 0 or 1 as the bytes were fed. Which of
the two is the client only the bytes tell: requests come from it. Names of headers are in lower case, in the order in
which they were sent; those of HTTP/2 that begin with a colon are left out, for they are fields of the heads.
"""

import msgspec

Headers = list[tuple[str, str]]
"""Names (in lower case) and values, as sent."""


class RequestHead(msgspec.Struct, gc=False):
    """A request's first line and headers; `protocol` is what an extended CONNECT asks for (RFC 8441 §4)."""

    exchange: int
    side: int
    start: int
    end: int
    method: str
    target: str
    headers: Headers
    version: str = "1.1"
    protocol: str = ""


class ResponseHead(msgspec.Struct, gc=False):
    """A final response's first line and headers (and 101); interim ones are passed over."""

    exchange: int
    side: int
    start: int
    end: int
    status: int
    reason: str
    headers: Headers


class BodyDone(msgspec.Struct, gc=False):
    """The whole body of a request or a response, empty if there is none.

    `data` is free of chunks and of its content coding, which `encoding` names as it was sent. `start` and `end` span
    the bytes on the connection. `fault` says why `data` is not, or not all of, the body: a coding unknown or broken, a
    bound reached, a hole, an end too soon.
    """

    exchange: int
    side: int
    start: int
    end: int
    data: bytes
    encoding: str = ""
    fault: str = ""


class Upgraded(msgspec.Struct, gc=False):
    """From here on the exchange's bytes speak `protocol`; `rest` holds what was fed of it by each side (0, 1) so far.

    With HTTP/1.1 that is the whole connection: nothing fed afterwards is looked at, and `start` holds the offset of
    each side's first byte. With an extended CONNECT (`stream` is true) its bytes come as `TunnelData`.
    """

    exchange: int
    protocol: str
    start: tuple[int, int]
    rest: tuple[bytes, bytes]
    stream: bool = False


class TunnelData(msgspec.Struct, gc=False):
    """Bytes of a tunnel inside HTTP/2, the content of one DATA frame; `last` says that its side sends no more."""

    exchange: int
    side: int
    start: int
    end: int
    data: bytes
    last: bool = False


class Reset(msgspec.Struct, gc=False):
    """An exchange that ended before its time: RST_STREAM, or the connection's end or a hole while it was on its way.

    `error` is the code of HTTP/2, -1 where there is none.
    """

    exchange: int
    side: int
    start: int
    end: int
    error: int = -1


class HttpFault(msgspec.Struct, gc=False):
    """What is no HTTP, or two readers would read in two ways: this side is not read any further, which is said once."""

    side: int
    start: int
    end: int
    reason: str


HttpEvent = RequestHead | ResponseHead | BodyDone | Upgraded | TunnelData | Reset | HttpFault
