"""Push Notifications (XEP-0357): for which node they are on, and what a notification tells the app server.

The secret of the service (publish options) is never told.
"""

from functools import partial
from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.notes import counted
from xmppscope.session.triggers import expanded
from xmppscope.xeps import xep_0004
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import address, number, short

PUSH: Final = "urn:xmpp:push:0"
_SUMMARY: Final = "urn:xmpp:push:summary"


def _ask(met: Met, element: Element) -> None:
    if met.entry.type != "set" or not met.sent:
        return
    service, node = element.attrs.get("jid", ""), element.attrs.get("node")
    if node:
        met.note(f"for node {short(node)}", "XEP-0357 §5" if element.local == "enable" else "XEP-0357 §6")
    elif element.local == "disable":
        met.note(f"for all nodes at {address(service)}", "XEP-0357 §6")
    wanted = "on" if element.local == "enable" else "off"
    met.expect(partial(_answer, wanted=wanted, subject=address(service), asked=met.entry.entry))


def _answer(met: Met, _payload: Element, *, wanted: str, subject: str, asked: int) -> None:
    value = wanted if met.entry.type == "result" else "refused"
    met.account.changes.change("push", value, met.entry.entry, (asked,), subject)


def _notification(met: Met, item: Element) -> None:
    """§7: a notification may tell how much waits, and of whom; what a message says it may, and is not told here."""
    form = item.children[0].child(xep_0004.FORM) if item.children else None
    summary = xep_0004.first(form, _SUMMARY)
    count = number(summary.get("message-count"))
    parts = [] if count is None else [f"{counted(count, 'message')} waiting"]
    if summary.get("last-message-sender"):
        parts.append(f"the last of {address(summary['last-message-sender'])}")
    if summary.get("last-message-body"):
        parts.append("with its text")
    met.note(f"push: {', '.join(parts)}" if parts else "push without details", "XEP-0357 §7")


EXTENSION: Final = Extension(
    number="0357",
    title="Push Notifications",
    namespaces=(PUSH,),
    elements={expanded(PUSH, "enable"): _ask, expanded(PUSH, "disable"): _ask},
    items={expanded(PUSH, "notification"): _notification},
)
