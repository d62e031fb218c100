"""Entity Capabilities 2.0 (XEP-0390): where its hashes stand; what they mean is told by `capabilities`.

Questions and answers are those of XEP-0115, with another node.
"""

from typing import Final

from xmppscope.session.triggers import expanded
from xmppscope.xeps import capabilities
from xmppscope.xeps.capabilities import CAPS2, Announced
from xmppscope.xeps.descriptor import Extension

EXTENSION: Final = Extension(
    number="0390",
    title="Entity Capabilities 2.0",
    namespaces=(CAPS2,),
    elements={expanded(CAPS2, "c"): capabilities.presence2},
    tracker=Announced,
)
