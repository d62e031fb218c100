"""Message Carbons (XEP-0280): whether they are on, and to which client the copied message went.

Links from a copy to the message are for `deliveries`.
"""

from functools import partial
from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.namespaces import BIND2, SASL2
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import MESSAGE, address

CARBONS: Final = "urn:xmpp:carbons:2"
_FORWARDED: Final = expanded("urn:xmpp:forward:0", "forwarded")
_ENABLE: Final = expanded(CARBONS, "enable")
_BIND: Final = expanded(BIND2, "bind")
_MACHINE: Final = "carbons"


def _ask(met: Met, element: Element) -> None:
    if met.entry.type == "set" and met.sent:
        met.change(_MACHINE, "asked" if element.local == "enable" else "asked to stop")
        met.expect(partial(_answer, wanted="on" if element.local == "enable" else "off", asked=met.entry.entry))


def _answer(met: Met, _payload: Element, *, wanted: str, asked: int) -> None:
    met.change(_MACHINE, wanted if met.entry.type == "result" else "refused", (asked,))


def _copy(met: Met, carbon: Element) -> None:
    """Tell the other client's address: the summary names only whom it talks with."""
    forwarded = carbon.child(_FORWARDED)
    inner = None if forwarded is None else next((one for one in forwarded.children if one.name in MESSAGE), None)
    if inner is None or met.entry.name != "message" or met.account.forms[met.entry.from_]:
        return  # §11: a carbon from anybody but the own account is none
    received = carbon.local == "received"
    other = inner.attrs.get("to" if received else "from", "")
    if "/" in other and other != met.entry.to:
        met.note(f"{'was sent to' if received else 'was sent by'} {address(other)}", "XEP-0280 §7")


def _inline(met: Met, authenticate: Element) -> None:
    """XEP-0386 §3: with Bind 2, carbons are asked for while binding."""
    for child in authenticate.children:
        if child.name == _BIND and child.child(_ENABLE) is not None:
            met.change(_MACHINE, "asked")


def _bound(met: Met, success: Element) -> None:
    """Binding that succeeds with them turns carbons on."""
    asked = met.place.changes.entries(_MACHINE)
    if success.child(expanded(BIND2, "bound")) is not None and met.place.changes.value(_MACHINE) == "asked":
        met.change(_MACHINE, "on", asked)


EXTENSION: Final = Extension(
    number="0280",
    title="Message Carbons",
    namespaces=(CARBONS,),
    elements={
        _ENABLE: _ask,
        expanded(CARBONS, "disable"): _ask,
        expanded(CARBONS, "received"): _copy,
        expanded(CARBONS, "sent"): _copy,
    },
    nonzas={expanded(SASL2, "authenticate"): _inline, expanded(SASL2, "success"): _bound},
)
