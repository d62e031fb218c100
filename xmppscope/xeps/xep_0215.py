"""External Service Discovery (XEP-0215): which STUN and TURN servers are told; credentials are never told here."""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import listed, word

SERVICES: Final = ("urn:xmpp:extdisco:2", "urn:xmpp:extdisco:1")


def _services(met: Met, services: Element) -> None:
    found = []
    for child in services.children[:16]:
        attrs = child.attrs
        if child.local == "service" and attrs.get("host"):
            port = f":{word(attrs['port'])}" if attrs.get("port") else ""
            transport = f" over {word(attrs['transport'])}" if attrs.get("transport") else ""
            found.append(f"{word(attrs['host'])}{port}{transport}")
    if found and met.entry.type == "result":
        met.note(listed(found), "XEP-0215 §3")


EXTENSION: Final = Extension(
    number="0215",
    title="External Service Discovery",
    namespaces=SERVICES,
    elements={expanded(ns, local): _services for ns in SERVICES for local in ("services", "credentials")},
)
