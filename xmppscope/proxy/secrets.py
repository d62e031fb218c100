"""The TLS secrets of both legs, as OpenSSL writes them down: lines of a key log, each taken once.

OpenSSL writes a line within the call of `do_handshake` that derives the secret, so `take` right after that call returns
the secrets of just that connection. Handshakes and `take` must happen in one thread: what is written between the
reading and the clearing would be lost. Left out: who else gets the lines (the analyzer, a recording, a key log file).
"""

import ssl
from typing import Final

from xmppscope.proxy.private import PrivateFile

_FULL: Final = 1 << 16
"""From this length on the file is emptied once all of it was taken, so that it does not grow for ever."""


class TlsSecrets:
    """Where OpenSSL writes the secrets of all contexts given to `watch`."""

    def __init__(self) -> None:
        self._file = PrivateFile()
        self._taken = 0

    def watch(self, context: ssl.SSLContext) -> None:
        """Have the secrets of all connections of *context* written down; it holds a file descriptor for that."""
        context.keylog_filename = self._file.path

    def take(self) -> bytes:
        """Return the complete lines that have come since the last call, without comments."""
        data = self._file.read(self._taken)
        end = data.rfind(b"\n") + 1
        self._taken += end
        if end == len(data) and self._taken >= _FULL:
            self._file.clear()
            self._taken = 0
        # Python begins an empty log with a line about itself, and it is empty again after each clearing.
        return b"".join(line.rstrip() + b"\n" for line in data[:end].splitlines() if not line.startswith(b"#"))

    def close(self) -> None:
        """Forget all secrets."""
        self._file.close()
