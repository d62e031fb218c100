"""SOCKS5 Bytestreams (XEP-0065): the hosts that are offered, which one is used, and activation.

The bytes themselves go elsewhere.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.notes import counted
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import address, listed, number, word

SOCKS: Final = "http://jabber.org/protocol/bytestreams"


def _socks(met: Met, query: Element) -> None:
    hosts = [child for child in query.children if child.local == "streamhost"]
    activate = next((child.text for child in query.children if child.local == "activate"), None)
    if met.entry.type == "set" and hosts:
        whom = [child.attrs.get("jid", "?") for child in hosts]
        met.note(f"{counted(len(hosts), 'host')}: {listed(whom, 4)}", "XEP-0065 §5.3.1")
        if query.attrs.get("mode") == "udp":
            met.note("over UDP", "XEP-0065 §5.3.1")
    elif met.entry.type == "set" and activate is not None:
        met.note(f"activates the stream to {address(activate)}", "XEP-0065 §6.3.5")
    elif met.entry.type == "result" and hosts:
        port = number(hosts[0].attrs.get("port"))
        met.note(
            f"port {port}" if port is not None else f"host {word(hosts[0].attrs.get('jid', '?'))}", "XEP-0065 §6.3"
        )


EXTENSION: Final = Extension(
    number="0065", title="SOCKS5 Bytestreams", namespaces=(SOCKS,), elements={expanded(SOCKS, "query"): _socks}
)
