"""The extensions that are followed: a plain list of descriptors, in the order in which they are asked."""

from typing import Final

from xmppscope.xeps import (
    contacts,
    xep_0045,
    xep_0198,
    xep_0220,
    xep_0313,
)
from xmppscope.xeps.descriptor import Extension

EXTENSIONS: Final[tuple[Extension, ...]] = (
    contacts.EXTENSION,
    xep_0045.EXTENSION,
    xep_0198.EXTENSION,
    xep_0220.EXTENSION,
    xep_0313.EXTENSION,
)
