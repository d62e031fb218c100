"""Certificates and keys that the user names: read once when the proxy starts, and proved to fit together.

They stay in the memory, so that what happens to the files afterwards changes nothing in mid-session. Who opens them is
OpenSSL, which alone knows what it accepts; what this module adds is to say what is wrong with them.
"""

import shlex
import ssl
from pathlib import Path
from typing import Final, NoReturn

from xmppscope.model.errors import XmppscopeError
from xmppscope.proxy.private import PrivateFile

_WEAKEST: Final = "DEFAULT:@SECLEVEL=0"
"""Cipher suites with which OpenSSL takes certificates of any strength."""

# The last is what OpenSSL says of a key of another kind, RSA beside EC.
_MISMATCH: Final = frozenset({"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"})
_BOUND: Final = 1 << 22
_CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"
_OPENSSL_CERTIFICATE: Final = b"-----BEGIN TRUSTED CERTIFICATE-----"
_PRIVATE_KEY: Final = b"PRIVATE KEY-----"
_ENCRYPTED: Final = (b"-----BEGIN ENCRYPTED PRIVATE KEY-----", b"Proc-Type: 4,ENCRYPTED")


class Credential:
    """A certificate with its private key, each in PEM, and whatever stands behind the certificate to make a chain."""

    def __init__(self, certificate: bytes, key: bytes) -> None:
        self._certificate = certificate
        self._key = key

    @classmethod
    def load(cls, certificate: str, key: str, *, any_strength: bool) -> "Credential":
        """Read both out of the files of these names; raise an error that says what to do if they can't be used.

        With *any_strength* that OpenSSL thinks little of the key or the signature is no reason.
        """
        certificate_data = _read(certificate)
        if _CERTIFICATE not in certificate_data and _OPENSSL_CERTIFICATE not in certificate_data:
            _refuse(certificate, certificate_data, "certificate", "private key")
        key_data = _read(key)
        if any(sign in key_data for sign in _ENCRYPTED):
            decrypt = f"openssl pkey -in {shlex.quote(key)} -out FILE"
            raise XmppscopeError(f"{key}: encrypted; write it without a password: {decrypt}")
        if _PRIVATE_KEY not in key_data:
            _refuse(key, key_data, "private key", "certificate")
        credential = cls(certificate_data, key_data)
        credential._prove(certificate, key, _WEAKEST if any_strength else "DEFAULT")
        return credential

    def load_into(self, context: ssl.SSLContext) -> None:
        """Have *context* show the certificate."""
        with PrivateFile(self._certificate) as certificate, PrivateFile(self._key) as key:
            # OpenSSL would ask on the terminal for the password of a key that is encrypted after all.
            context.load_cert_chain(certificate.path, key.path, lambda: "")

    def _prove(self, certificate: str, key: str, strength: str) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers(strength)
        try:
            self.load_into(context)
        except ssl.SSLError as error:
            if error.reason in _MISMATCH:
                raise XmppscopeError(
                    f"{key}: not the key of {certificate}; give the two that belong together"
                ) from error
            why = (error.reason or "unreadable").replace("_", " ").lower()
            raise XmppscopeError(f"{certificate}, {key}: OpenSSL can't use them ({why}); make them anew") from error


class TrustedFile:
    """Certificates to trust beside those of the system, in PEM or one in DER."""

    def __init__(self, name: str) -> None:
        data = _read(name)
        # The lenient handling of text between the certificates is that for PEM in a file; as a string it is refused.
        self._pem = data if _CERTIFICATE in data or _OPENSSL_CERTIFICATE in data else b""
        self._der = b"" if self._pem else data
        try:
            self.load_into(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        except ssl.SSLError as error:
            if self._pem:
                raise XmppscopeError(f"{name}: a damaged certificate; export it anew, in PEM") from error
            _refuse(name, data, "certificate", "private key")

    def load_into(self, context: ssl.SSLContext) -> None:
        """Have *context* trust the certificates."""
        if self._der:
            context.load_verify_locations(cadata=self._der)
            return
        with PrivateFile(self._pem) as file:
            context.load_verify_locations(file.path)


def _read(name: str) -> bytes:
    try:
        with Path(name).open("rb") as file:
            data = file.read(_BOUND)
    except FileNotFoundError as error:
        raise XmppscopeError(f"{name}: no such file") from error
    except PermissionError as error:
        raise XmppscopeError(f"{name}: not permitted to read it; run as the user who owns it") from error
    except (OSError, ValueError) as error:
        words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise XmppscopeError(f"{name}: {words[:1].lower()}{words[1:]}; name another file") from error
    if not data:
        raise XmppscopeError(f"{name}: empty file; give a certificate or a key in PEM")
    return data


def _refuse(name: str, data: bytes, wanted: str, other: str) -> NoReturn:
    """Say that *data* is no *wanted*, perhaps the *other*, which is the usual slip."""
    found = _PRIVATE_KEY in data if other == "private key" else _CERTIFICATE in data
    if found:
        raise XmppscopeError(f"{name}: a {other}, not a {wanted}; give the {wanted}, in PEM")
    raise XmppscopeError(f"{name}: not a {wanted} in PEM; give one that begins with -----BEGIN {wanted.upper()}-----")
