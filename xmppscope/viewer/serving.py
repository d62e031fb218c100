"""Serves the viewer from a thread of its own, so that neither reading nor the proxy's relay waits for a browser."""

import errno
import socket
import threading
import time
from typing import Final

import uvicorn

from xmppscope.model.errors import XmppscopeError
from xmppscope.viewer.application import Face, application
from xmppscope.viewer.guard import Guard
from xmppscope.viewer.timeline import Timeline

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
"""What stands for this machine alone."""

_EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})
_GRACE: Final = 1
_WAIT: Final = 5.0
_LAST: Final = 0.6
_SHORT: Final = 0.02
_WAITING: Final = 64


class Viewer:
    """The server of one timeline; `url` is the address with the token, to be told to the user."""

    def __init__(self, timeline: Timeline, face: Face, host: str, port: int, option: str = "--listen") -> None:
        self._timeline = timeline
        self._socket = _listen(host, port, option)
        port = self._socket.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        names = {shown, "localhost", "127.0.0.1", "[::1]"} if host in LOOPBACK else {shown}
        known = frozenset(f"{name}:{port}".lower() for name in names)
        guard = Guard(application(timeline, face), known, port, any_address=host in _EVERYWHERE)
        self.url = f"http://{shown}:{port}/?token={guard.token}"
        config = uvicorn.Config(
            guard,
            http="h11",
            ws="wsproto",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="viewer", daemon=True)

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more; pages that follow have a moment to be told the end."""
        until = time.monotonic() + _LAST
        while self._timeline.done and self._timeline.watched and time.monotonic() < until:
            time.sleep(_SHORT)
        self._server.should_exit = True
        self._thread.join(_WAIT)
        self._socket.close()


def _listen(host: str, port: int, option: str) -> socket.socket:
    """Return a socket that listens; what comes before the server runs waits in it."""
    address = host.strip("[]")
    try:
        family = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((address, port))
            listening.listen(_WAITING)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise XmppscopeError(f"{host}:{port}: in use by another program; choose {option} {host}:0") from error
        raise XmppscopeError(f"{host}:{port}: {error.strerror or error}; choose another address") from error
    return listening
