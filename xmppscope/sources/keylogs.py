"""Key log and private key files: read when the program starts, and read on while they grow.

A key log of a live session is written while the session goes on, its lines often after the first packets that need
them. So while the capture is live, each key log is looked at again before the next packets are.
"""

import os
import re
import stat
from io import FileIO
from typing import Final

from xmppscope.model.errors import KeyFileError
from xmppscope.sources.names import open_file, trouble
from xmppscope.tls.keylog import KeyStore

_PIECE: Final = 1 << 20
_PEM_BOUND: Final = 1 << 20
_LINE: Final = re.compile(rb"^[ \t]*[A-Za-z0-9_]+[ \t]+[0-9A-Fa-f]+[ \t]+[0-9A-Fa-f]+[ \t]*\r?$", re.MULTILINE)
_TEXT: Final = re.compile(rb"^[ \t]*[^#\s]", re.MULTILINE)


class KeyLogs:
    """Key log files that fill a `KeyStore`; `warnings` says what is odd about them.

    With *growing* a file may appear later and is read on by `poll`. Raises `KeyFileError` for what is no key log.
    """

    def __init__(self, names: list[str], keys: KeyStore, *, growing: bool) -> None:
        self.warnings: list[str] = []
        self._keys = keys
        self._growing = growing
        self._files: dict[str, FileIO] = {}
        self._awaited: list[str] = []
        keys.growing = growing and bool(names)
        for name in dict.fromkeys(names):
            self._start(name)

    def poll(self) -> None:
        """Take what the key logs have gained."""
        for name in self._awaited[:]:
            if os.path.exists(name):  # noqa: PTH110 (this runs before each piece of a live capture)
                self._awaited.remove(name)
                self._start(name)
        for name, file in self._files.items():
            for text in _rest(name, file):
                self._keys.add(text, name)

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _start(self, name: str) -> None:
        if self._growing and not os.path.exists(name):  # noqa: PTH110
            self._awaited.append(name)
            self.warnings.append(f"{name}: no such file yet; it is read as soon as there is one")
            return
        file = open_file(name, KeyFileError)
        recognised = written = False
        for text in _rest(name, file):
            recognised = recognised or _LINE.search(text) is not None
            written = written or _TEXT.search(text) is not None
            self._keys.add(text, name)
        if written and not recognised:
            file.close()
            raise KeyFileError(f"{name}: not a key log (no line of 3 fields); give what SSLKEYLOGFILE wrote")
        if self._growing and stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            self._files[name] = file
            return
        file.close()
        if not recognised:
            self.warnings.append(f"{name}: a key log without keys")


def add_rsa_key(name: str, keys: KeyStore) -> None:
    """Read the RSA private key in the PEM file *name*; raise `KeyFileError` if it is something else."""
    with open_file(name, KeyFileError) as file:
        try:
            pem = file.read(_PEM_BOUND)
        except OSError as error:
            raise KeyFileError(f"{name}: {trouble(error)}") from error
    try:
        keys.add_rsa_key(pem)
    except KeyFileError as error:
        raise KeyFileError(f"{name}: {error}") from error


def _rest(name: str, file: FileIO) -> list[bytes]:
    """Return what has not been read yet, in pieces."""
    pieces: list[bytes] = []
    try:
        while text := file.read(_PIECE):
            pieces.append(text)
    except OSError as error:
        raise KeyFileError(f"{name}: {trouble(error)}") from error
    return pieces
