"""Efficient XML Interchange (XEP-0322): what both ends agree on before their streams become binary.

Once `<compressed/>` has granted it, what follows is EXI, of which nothing is read here: an `opaque` entry says so.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.notes import counted
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met

EXI: Final = "http://jabber.org/protocol/compress/exi"
_SCHEMA: Final = expanded(EXI, "schema")
_MISSING: Final = expanded(EXI, "missingSchema")
_SECTION: Final = "XEP-0322 §2.2"


def _setup(met: Met, setup: Element) -> None:
    schemas = sum(child.name == _SCHEMA for child in setup.children)
    strict = ", strictly" if setup.attrs.get("strict") in ("true", "1") else ""
    met.note(f"wants EXI by {counted(schemas, 'schema')}{strict}", _SECTION)


def _response(met: Met, response: Element) -> None:
    if response.attrs.get("agreement") in ("true", "1"):
        met.note("EXI is agreed on: behind <compressed/> nothing can be read any more", _SECTION)
        return
    missing = sum(child.name == _MISSING for child in response.children)
    met.note(f"no agreement yet: {counted(missing, 'schema')} missing", _SECTION)


EXTENSION: Final = Extension(
    number="0322",
    title="Efficient XML Interchange (EXI) Format",
    namespaces=(EXI,),
    nonzas={expanded(EXI, "setup"): _setup, expanded(EXI, "setupResponse"): _response},
)
