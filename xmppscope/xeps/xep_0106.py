"""JID Escaping (XEP-0106): what a localpart stands for that holds characters which a localpart cannot have."""

import re
from typing import Final

ESCAPED: Final = re.compile(r"\\(20|22|26|27|2f|3a|3c|3e|40|5c)", re.IGNORECASE)
"""An escape: no other characters are ever escaped (§3)."""


def unescaped(localpart: str) -> str:
    """Return *localpart* as it was before it was escaped; one without escapes is itself."""
    # §4.3: what looks like an escape and is none stays as it is.
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), localpart)
