"""The key log file of the proxy: the TLS secrets of both legs, as Wireshark and `--keylog` take them.

Spec: "The SSLKEYLOGFILE Format for TLS", RFC 9850; "lines that start with an octothorpe" are comments, and the one
before each secret tells whose leg it is.
"""

from xmppscope.model.wire import Keys
from xmppscope.proxy.growing import GrowingFile


class KeyLogFile:
    """A key log that grows with each handshake, in a file that must not exist unless *force* is given.

    `problem` says, in one line, why it ended early, if it did.
    """

    def __init__(self, path: str, *, force: bool = False) -> None:
        self._file = GrowingFile(path, "key log", _whole, force=force)

    @property
    def problem(self) -> str | None:
        """Why nothing more is written."""
        return self._file.problem

    def feed(self, event: Keys) -> None:
        """Write the secrets at once: whoever reads along needs them before the records."""
        comment = f"# {event.leg} leg\n".encode()
        lines = (line.strip() for line in event.data.splitlines())
        self._file.write(bytearray().join(comment + line + b"\n" for line in lines if line and line[:1] != b"#"))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _whole(data: bytearray, end: int) -> int:
    return data.rfind(b"\n", 0, end) + 1
