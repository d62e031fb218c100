"""Summaries of authentication: SASL (RFC 6120 §6) and SASL2 with what it carries along (XEP-0388, 0386, 0484)."""

from typing import Final

from xmppscope.explain.condition import condition
from xmppscope.explain.context import Context
from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.namespaces import BIND2, FAST, SASL, SASL2, SM3
from xmppscope.model.plaintext import quote, visible
from xmppscope.model.timeline import Sender
from xmppscope.session import sasl_messages
from xmppscope.session.sasl_exchange import Message

_TOKEN: Final = f"{FAST}{SEPARATOR}token"
_BOUND: Final = f"{BIND2}{SEPARATOR}bound"
_RESUMED: Final = f"{SM3}{SEPARATOR}resumed"
_SECRETS: Final = {
    Message.PLAIN: "password",
    Message.CLIENT_FINAL: "proof",
    Message.SERVER_FINAL: "signature",
    Message.TOKEN: "token",
    Message.OTHER: "data",
}


def authenticate(element: Element, _sender: Sender, context: Context) -> str:
    """Tell of `<auth/>` or `<authenticate/>`: the mechanism, who, and what is asked for beside."""
    sasl = context.sasl
    message = sasl.begin(element)
    name = visible(sasl.mechanism) or "no mechanism named"
    offered = context.offered.get(element.ns)
    text = name
    if message is Message.CLIENT_FIRST:
        text += " client-first"
    text += _as(context) + _secret(context, message)
    if offered is not None and sasl.mechanism not in offered and not _is_token_mechanism(sasl.mechanism):
        return f"{text}, which was not offered" if text == name else f"{text}; not offered"
    if message is Message.NONE:
        text += ", without initial response"
    return text + _inline(element)


def challenge(element: Element, _sender: Sender, context: Context) -> str:
    """Tell of a challenge."""
    message = context.sasl.server(element.text)
    if message is Message.NONE:
        return "go on, no data"
    if message is Message.SERVER_FIRST:
        first = sasl_messages.server_first(element.text)
        return f"SCRAM server-first: {first.iterations if first else '?'} iterations"
    if message is Message.SERVER_FINAL:
        return _final(context)
    return context.secret("data", element.text)


def response(element: Element, _sender: Sender, context: Context) -> str:
    """Tell of the answer to a challenge."""
    message = context.sasl.client(element.text)
    if message is Message.NONE:
        return "answer without data"
    if message is Message.CLIENT_FIRST:
        return f"SCRAM client-first{_as(context)}"
    if message is Message.CLIENT_FINAL:
        return f"SCRAM client-final{_secret(context, message)}"
    return f"answer{_as(context)}{_secret(context, message)}"


def success(element: Element, _sender: Sender, context: Context) -> str:
    """Tell who is logged in, and what came along (SASL2)."""
    message = context.sasl.succeed(element)
    who = context.sasl.username
    text = f"{visible(who)} is logged in" if who else "logged in"
    if who and element.ns == SASL2:
        # A whole address may be cut at its end, and the rest must be understood without it.
        text = f"logged in as {visible(who)}"
    if message is Message.SERVER_FINAL and context.show_secrets:
        text += f", {_final(context)}"
    else:
        text += _secret(context, message)
    if element.ns != SASL2:
        context.after = "login"
        return text
    for child in element.children:
        if child.name == _BOUND:
            context.jid = who
            text += "; bound"
        elif child.name == _RESUMED:
            context.jid = who
            text += f"; session resumed, received {visible(child.attrs.get('h', '?'))}"
        elif child.name == _TOKEN:
            text += f"; {context.secret('token', child.attrs.get('token', ''))}"
    return text


def failure(element: Element, _sender: Sender, _context: Context) -> str:
    """Tell why the login failed."""
    return condition(element)


def abort(_element: Element, _sender: Sender, _context: Context) -> str:
    """Tell of `<abort/>`."""
    return "give up this attempt"


def continue_(element: Element, _sender: Sender, _context: Context) -> str:
    """Tell which tasks are left (XEP-0388 §2.6)."""
    tasks = [visible(task.text) for child in element.children if child.local == "tasks" for task in child.children]
    return f"more is needed: {', '.join(tasks) or 'no task named'}"


def next_(element: Element, _sender: Sender, _context: Context) -> str:
    """Tell which task is begun."""
    return f"begin the task {visible(element.attrs.get('task', '?'))}"


def task_data(_element: Element, _sender: Sender, context: Context) -> str:
    """Tell of a task's own data."""
    return "data of the task" if context.show_secrets else "data of the task, masked"


def _as(context: Context) -> str:
    return f" as {visible(context.sasl.username)}" if context.sasl.username else ""


def _secret(context: Context, message: Message) -> str:
    word = _SECRETS.get(message)
    if word is None:
        return ""
    if not context.show_secrets:
        return f", {word} masked"
    value = sasl_messages.text(context.sasl.data) or context.sasl.data
    if message is Message.PLAIN:
        value = value.rpartition("\0")[2]
    return f", {context.secret(word, value)}"


def _final(context: Context) -> str:
    """Tell of SCRAM's last message: an error that it carries, or a signature."""
    final = sasl_messages.server_final(context.sasl.data)
    if final and final.error:
        return f"SCRAM error {visible(final.error)}"
    return f"SCRAM server-final{_secret(context, Message.SERVER_FINAL)}"


def _is_token_mechanism(mechanism: str) -> bool:
    """Tell whether the mechanism is offered elsewhere: FAST's are listed in an element of their own (XEP-0484 §3.1)."""
    return mechanism.startswith("HT-")


def _inline(element: Element) -> str:
    """Tell what an `<authenticate/>` asks for beside the login."""
    asked: list[str] = []
    for child in element.children:
        if child.ns == BIND2:
            tag = child.child_text(f"{BIND2}{SEPARATOR}tag")
            asked.append(f"bind {quote(tag)}" if tag else "bind")
        elif child.ns == SM3:
            asked.append("resume the session" if child.local == "resume" else visible(child.local))
        elif child.ns == FAST and child.local == "request-token":
            asked.append("ask for a token")
    return f"; {', '.join(asked)}" if asked else ""


HANDLERS: Final = {
    f"{SASL}{SEPARATOR}auth": authenticate,
    f"{SASL}{SEPARATOR}challenge": challenge,
    f"{SASL}{SEPARATOR}response": response,
    f"{SASL}{SEPARATOR}success": success,
    f"{SASL}{SEPARATOR}failure": failure,
    f"{SASL}{SEPARATOR}abort": abort,
    f"{SASL2}{SEPARATOR}authenticate": authenticate,
    f"{SASL2}{SEPARATOR}challenge": challenge,
    f"{SASL2}{SEPARATOR}response": response,
    f"{SASL2}{SEPARATOR}success": success,
    f"{SASL2}{SEPARATOR}failure": failure,
    f"{SASL2}{SEPARATOR}abort": abort,
    f"{SASL2}{SEPARATOR}continue": continue_,
    f"{SASL2}{SEPARATOR}next": next_,
    f"{SASL2}{SEPARATOR}task-data": task_data,
}
