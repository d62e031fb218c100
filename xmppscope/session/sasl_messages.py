"""What SASL messages say, as far as an observer may tell it: PLAIN, SCRAM, OAUTHBEARER and their like, decoded.

Nothing here returns a password, a proof, a signature or a token: only who, how and how often (RFC 4616, RFC 5802,
RFC 7628). Data that does not decode gives None; the exchange itself is followed by `session.sasl_exchange`.
"""

import binascii
from typing import NamedTuple


class Plain(NamedTuple):
    """A PLAIN message (RFC 4616 §2) without its password."""

    authzid: str
    authcid: str


class ClientFirst(NamedTuple):
    """SCRAM's client-first-message (RFC 5802 §7); `binding` is `n`, `y` or the name of the channel binding used."""

    binding: str
    authzid: str
    username: str


class ServerFirst(NamedTuple):
    """SCRAM's server-first-message without salt and nonce."""

    iterations: int


class ServerFinal(NamedTuple):
    """SCRAM's server-final-message without its signature: the error, empty where there is none."""

    error: str


def decoded(data: str) -> bytes | None:
    """Return the bytes of base64 character data; ``=`` stands for none at all (RFC 6120 §6.4.2)."""
    if data == "=":
        return b""
    try:
        return binascii.a2b_base64(data.strip(), strict_mode=True)
    except (binascii.Error, ValueError):
        return None


def text(data: str) -> str | None:
    """Return base64 character data decoded to UTF-8 text."""
    raw = decoded(data)
    if raw is None:
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def plain(data: str) -> Plain | None:
    """Read ``[authzid] NUL authcid NUL passwd``."""
    parts = (text(data) or "").split("\0")
    return Plain(parts[0], parts[1]) if len(parts) == 3 and parts[1] else None


def client_first(data: str) -> ClientFirst | None:
    """Read ``gs2-header n=user,r=nonce``."""
    message = text(data)
    if message is None:
        return None
    fields = message.split(",")
    if len(fields) < 4 or not fields[2].startswith("n=") or not fields[3].startswith("r="):
        return None
    binding = fields[0].removeprefix("p=")
    return ClientFirst(binding, saslname(fields[1].removeprefix("a=")), saslname(fields[2][2:]))


def server_first(data: str) -> ServerFirst | None:
    """Read ``r=nonce,s=salt,i=iteration-count``."""
    fields = _attributes(data)
    count = fields.get("i", "")
    if "r" not in fields or "s" not in fields or not (count.isascii() and count.isdigit() and len(count) < 12):
        return None
    return ServerFirst(int(count))


def is_client_final(data: str) -> bool:
    """Tell whether this is ``c=binding,r=nonce,p=proof``."""
    fields = _attributes(data)
    return "c" in fields and "r" in fields and "p" in fields


def server_final(data: str) -> ServerFinal | None:
    """Read ``v=signature`` or ``e=error``."""
    fields = _attributes(data)
    if "e" in fields:
        return ServerFinal(fields["e"])
    return ServerFinal("") if "v" in fields else None


def gs2_authzid(data: str) -> str | None:
    """Return the identity in the GS2 header of OAUTHBEARER and its like (RFC 7628 §3.1), empty where it names none."""
    message = text(data)
    if message is None or message[:2] not in {"n,", "y,", "p="}:
        return None
    return saslname(message.split(",", 2)[1].removeprefix("a="))


def token_user(data: str, skip: bytes = b"") -> str | None:
    """Return the user name before a NUL and a token, behind *skip*: HT-* has none, X-OAUTH2 a NUL to skip."""
    raw = decoded(data)
    if raw is None or not raw.startswith(skip):
        return None
    name, end, _ = raw[len(skip) :].partition(b"\0")
    try:
        return name.decode() if end else None
    except UnicodeDecodeError:
        return None


def digest_username(data: str) -> str | None:
    """Return the username of a DIGEST-MD5 response (RFC 2831 §2.1.2)."""
    message = text(data) or ""
    found = message.partition('username="')[2]
    name, end, _ = found.partition('"')
    return name if end else None


def saslname(name: str) -> str:
    """Undo SCRAM's escapes: ``=2C`` is a comma, ``=3D`` an equals sign (RFC 5802 §5.1)."""
    return name.replace("=2C", ",").replace("=3D", "=")


def _attributes(data: str) -> dict[str, str]:
    message = text(data) or ""
    return {field[0]: field[2:] for field in message.split(",") if field[1:2] == "="}
