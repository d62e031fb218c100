"""The XML of an entry as an lxml tree, for what looks inside: XPath, bodies, children, namespaces.

`xml` is exactly what was sent, so the prefixes that it inherits from the stream header are declared in its own start
tag first; a header, of which there is only the start tag, becomes an empty element. Nothing is loaded and no entity
is resolved. What lxml does not accept has no tree and matches nothing: expat has accepted it, so this is next to never.
"""

import re
from typing import Final
from xml.sax.saxutils import quoteattr

from lxml import etree

from xmppscope.framing.bounds import STANZA
from xmppscope.model.timeline import Entry

_DECLARATION: Final = re.compile(r"\s*<\?xml[^>]*\?>\s*")
_TAG: Final = re.compile(r"<[^\s/>!?]+")
_ATTRIBUTE: Final = re.compile(r"""\s+([^\s=]+)\s*=\s*(?:"[^"]*"|'[^']*')""")

# Text of up to 10 MB and a depth of up to 256 are what libxml2 takes by itself; the splitter's own bounds are narrower
# but for text, and entities, which those limits are against, can't be there without a DTD.
_PARSER: Final = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)


def parse_element(entry: Entry) -> "etree._Element | None":
    """Return the element of *entry*; None where there is none."""
    xml = entry.xml
    if xml is None or len(xml) > STANZA:
        return None
    if declaration := _DECLARATION.match(xml):
        xml = xml[declaration.end() :]
    tag = _TAG.match(xml)
    if tag is None:
        return None
    if entry.kind == "stream-open" and not xml.endswith("/>"):
        xml = xml.rstrip().removesuffix(">") + "/>"
    try:
        return etree.fromstring(_declared(xml, tag.end(), entry.xmlns).encode(), _PARSER)
    except (etree.XMLSyntaxError, UnicodeEncodeError):
        return None


def _declared(xml: str, end: int, inherited: dict[str, str] | None) -> str:
    """Return *xml* with the inherited prefixes declared, those left out that its start tag declares anew."""
    if not inherited:
        return xml
    own: set[str] = set()
    at = end
    while found := _ATTRIBUTE.match(xml, at):
        own.add(found[1])
        at = found.end()
    declarations = ((f"xmlns:{prefix}" if prefix else "xmlns", uri) for prefix, uri in inherited.items())
    added = "".join(f" {name}={quoteattr(uri)}" for name, uri in declarations if name not in own)
    return f"{xml[:end]}{added}{xml[end:]}"
