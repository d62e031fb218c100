"""A read-only view of one XML element, as light as the hot path needs it.

Names are expat's: ``namespace\\nlocal`` (just ``local`` where there is no namespace), so that a dispatch is one
dictionary look-up. Attribute names without a prefix stand alone; ``xml:lang`` is ``http://www.w3.org/XML/1998/namespace\\nlang``.
"""

from typing import Final

import msgspec

SEPARATOR: Final = "\n"


class Element(msgspec.Struct, gc=False):
    """An element with its attributes, its child elements and its own character data (all runs joined).

    There is no link to the parent, so no reference cycle. Treat it as frozen once the splitter has handed it on.
    """

    name: str
    attrs: dict[str, str]
    children: list["Element"]
    text: str = ""

    @property
    def ns(self) -> str:
        """The namespace name; empty where there is none."""
        ns, separator, _ = self.name.rpartition(SEPARATOR)
        return ns if separator else ""

    @property
    def local(self) -> str:
        """The local name."""
        return self.name.rpartition(SEPARATOR)[2]

    def child(self, name: str) -> "Element | None":
        """Return the first child with this expanded name (``namespace\\nlocal``)."""
        for child in self.children:
            if child.name == name:
                return child
        return None

    def child_text(self, name: str) -> str | None:
        """Return the character data of the first child with this expanded name."""
        child = self.child(name)
        return None if child is None else child.text
