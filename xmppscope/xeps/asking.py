"""Small questions between entities: time (XEP-0202), last activity (0012), bits of binary (0231), services (0215).

Credentials of external services are secrets and are never told.
"""

import hashlib
from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.jid import Jid
from xmppscope.session.triggers import expanded
from xmppscope.xeps.avatars import decoded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import at, instant, listed, number, size, span, word

TIME: Final = "urn:xmpp:time"
LAST: Final = "jabber:iq:last"
BOB: Final = "urn:xmpp:bob"
SERVICES: Final = ("urn:xmpp:extdisco:2", "urn:xmpp:extdisco:1")
_UTC: Final = expanded(TIME, "utc")
_HASHES: Final = {"sha1": "sha1", "sha256": "sha256", "sha512": "sha512"}
_NOTABLE_SKEW: Final = 1.5


def _time(met: Met, time: Element) -> None:
    """Compare the clock of the peer with the one of the capture."""
    told = instant(time.child_text(_UTC) or "")
    if met.entry.type != "result" or told is None:
        return
    ahead = told - at(met.entry)
    if abs(ahead) > _NOTABLE_SKEW:
        text = f"its clock is {span(abs(ahead))} {'ahead' if ahead > 0 else 'behind'}"
        met.note(f"{text}, against the clock of the capture", "XEP-0202 §3")


def _last(met: Met, query: Element) -> None:
    """XEP-0012 §4 and §5: of a server it is the time that it is up, of a bare JID the time since the last logout."""
    seconds, from_ = number(query.attrs.get("seconds")), Jid.parse(met.entry.from_ or "")
    if met.entry.type != "result" or seconds is None or from_.resourcepart:
        return
    if from_.localpart:
        met.note(f"logged out {span(seconds)} ago" if seconds else "is logged in", "XEP-0012 §4")
    elif from_.domainpart:
        met.note(f"up for {span(seconds)}", "XEP-0012 §5")


def _bits(met: Met, data: Element) -> None:
    content = decoded(data.text) if data.text.strip() else None
    if not content:
        return
    kind, age = data.attrs.get("type"), number(data.attrs.get("max-age"))
    parts = [size(len(content))]
    parts += [word(kind)] if kind else []
    parts += [f"to be kept for {span(age)}" if age else "not to be kept"] if age is not None else []
    name, _, digest = data.attrs.get("cid", "").partition("@")[0].partition("+")
    if name in _HASHES and digest:
        fits = hashlib.new(_HASHES[name], content, usedforsecurity=False).hexdigest() == digest.lower()
        parts.append("fits its hash" if fits else "does not fit its hash")
    met.note(", ".join(parts), "XEP-0231 §2")


def _services(met: Met, services: Element) -> None:
    found = []
    for child in services.children[:16]:
        attrs = child.attrs
        if child.local == "service" and attrs.get("host"):
            port = f":{word(attrs['port'])}" if attrs.get("port") else ""
            transport = f" over {word(attrs['transport'])}" if attrs.get("transport") else ""
            found.append(f"{word(attrs['host'])}{port}{transport}")
    if found and met.entry.type == "result":
        met.note(listed(found), "XEP-0215 §3")


XEP_0202: Final = Extension(
    number="0202", title="Entity Time", namespaces=(TIME,), elements={expanded(TIME, "time"): _time}
)
XEP_0012: Final = Extension(
    number="0012", title="Last Activity", namespaces=(LAST,), elements={expanded(LAST, "query"): _last}
)
XEP_0231: Final = Extension(
    number="0231", title="Bits of Binary", namespaces=(BOB,), elements={expanded(BOB, "data"): _bits}
)
XEP_0215: Final = Extension(
    number="0215",
    title="External Service Discovery",
    namespaces=SERVICES,
    elements={expanded(ns, local): _services for ns in SERVICES for local in ("services", "credentials")},
)
