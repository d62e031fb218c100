"""Blocking (XEP-0191): who is blocked by now, and which errors come of it."""

from functools import partial
from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import address, children

BLOCKING: Final = "urn:xmpp:blocking"
_ITEM: Final = expanded(BLOCKING, "item")
_REPORT: Final = "urn:xmpp:reporting:1"
_MOST: Final = 64


def _addresses(element: Element) -> list[str]:
    return [address(item.attrs.get("jid", "")).lower() for item in children(element, _ITEM)[:_MOST]]


def _change(met: Met, element: Element) -> None:
    if met.entry.type != "set":
        return
    blocked, whom = element.local == "block", _addresses(element)
    if met.received:
        _set(met, whom, blocked=blocked, because=())
    else:
        met.expect(partial(_done, whom=whom, blocked=blocked, asked=met.entry.entry))
    for item in children(element, _ITEM)[:1]:
        reason = next((one.attrs.get("reason", "") for one in item.children if one.ns == _REPORT), "")
        if reason:
            met.note(f"reported as {reason.rpartition(':')[2][:20]}" if reason.isascii() else "reported", "XEP-0377 §6")


def _done(met: Met, _payload: Element, *, whom: list[str], blocked: bool, asked: int) -> None:
    if met.entry.type == "result":
        _set(met, whom, blocked=blocked, because=(asked,))


def _set(met: Met, whom: list[str], *, blocked: bool, because: tuple[int, ...]) -> None:
    changes, entry = met.account.changes, met.entry.entry
    if not whom and not blocked:
        # §3.5: an <unblock/> without items unblocks everybody.
        whom = [machine.subject for machine in changes.machines() if machine.name == "blocked"]
    for jid in whom:
        changes.change("blocked", "yes" if blocked else "no", entry, because, jid)


def _list(met: Met, blocklist: Element) -> None:
    if met.entry.type == "result":
        _set(met, _addresses(blocklist), blocked=True, because=())


def _refused(met: Met, _condition: Element) -> None:
    """§3.3: a server refuses what its user sends to whom he has blocked."""
    met.note("the user has blocked this contact himself", "XEP-0191 §3.3")


EXTENSION: Final = Extension(
    number="0191",
    title="Blocking Command",
    namespaces=(BLOCKING,),
    elements={
        expanded(BLOCKING, "block"): _change,
        expanded(BLOCKING, "unblock"): _change,
        expanded(BLOCKING, "blocklist"): _list,
    },
    errors={expanded(f"{BLOCKING}:errors", "blocked"): _refused},
)
