"""SCRAM recomputed with a password: which input of an exchange differs (RFC 5802, RFC 7677).

What is compared comes from the messages themselves. Where the proof does not fit, programs' usual mistakes are tried
one after the other; if none explains it, another password was used. The password appears in nothing that is returned.
"""

import base64
import hashlib
import hmac
import stringprep
import unicodedata
from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from xmppscope.session.sasl_messages import decoded, text

MOST_ITERATIONS: Final = 1_000_000
"""Above that many rounds nothing is recomputed: a peer could make us work for as long as it likes."""

HASHES: Final = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}
FITS: Final = "the proof fits the password given"


class Scram(msgspec.Struct):
    """The messages of one exchange as base64, in order: `first`, `challenge`, `final`, `signature`."""

    mechanism: str
    first: str = ""
    challenge: str = ""
    final: str = ""


class _Inputs(NamedTuple):
    password: bytes
    salt: bytes
    rounds: int
    digest: str
    message: bytes


def check_proof(scram: Scram, password: str) -> str:
    """Return what differs in the client's last message, `FITS` where nothing does; nothing if it can't be told."""
    first, challenge, final = text(scram.first), text(scram.challenge), text(scram.final)
    inputs = _inputs(scram, password)
    if first is None or challenge is None or final is None or inputs is None:
        return ""
    sent, asked, bare = _fields(final), _fields(challenge), _bare(first)
    if sent.get("r") != asked.get("r"):
        return "the nonce in the client's last message is not the server's"
    if not asked.get("r", "").startswith(_fields(bare).get("r", "")):
        return "the server's nonce does not begin with the client's"
    if not (decoded(sent.get("c", "")) or b"").startswith(_gs2(first).encode()):
        return "the channel binding in the client's last message does not repeat the header of its first"
    proof = decoded(sent.get("p", ""))
    if proof is None:
        return "the proof is no base64"
    if inputs.rounds > MOST_ITERATIONS:
        return f"the proof was not recomputed: {inputs.rounds} iterations are too many"
    if hmac.compare_digest(_proof(inputs), proof):
        return FITS
    for what, mistaken in _mistakes(inputs, password, first):
        if hmac.compare_digest(_proof(mistaken), proof):
            return f"the proof was made {what}"
    return "the proof was made from another password"


def check_signature(scram: Scram, last: str, password: str) -> bool | None:
    """Tell whether the server's signature in its *last* message fits; None where that can't be told."""
    inputs, given = _inputs(scram, password), _fields(text(last) or "").get("v")
    signature = decoded(given) if given else None
    if inputs is None or signature is None or inputs.rounds > MOST_ITERATIONS:
        return None
    key = hmac.digest(_salted(inputs), b"Server Key", inputs.digest)
    return hmac.compare_digest(hmac.digest(key, inputs.message, inputs.digest), signature)


def prepared(password: str) -> str:
    """Return *password* as SASLprep makes it (RFC 4013 §2.1 and §2.2), without refusing anything."""
    mapped = "".join(
        " " if stringprep.in_table_c12(one) else one for one in password if not stringprep.in_table_b1(one)
    )
    return unicodedata.ucd_3_2_0.normalize("NFKC", mapped)


def _inputs(scram: Scram, password: str) -> _Inputs | None:
    digest = HASHES.get(scram.mechanism.removesuffix("-PLUS"))
    first, challenge, final = text(scram.first), text(scram.challenge), text(scram.final)
    if digest is None or not first or not challenge or not final:
        return None
    asked = _fields(challenge)
    salt, rounds = decoded(asked.get("s", "")), asked.get("i", "")
    if salt is None or not (rounds.isascii() and rounds.isdigit() and 0 < len(rounds) < 12 and int(rounds)):
        return None
    message = ",".join((_bare(first), challenge, final.rpartition(",p=")[0])).encode()
    return _Inputs(prepared(password).encode(), salt, int(rounds), digest, message)


def _mistakes(inputs: _Inputs, password: str, first: str) -> Iterator[tuple[str, _Inputs]]:
    """Yield what programs do wrong, with the inputs that they then use."""
    if password.encode() != inputs.password:
        yield "from the password without SASLprep (RFC 5802 §2.2)", inputs._replace(password=password.encode())
    for changed in {password.strip(), password + "\n", password + "\r\n"} - {password}:
        yield "from the password with other white space around it", inputs._replace(password=changed.encode())
    encoded = base64.b64encode(inputs.salt)
    yield "from the salt as base64 text, without decoding it", inputs._replace(salt=encoded)
    yield "with one round instead of the iteration count", inputs._replace(rounds=1)
    rest = inputs.message[len(_bare(first).encode()) :]
    yield (
        "over the client's first message with its GS2 header (RFC 5802 §3)",
        inputs._replace(message=first.encode() + rest),
    )
    for digest in set(HASHES.values()) - {inputs.digest}:
        yield (
            f"with {digest.upper().replace('SHA', 'SHA-')}, not the hash of the mechanism",
            inputs._replace(digest=digest),
        )


def _salted(inputs: _Inputs) -> bytes:
    return hashlib.pbkdf2_hmac(inputs.digest, inputs.password, inputs.salt, inputs.rounds)


def _proof(inputs: _Inputs) -> bytes:
    """RFC 5802 §3: "ClientProof := ClientKey XOR ClientSignature"."""
    key = hmac.digest(_salted(inputs), b"Client Key", inputs.digest)
    signature = hmac.digest(hashlib.new(inputs.digest, key).digest(), inputs.message, inputs.digest)
    return bytes(one ^ two for one, two in zip(key, signature, strict=True))


def _gs2(first: str) -> str:
    """Return the GS2 header: ``n,,`` or the like."""
    return first[: len(first) - len(_bare(first))]


def _bare(first: str) -> str:
    """Return client-first-message-bare."""
    return first.split(",", 2)[-1]


def _fields(message: str) -> dict[str, str]:
    return {one[0]: one[2:] for one in message.split(",") if one[1:2] == "="}
