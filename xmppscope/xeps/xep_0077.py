"""In-Band Registration (XEP-0077): what must be filled in, and what became of the account.

Values are never told: passwords are among them.
"""

from functools import partial
from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.namespaces import REGISTER
from xmppscope.session.triggers import expanded
from xmppscope.xeps import xep_0004
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import address

_QUERY: Final = expanded(REGISTER, "query")
_REMOVE: Final = expanded(REGISTER, "remove")
_REDIRECT: Final = expanded("jabber:x:oob", "x")
_URL: Final = expanded("jabber:x:oob", "url")


def _register(met: Met, query: Element) -> None:
    form = query.child(xep_0004.FORM)
    if met.entry.type == "set":
        wanted = "deleted" if query.child(_REMOVE) is not None else "registered"
        met.expect(partial(_done, wanted=wanted, where=address(met.entry.to or ""), asked=met.entry.entry))
    elif met.entry.type == "result":
        link = query.child(_REDIRECT)
        host = (link.child_text(_URL) or "").partition("://")[2].partition("/")[0] if link is not None else ""
        if host:
            met.note(f"to be done on the web, at {address(host.partition('?')[0])}", "XEP-0077 §5")
    if form is not None:
        xep_0004.form(met, form)


def _done(met: Met, _payload: Element, *, wanted: str, where: str, asked: int) -> None:
    value = wanted if met.entry.type == "result" else "refused"
    met.change("registration", value, (asked,), where)


EXTENSION: Final = Extension(
    number="0077", title="In-Band Registration", namespaces=(REGISTER,), elements={_QUERY: _register}
)
