"""XMPP Ping (XEP-0199): an error answers a ping as well.

How long the answer took is the `latency` of its entry.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met

PING: Final = "urn:xmpp:ping"
_ANSWERS: Final = frozenset({"service-unavailable", "feature-not-implemented"})
_AWAY: Final = frozenset({"remote-server-not-found", "remote-server-timeout", "gone"})


def _ping(met: Met, _ping: Element) -> None:
    if met.entry.type in ("get", "set"):
        met.expect(_answer)


def _answer(met: Met, _payload: Element) -> None:
    """§4: who does not know pings answers with an error; that it answers at all is what was asked."""
    if met.entry.type != "error":
        return
    conditions = {one.local for child in met.stanza.children if child.local == "error" for one in child.children}
    if conditions & _ANSWERS:
        met.note("an answer all the same: the connection works", "XEP-0199 §4")
    elif conditions & _AWAY:
        met.note("the ping did not arrive", "XEP-0199 §4")


EXTENSION: Final = Extension(
    number="0199", title="XMPP Ping", namespaces=(PING,), elements={expanded(PING, "ping"): _ping}
)
