"""SCRAM recomputed: the vectors of RFC 5802 and RFC 7677, and every input that may differ is named."""

import base64
import hashlib
import hmac

import pytest

from xmppscope.diagnosis import scram
from xmppscope.diagnosis.scram import FITS, Scram, check_proof, check_signature, prepared


def encoded(message: str) -> str:
    return base64.b64encode(message.encode()).decode()


SHA_1 = Scram(  # RFC 5802 §5
    "SCRAM-SHA-1",
    encoded("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"),
    encoded("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"),
    encoded("c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="),
)
SHA_256 = Scram(  # RFC 7677 §3
    "SCRAM-SHA-256",
    encoded("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"),
    encoded("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"),
    encoded(
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    ),
)
SIGNATURES = {
    "SCRAM-SHA-1": "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    "SCRAM-SHA-256": "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
}
GS2, BARE = "n,,", "n=user,r=C"
SERVER_FIRST = "r=CS,s=c2FsdA==,i=4096"
WITHOUT_PROOF = "c=biws,r=CS"


def exchange(
    password: str,
    *,
    salt: bytes = b"salt",
    rounds: int = 4096,
    digest: str = "sha512",
    signed: str = f"{BARE},{SERVER_FIRST},{WITHOUT_PROOF}",
    server_first: str = SERVER_FIRST,
    without_proof: str = WITHOUT_PROOF,
) -> Scram:
    """An exchange as a client makes it that knows *password*, done by the letter of RFC 5802 §3."""
    salted = hashlib.pbkdf2_hmac(digest, password.encode(), salt, rounds)
    client = hmac.new(salted, b"Client Key", digest).digest()
    signature = hmac.new(hashlib.new(digest, client).digest(), signed.encode(), digest).digest()
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(client, signature, strict=True))).decode()
    return Scram("SCRAM-SHA-512", encoded(GS2 + BARE), encoded(server_first), encoded(f"{without_proof},p={proof}"))


@pytest.mark.parametrize("vector", [SHA_1, SHA_256], ids=lambda vector: vector.mechanism)
def test_the_vectors(vector: Scram) -> None:
    signature = encoded(SIGNATURES[vector.mechanism])
    assert check_proof(vector, "pencil") == FITS
    assert check_proof(vector, "pencils") == "the proof was made from another password"
    assert check_signature(vector, signature, "pencil") is True
    assert check_signature(vector, signature, "pencils") is False


@pytest.mark.parametrize(
    ("made", "result"),
    [
        (exchange("secret"), FITS),
        (exchange("other"), "the proof was made from another password"),
        (exchange("secret\n"), "the proof was made from the password with other white space around it"),
        (exchange("secret", salt=b"c2FsdA=="), "the proof was made from the salt as base64 text, without decoding it"),
        (exchange("secret", rounds=1), "the proof was made with one round instead of the iteration count"),
        (
            exchange("secret", signed=f"{GS2}{BARE},{SERVER_FIRST},{WITHOUT_PROOF}"),
            "the proof was made over the client's first message with its GS2 header (RFC 5802 §3)",
        ),
        (
            exchange("secret", server_first="r=XS,s=c2FsdA==,i=4096", without_proof="c=biws,r=XS"),
            "the server's nonce does not begin with the client's",
        ),
        (exchange("secret", without_proof="c=biws,r=CT"), "the nonce in the client's last message is not the server's"),
        (
            exchange("secret", without_proof="c=eSws,r=CS"),
            "the channel binding in the client's last message does not repeat the header of its first",
        ),
        (
            exchange("secret", server_first=f"r=CS,s=c2FsdA==,i={scram.MOST_ITERATIONS + 1}"),
            f"the proof was not recomputed: {scram.MOST_ITERATIONS + 1} iterations are too many",
        ),
    ],
)
def test_what_differs_is_named(made: Scram, result: str) -> None:
    assert check_proof(made, "secret") == result


def test_another_hash_is_named() -> None:
    made = exchange("secret", digest="sha256")
    assert check_proof(made, "secret") == "the proof was made with SHA-256, not the hash of the mechanism"


def test_saslprep() -> None:
    assert prepared("I\u00adX") == "IX"  # RFC 4013 §3
    assert prepared("\u00aa\u2168") == "aIX"
    assert prepared("a\u00a0b") == "a b"
    assert check_proof(exchange("IX"), "I\u00adX") == FITS
    assert check_proof(exchange("\u2168"), "\u2168") == (
        "the proof was made from the password without SASLprep (RFC 5802 §2.2)"
    )


@pytest.mark.parametrize(
    "made",
    [
        Scram("SCRAM-SHA-1"),
        Scram("SCRAM-SHA3-512", SHA_1.first, SHA_1.challenge, SHA_1.final),
        Scram("SCRAM-SHA-1", "=", "!", "?"),
        Scram("SCRAM-SHA-1", SHA_1.first, encoded("r=a,s=c2FsdA==,i=0"), SHA_1.final),
    ],
)
def test_what_cannot_be_told_is_not(made: Scram) -> None:
    assert check_proof(made, "pencil") == ""
    assert check_signature(made, encoded("v=AAAA"), "pencil") is None
