"""What the summaries of stanzas share: from whom, to whom, when, and the names that several of them look for."""

from datetime import UTC, datetime
from typing import Final

from xmppscope.explain.context import Context, duration
from xmppscope.explain.registry import short_name
from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.namespaces import CLIENT, CONTENT
from xmppscope.model.plaintext import quote, visible
from xmppscope.model.timeline import INITIATING, Sender

DATA_FORM: Final = f"jabber:x:data{SEPARATOR}x"
MUC_USER: Final = "http://jabber.org/protocol/muc#user"
DELAY: Final = f"urn:xmpp:delay{SEPARATOR}delay"
_FIELD: Final = f"jabber:x:data{SEPARATOR}field"
_VALUE: Final = f"jabber:x:data{SEPARATOR}value"
_CLIENT_PREFIX: Final = CLIENT + SEPARATOR


def content(local: str) -> frozenset[str]:
    """Return the expanded names of a child such as `body` in every content namespace."""
    return frozenset(f"{ns}{SEPARATOR}{local}" for ns in CONTENT)


ERROR: Final = content("error")


def place(element: Element, sender: Sender, context: Context) -> str:
    """Return `to X` or `from X` for a client's stanza, `X to Y` between servers and for components."""
    attrs = element.attrs
    to, from_ = attrs.get("to"), attrs.get("from")
    if element.name.startswith(_CLIENT_PREFIX):
        if sender == INITIATING:
            return "to the own account" if to is None else "to " + context.short(to)
        return "from the server" if from_ is None else "from " + context.short(from_)
    return both(from_, to, context)


def both(from_: str | None, to: str | None, context: Context) -> str:
    """Return `X to Y`, or `from X` or `to Y` where only that is known."""
    if from_ is None:
        return "from nobody to nobody" if to is None else f"to {context.short(to)}"
    if to is None:
        return f"from {context.short(from_)}"
    return f"{context.short(from_)} to {context.short(to)}"


def is_client(element: Element) -> bool:
    """Tell whether a stanza is one between a client and its server."""
    return element.name.startswith(_CLIENT_PREFIX)


def waited(delay: Element, context: Context) -> str:
    """Return how long a stanza had waited, or when it was sent where the present time is not known."""
    stamp = delay.attrs.get("stamp", "")
    try:
        sent = datetime.fromisoformat(stamp)
    except ValueError:
        return f", delayed since {quote(stamp)}"
    if not context.time:
        return f", sent {visible(stamp)}"
    if sent.tzinfo is None:
        sent = sent.replace(tzinfo=UTC)
    age = context.time / 1e9 - sent.timestamp()
    if "." not in stamp:
        # A stamp of whole seconds tells no tenths of them: it may be up to a second too early.
        age = float(int(age)) if age >= 1 else 0.0
        return f", after {duration(age).replace('.0 s', ' s')}" if age else ""
    return f", after {duration(age)}" if age >= 0.05 else ""


def node_name(node: str) -> str:
    """Return a pubsub node as people call it: the short name of a known namespace, else the node in quotes."""
    short = short_name(node)
    return quote(node) if short == node else visible(short)


def form_values(form: Element) -> dict[str, str]:
    """Return the first value of each named field of a data form, submitted or offered."""
    values: dict[str, str] = {}
    for field in form.children:
        if field.name == _FIELD:
            value = field.child_text(_VALUE)
            if value is not None:
                values.setdefault(field.attrs.get("var", ""), value)
    return values


def payloads(children: list[Element]) -> list[str]:
    """Return the short names of the namespaces of these elements, each once."""
    return list(dict.fromkeys(visible(short_name(child.ns) or child.local) for child in children[:16]))
