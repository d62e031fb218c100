"""RSA private keys, and the premaster secrets that clients encrypted to them (RFC 5246 §7.4.7.1)."""

from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from xmppscope.model.errors import KeyFileError

PREMASTER_SIZE: Final = 48
_MAJOR_VERSION: Final = 3


class RsaKey:
    """One RSA private key; making it from anything else raises `KeyFileError`."""

    __slots__ = ("_key",)

    def __init__(self, pem: bytes) -> None:
        self._key = _load(pem)

    def premaster(self, encrypted: bytes) -> bytes | None:
        """Return the premaster secret in *encrypted*, or None if it was not encrypted to this key.

        OpenSSL answers a wrong padding with random bytes (implicit rejection), so what comes out is judged by its form:
        "client_version: The latest (newest) version supported by the client. […] random: 46 securely-generated random
        bytes."
        """
        if len(encrypted) != (self._key.key_size + 7) // 8:
            return None
        try:
            secret = self._key.decrypt(encrypted, padding.PKCS1v15())
        except ValueError:
            return None
        return secret if len(secret) == PREMASTER_SIZE and secret[0] == _MAJOR_VERSION else None


def _load(pem: bytes) -> RSAPrivateKey:
    if b"PRIVATE KEY-----" not in pem:
        raise KeyFileError(_not_a_key(pem))
    try:
        key = load_pem_private_key(pem, None)
    except TypeError as error:
        raise KeyFileError("an encrypted private key; decrypt it first: openssl pkey -in FILE -out OTHER") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError("a damaged private key; give the server's RSA key as PEM") from error
    if not isinstance(key, RSAPrivateKey):
        raise KeyFileError("a private key, but not RSA; what other keys protect needs a key log: --keylog")
    return key


def _not_a_key(pem: bytes) -> str:
    if b"-----BEGIN CERTIFICATE" in pem:
        return "a certificate, not a private key; --rsa-key wants the key"
    if b"PUBLIC KEY-----" in pem:
        return "a public key, not a private key; --rsa-key wants the private one"
    return "not a private key in PEM; --rsa-key wants a file with BEGIN PRIVATE KEY or BEGIN RSA PRIVATE KEY"
