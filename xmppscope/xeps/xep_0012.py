"""Last Activity (XEP-0012): of a server the time that it is up, of an account the time since the last logout."""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.jid import Jid
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import number, span

LAST: Final = "jabber:iq:last"


def _last(met: Met, query: Element) -> None:
    """XEP-0012 §4 and §5: of a server it is the time that it is up, of a bare JID the time since the last logout."""
    seconds, from_ = number(query.attrs.get("seconds")), Jid.parse(met.entry.from_ or "")
    if met.entry.type != "result" or seconds is None or from_.resourcepart:
        return
    if from_.localpart:
        met.note(f"logged out {span(seconds)} ago" if seconds else "is logged in", "XEP-0012 §4")
    elif from_.domainpart:
        met.note(f"up for {span(seconds)}", "XEP-0012 §5")


EXTENSION: Final = Extension(
    number="0012", title="Last Activity", namespaces=(LAST,), elements={expanded(LAST, "query"): _last}
)
