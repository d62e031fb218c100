"""Prepares user names and passwords for comparison: SASLprep (RFC 4013), which SCRAM and PLAIN ask for."""

import stringprep
import unicodedata
from collections.abc import Callable
from typing import Final

# RFC 4013 §2.3: what a prepared string may not hold.
_PROHIBITED: Final[tuple[Callable[[str], bool], ...]] = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def saslprep(text: str) -> str:
    """Return the prepared form; raise `ValueError` for what has none. Unassigned code points may pass (a query)."""
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char for char in text if not stringprep.in_table_b1(char)
    )
    prepared = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)
    if any(prohibited(char) for char in prepared for prohibited in _PROHIBITED):
        raise ValueError("it holds a character that is not allowed there")
    # RFC 3454 §6: text with right-to-left characters begins and ends with one, and holds no left-to-right ones.
    if any(stringprep.in_table_d1(char) for char in prepared) and (
        any(stringprep.in_table_d2(char) for char in prepared)
        or not (stringprep.in_table_d1(prepared[0]) and stringprep.in_table_d1(prepared[-1]))
    ):
        raise ValueError("it mixes writing directions")
    return prepared
