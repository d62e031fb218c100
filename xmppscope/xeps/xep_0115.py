"""Entity Capabilities (XEP-0115): where its hashes stand; what they mean is told by `capabilities`."""

from typing import Final

from xmppscope.model.namespaces import STREAM
from xmppscope.session.triggers import expanded
from xmppscope.xeps import capabilities
from xmppscope.xeps.capabilities import CAPS, Announced
from xmppscope.xeps.descriptor import Extension
from xmppscope.xeps.xep_0030 import INFO_QUERY

EXTENSION: Final = Extension(
    number="0115",
    title="Entity Capabilities",
    namespaces=(CAPS,),
    elements={expanded(CAPS, "c"): capabilities.presence, INFO_QUERY: capabilities.info},
    nonzas={expanded(STREAM, "features"): capabilities.features},
    tracker=Announced,
)
