"""A login that is recomputed with the password given: what is said of it, and that the password stays secret."""

from collections.abc import Callable

import pytest

from tests.diagnosis.conftest import Told
from tests.diagnosis.test_scram import SHA_1, SIGNATURES, encoded

Tell = Callable[..., Told]
FIRST = (
    "offer",
    f"C: <auth {{sasl}} mechanism='SCRAM-SHA-1'>{SHA_1.first}</auth>",
    f"S: <challenge {{sasl}}>{SHA_1.challenge}</challenge>",
    f"C: <response {{sasl}}>{SHA_1.final}</response>",
)
REFUSED = ("S: <failure {sasl}><not-authorized/></failure>", "C: {close}", "S: {close}", "S fin", "C fin")


def test_without_the_password_the_advice_is_to_give_it(tell: Tell) -> None:
    (found,) = tell(*FIRST, *REFUSED).diagnoses
    assert found.text.startswith("user did not get in: the server refused the proof of the password (SCRAM-SHA-1)")
    assert "--password user@a.example:SECRET the proof in #6" in found.advice


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("pencil", "although it fits the password given: the server holds other keys, or computes wrongly."),
        ("p3nc1l!", "Recomputed with the password given, the proof was made from another password."),
    ],
)
def test_the_proof_is_recomputed(tell: Tell, secret: str, text: str) -> None:
    told = tell(*FIRST, *REFUSED, passwords={"User@a.example": secret})
    (found,) = told.diagnoses
    assert found.text.endswith(text)
    assert found.entries == [6, 7]
    notes = [note.text for entry in told.entries for note in entry.annotations or ()]
    assert any(note.startswith("the proof") for note in notes)
    assert secret not in "".join(notes) + found.text + found.advice


def test_a_server_that_does_not_know_the_password(tell: Tell) -> None:
    right, wrong = encoded(SIGNATURES["SCRAM-SHA-1"]), encoded("v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    given = {"user@a.example": "pencil"}
    told = tell(*FIRST, f"S: <success {{sasl}}>{right}</success>", "C: {close}", "C fin", passwords=given)
    assert told.texts == []
    told = tell(*FIRST, f"S: <success {{sasl}}>{wrong}</success>", "C: {close}", "C fin", "S fin", passwords=given)
    assert "the server's signature is wrong" in told.texts[0]


def test_the_password_of_somebody_else_is_not_used(tell: Tell) -> None:
    (found,) = tell(*FIRST, *REFUSED, passwords={"bob@a.example": "pencil"}).diagnoses
    assert "Recomputed" not in found.text
