"""What an iq says about accounts: registration, login, archive, carbons, push, blocking.

XEP-0077, 0078, 0191, 0215, 0280, 0313, 0357 and the privacy lists of RFC 3921.
"""

from typing import Final

from xmppscope.explain.context import Context, plural, short_id
from xmppscope.explain.iq_table import Ask, Tables, Tell
from xmppscope.explain.wording import DATA_FORM, form_values
from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.namespaces import AUTH, REGISTER
from xmppscope.model.plaintext import quote, visible

_REGISTER: Final = f"{REGISTER}{SEPARATOR}query"
_AUTH: Final = f"{AUTH}{SEPARATOR}query"
_BLOCKING: Final = f"urn:xmpp:blocking{SEPARATOR}"
_PRIVACY: Final = f"jabber:iq:privacy{SEPARATOR}query"
_PUSH: Final = f"urn:xmpp:push:0{SEPARATOR}"
_ARCHIVES: Final = tuple(f"urn:xmpp:mam:{version}{SEPARATOR}" for version in (0, 1, 2))
_SET: Final = f"http://jabber.org/protocol/rsm{SEPARATOR}set"
_RSM: Final = f"http://jabber.org/protocol/rsm{SEPARATOR}"
_CARBONS: Final = tuple(f"urn:xmpp:carbons:{version}{SEPARATOR}" for version in (1, 2))
_EXTERNAL_SERVICES: Final = tuple(f"urn:xmpp:extdisco:{version}{SEPARATOR}" for version in (1, 2))
_SHOWN: Final = 5


def _texts(payload: Element) -> dict[str, str]:
    return {child.local: child.text for child in payload.children}


def _register(payload: Element, who: str, context: Context) -> str:
    values = _texts(payload)
    where = f" at {who}" if who else ""
    if "remove" in values:
        return f"delete the account{where}"
    form = payload.child(DATA_FORM)
    if form is not None:
        values = form_values(form)
    name, password = values.get("username"), values.get("password")
    text = f"register {quote(name)}{where}" if name else f"register{where}"
    return f"{text}, {context.secret('password', password)}" if password else text


def _needs(payload: Element, _context: Context) -> str:
    values = _texts(payload)
    if "registered" in values:
        return f"registered as {quote(values.get('username', ''))}"
    form = payload.child(DATA_FORM)
    names = [child.local for child in payload.children if child.local not in {"instructions", "x"}]
    if form is not None:
        names = [child.attrs.get("var", "") for child in form.children if child.local == "field"]
        names = [name for name in names if name != "FORM_TYPE"]
    return f"registration needs {', '.join(map(visible, names[:10])) or 'nothing'}"


def _login(payload: Element, _who: str, context: Context) -> str:
    values = _texts(payload)
    name = values.get("username", "")
    context.sasl.username = name
    text = f"log in as {visible(name)} (legacy)"
    for word in ("password", "digest"):
        if values.get(word):
            text += f", {context.secret(word, values[word])}"
    return text


def _fields(payload: Element, _context: Context) -> str:
    names = [visible(child.local) for child in payload.children]
    return f"legacy login needs {', '.join(names) or 'nothing'}"


def _addresses(verb: str, everybody: str) -> Ask:
    def ask(payload: Element, who: str, context: Context) -> str:
        items = [context.short(child.attrs.get("jid", "?")) for child in payload.children]
        shown = ", ".join(items[:_SHOWN]) + (", …" if len(items) > _SHOWN else "")
        text = f"{verb} {shown or everybody}"
        return f"blocklist push: {text}" if who == "the client" else text

    return ask


def _blocklist(payload: Element, context: Context) -> str:
    items = [context.short(child.attrs.get("jid", "?")) for child in payload.children]
    shown = ", ".join(items[:_SHOWN]) + (", …" if len(items) > _SHOWN else "")
    return f"{plural(len(items), 'address').replace('addresss', 'addresses')} blocked" + (f": {shown}" if shown else "")


def _privacy(payload: Element, who: str, _context: Context) -> str:
    names = [quote(child.attrs.get("name", "")) for child in payload.children[:_SHOWN]]
    what = ", ".join(names) or "nothing"
    return f"privacy list push: {what}" if who == "the client" else f"set privacy lists: {what}"


def _search(payload: Element, who: str, context: Context) -> str:
    """Tell of an archive query: whose messages, since when, how many."""
    parts: list[str] = []
    form = payload.child(DATA_FORM)
    values = {} if form is None else form_values(form)
    if "with" in values:
        parts.append(f"with {context.short(values['with'])}")
    for word, name in (("since", "start"), ("until", "end")):
        if name in values:
            parts.append(f"{word} {visible(values[name])}")
    page = payload.child(_SET)
    limits = {} if page is None else {child.local: child.text for child in page.children}
    parts += [
        f"{name} {short_id(limits[name])}" if limits[name] else "the last ones"
        for name in ("after", "before")
        if name in limits
    ]
    if limits.get("max"):
        parts.append(f"at most {visible(limits['max'])}")
    archive = f"search the archive of {who}" if who else "search the archive"
    return f"{archive}: {', '.join(parts)}" if parts else archive


def _found(payload: Element, _context: Context) -> str:
    page = payload.child(_SET)
    count = None if page is None else page.child_text(f"{_RSM}count")
    end = "complete" if payload.attrs.get("complete") in {"true", "1"} else "more follow"
    return f"archive searched, {end}" + (f": {visible(count)} in all" if count else "")


def _search_form(payload: Element, _context: Context) -> str:
    form = payload.child(DATA_FORM)
    if form is None:
        return "archive query"
    names = [child.attrs.get("var", "") for child in form.children if child.local == "field"]
    return f"the archive can be searched by {', '.join(visible(name) for name in names if name != 'FORM_TYPE')}"


def _push(payload: Element, _who: str, context: Context) -> str:
    text = f"send push notifications through {context.short(payload.attrs.get('jid', '?'))}"
    form = payload.child(DATA_FORM)
    secret = None if form is None else form_values(form).get("secret")
    return f"{text}, {context.secret('secret', secret)}" if secret else text


def _invited(payload: Element, _who: str, context: Context) -> str:
    return f"register by invitation, {context.secret('token', payload.attrs.get('token', ''))}"


def _services(payload: Element, context: Context) -> str:
    services = [child for child in payload.children if child.local == "service"]
    kinds = ", ".join(dict.fromkeys(visible(child.attrs.get("type", "?")) for child in services))
    text = plural(len(services), "service") + (f": {kinds}" if kinds else "")
    masked = not context.show_secrets and any("password" in child.attrs for child in services)
    return text + (", credentials masked" if masked else "")


_get: dict[str, Ask] = {
    _REGISTER: "ask {who} how to register",
    _AUTH: "ask {who} how to log in (legacy)",
    f"{_BLOCKING}blocklist": "get the blocklist",
    _PRIVACY: "get the privacy lists",
}
_set: dict[str, Ask] = {
    _REGISTER: _register,
    _AUTH: _login,
    f"{_BLOCKING}block": _addresses("block", "nobody"),
    f"{_BLOCKING}unblock": _addresses("unblock", "everybody"),
    _PRIVACY: _privacy,
    f"{_PUSH}enable": _push,
    f"{_PUSH}disable": "send no more push notifications",
    f"urn:xmpp:pars:0{SEPARATOR}preauth": _invited,
}
_result: dict[str, Tell] = {_REGISTER: _needs, _AUTH: _fields, f"{_BLOCKING}blocklist": _blocklist}
_empty: dict[str, str] = {
    _REGISTER: "registration done",
    _AUTH: "logged in",
    f"{_BLOCKING}block": "blocked",
    f"{_BLOCKING}unblock": "unblocked",
}
for _archive in _ARCHIVES:
    _get[f"{_archive}query"] = "ask how the archive can be searched"
    _get[f"{_archive}prefs"] = "ask what the archive keeps"
    _get[f"{_archive}metadata"] = "ask what the archive holds"
    _set[f"{_archive}query"] = _search
    _set[f"{_archive}prefs"] = "say what the archive shall keep"
    _result[f"{_archive}fin"] = _found
    _result[f"{_archive}query"] = _search_form
    _empty[f"{_archive}query"] = "archive searched"
for _carbons in _CARBONS:
    _set[f"{_carbons}enable"] = "turn carbons on"
    _set[f"{_carbons}disable"] = "turn carbons off"
    _empty[f"{_carbons}enable"] = "carbons are on"
    _empty[f"{_carbons}disable"] = "carbons are off"
for _external in _EXTERNAL_SERVICES:
    _get[f"{_external}services"] = "ask {who} for STUN and TURN servers"
    _get[f"{_external}credentials"] = "ask {who} for credentials of a server"
    _result[f"{_external}services"] = _services
    _result[f"{_external}credentials"] = _services

TABLES: Final = Tables(_get, _set, _result, _empty)
