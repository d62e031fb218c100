"""The secrets that are known: key log lines as TLS libraries write them, and RSA private keys.

A key log has lines of a label, the client random and a secret in hexadecimal ("The SSLKEYLOGFILE Format for TLS",
RFC 9850). Left out: what the secrets open. Reading files and noticing that they grow is the caller's work.
"""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from xmppscope.tls.rsa import RsaKey

_LINE_BOUND: Final = 4096
_FIELDS: Final = 3

RSA: Final = "RSA"
"""Label of lines that give the premaster secret by the first 8 bytes of its encrypted form."""

PREMASTER: Final = "PMS_CLIENT_RANDOM"
"""Label of lines that give the premaster secret by client random."""

MASTER: Final = "CLIENT_RANDOM"
"""Label of lines that give the master secret of TLS 1.2 and older by client random."""

_NAME_SIZES: Final = {RSA: 8}
_RANDOM_SIZE: Final = 32
_SECRET_SIZES: Final = {RSA: (48,), PREMASTER: range(1, 1025), MASTER: (48,)}
_TRAFFIC_SECRET_SIZES: Final = (32, 48)


class KeyStore:
    """Secrets by client random.

    `growing` says that more may come, so that records whose keys are missing are worth holding for a while;
    `generation` changes when something was added.
    """

    def __init__(self) -> None:
        self.growing = False
        self.generation = 0
        self.rsa_keys: list[RsaKey] = []
        self._secrets: dict[bytes, dict[str, bytes]] = {}
        self._premasters: dict[bytes, bytes] = {}
        self._partial: dict[str, bytes] = {}

    @property
    def logs(self) -> int:
        """How many key logs have been added, by name."""
        return len(self._partial)

    @property
    def sessions(self) -> int:
        """For how many client randoms there is a secret."""
        return len(self._secrets)

    def add(self, text: bytes, log: str = "") -> int:
        """Add the next piece of the key log called *log*; return how many secrets were new.

        Comments, junk and lines with labels of other purposes do no harm. A last line without its end is used if it is
        whole as it stands, and read again when its rest comes.
        """
        pending = self._partial.get(log, b"") + text
        *lines, last = pending.splitlines() if pending.endswith((b"\n", b"\r")) else (pending + b"\n").splitlines()
        if pending.endswith((b"\n", b"\r")):
            lines.append(last)
            last = b""
        self._partial[log] = last[: _LINE_BOUND + 1]
        added = sum(map(self._line, lines)) + self._line(last)
        self.generation += added > 0
        return added

    def add_rsa_key(self, pem: bytes) -> None:
        """Add an RSA private key in PEM (PKCS #1 or PKCS #8); raise `KeyFileError` if it is something else."""
        # cryptography takes a while to load, and most runs have no such key.
        from xmppscope.tls.rsa import RsaKey

        self.rsa_keys.append(RsaKey(pem))
        self.generation += 1

    def lookup(self, client_random: bytes) -> dict[str, bytes] | None:
        """Return the secrets of the session with this client random, by label."""
        return self._secrets.get(client_random)

    def forget(self, client_random: bytes) -> None:
        """Drop the secrets of a session that is over."""
        self._secrets.pop(client_random, None)

    def premaster(self, encrypted: bytes) -> bytes | None:
        """Return the premaster secret that a client sent in this encrypted form."""
        return self._premasters.get(encrypted[:8])

    def _line(self, line: bytes) -> bool:
        """Take one line; return whether it held a secret that is new."""
        fields = line.split()
        if len(fields) != _FIELDS or len(line) > _LINE_BOUND:
            return False
        try:
            label = fields[0].decode("ascii")
            name, secret = bytes.fromhex(fields[1].decode("ascii")), bytes.fromhex(fields[2].decode("ascii"))
        except ValueError:
            return False
        if len(name) != _NAME_SIZES.get(label, _RANDOM_SIZE):
            return False
        if len(secret) not in _SECRET_SIZES.get(label, _TRAFFIC_SECRET_SIZES):
            return False
        return self._put(label, name, secret)

    def _put(self, label: str, name: bytes, secret: bytes) -> bool:
        if label == RSA:
            new = self._premasters.get(name) != secret
            self._premasters[name] = secret
            return new
        # OpenSSL names every later secret CLIENT_TRAFFIC_SECRET_N, with that letter; which N it is cannot be told.
        if label.endswith("_SECRET_N"):
            return False
        secrets = self._secrets.setdefault(name, {})
        new = secrets.get(label) != secret
        secrets[label] = secret
        return new
