"""Entity Capabilities: what a hash in presence stands for (XEP-0115, XEP-0390), followed from seen to verified.

A hash is met in presence, a client asks what it stands for, and the answer is hashed again: it is verified, or it does
not fit. After that everybody who announces the hash is known to have these abilities. The hashes themselves are made in
`caps_hash`; the two extensions differ in nothing else. Kept for all connections, by algorithm and hash.
"""

from functools import partial
from itertools import islice
from typing import Final, Literal, NamedTuple

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps import caps_hash
from xmppscope.xeps.descriptor import Met
from xmppscope.xeps.memory import LONGEST_KEY, Memory
from xmppscope.xeps.words import children, short, word
from xmppscope.xeps.xep_0030 import FEATURE, IDENTITY, INFO_QUERY

CAPS: Final = "http://jabber.org/protocol/caps"
CAPS2: Final = "urn:xmpp:caps"
_C: Final = expanded(CAPS, "c")
_HASH: Final = expanded("urn:xmpp:hashes:2", "hash")
_STREAM_FEATURES: Final = expanded("http://etherx.jabber.org/streams", "features")
_LONGEST_NODE: Final = 200
_MOST_NODES: Final = 256
_SPEC: Final = "XEP-0115 §5.4"
_SPEC2: Final = "XEP-0390 §4.2"


class Known(NamedTuple):
    """What is known of a hash: `entry` is the presence that showed it first, or the answer that settled it."""

    state: Literal["seen", "verified", "mismatched"]
    entry: int
    is_what: str = ""
    notify: frozenset[str] = frozenset()


class Hashes(Memory[tuple[str, str], Known]):
    """All hashes by algorithm and text."""

    most = 2048


class Announced(Memory[str, tuple[tuple[str, str], Known | None]]):
    """The last hash of each JID on one connection, and what was known of it; the client itself is the empty JID."""

    most = 2048


def notified(met: Met, node: str) -> int | None:
    """Return the entry that shows why the client is sent events of *node*: it has announced an interest in it.

    XEP-0163 §4.3: the interest is the feature ``node+notify`` behind the hash of its presence.
    """
    own = met.of(Announced).get("")
    known = None if own is None else met.capture.of(Hashes).get(own[0])
    return known.entry if known is not None and f"{node}+notify" in known.notify else None


def presence(met: Met, c: Element) -> None:
    """Take the hash of a presence (XEP-0115 §4)."""
    algorithm, ver, node = (c.attrs.get(name, "") for name in ("hash", "ver", "node"))
    if met.entry.name != "presence" or met.entry.type == "unavailable" or not ver:
        return
    if algorithm:
        _announce(met, (algorithm, ver), _SPEC)
    elif _is_news(met, ("", f"{node}#{ver}"), None):
        met.note(f"version {word(ver)} of {word(node)}, without a hash", "XEP-0115 §4")


def presence2(met: Met, c: Element) -> None:
    """Take the hashes of a presence (XEP-0390 §4.2), of which one that is known is as good as any."""
    hashes = [(one.attrs.get("algo", ""), one.text.strip()) for one in children(c, _HASH)]
    if met.entry.name == "presence" and met.entry.type != "unavailable" and hashes:
        known = met.capture.of(Hashes)
        _announce(met, next((one for one in hashes if known.get(one) is not None), hashes[0]), _SPEC2)


def _announce(met: Met, key: tuple[str, str], spec: str) -> None:
    hashes = met.capture.of(Hashes)
    known = hashes.get(key)
    if known is None:
        known = Known("seen", met.entry.entry)
        hashes.put(key, known)
    if not _is_news(met, key, known):
        return
    if known.state == "verified":
        met.note(f"capabilities known from #{known.entry}: {known.is_what}", spec)
    elif known.state == "mismatched":
        met.note(f"the hash {short(key[1])} did not fit its answer #{known.entry}", spec)


def _is_news(met: Met, key: tuple[str, str], known: Known | None) -> bool:
    """Tell whether this is new of a JID, and remember it; presence repeats it for ever."""
    announced, who = met.of(Announced), "" if met.sent and met.c2s else met.entry.from_ or "server"
    told = announced.get(who)
    if told is not None and told[1] is known and told[0] == key:
        return False
    announced.put(who, (key, known))
    return True


def info(met: Met, query: Element) -> None:
    """Follow a question: it names the hash in its node (§6.2); so should the answer, but it may not."""
    node = query.attrs.get("node", "")
    key = _key(met, node) if met.entry.type == "get" and len(node) < LONGEST_KEY else None
    if key is not None:
        # Hashes that nobody asks about are many; the machine of one begins here, with the presence that showed it.
        known = met.capture.of(Hashes).get(key)
        met.change("caps", "asked", () if known is None else (known.entry,), subject=short(key[1]))
        met.expect(partial(_answer, node=node))


def _answer(met: Met, query: Element, *, node: str) -> None:
    key = _key(met, node)
    if key is None:
        return
    if met.entry.type == "error":
        met.change("caps", "answered with an error", subject=short(key[1]))
    elif query.name == INFO_QUERY:
        _verify(met, query, key, _SPEC2 if node.startswith(f"{CAPS2}#") else _SPEC)


def _verify(met: Met, query: Element, key: tuple[str, str], spec: str) -> None:
    algorithm, ver = key
    answer = caps_hash.Answer(query)
    if answer.fault:
        found, text = "mismatched", f"cannot be hashed: {answer.fault}"
    else:
        computed = (answer.caps2 if spec == _SPEC2 else answer.caps)(algorithm)
        if computed is None:
            return
        if computed == ver:
            found, text = "verified", f"hash verified: {word(algorithm)} {short(ver)}"
        else:
            found, text = "mismatched", f"does not fit the hash {short(ver)}: this is {short(computed)}"
            other = met.capture.of(Hashes).get((algorithm, computed))
            text += f", announced in #{other.entry}" if other is not None and other.state == "seen" else ""
    met.note(text, spec)
    state: Literal["verified", "mismatched"] = "verified" if found == "verified" else "mismatched"
    met.capture.of(Hashes).put(key, Known(state, met.entry.entry, _is_what(query), _notify(query)))
    met.change("caps", found, subject=short(ver))


def _key(met: Met, node: str) -> tuple[str, str] | None:
    """Return the hash that a node names: ``node#ver``, or ``urn:xmpp:caps#algorithm.hash``."""
    front, hash_sign, text = node.partition("#")
    if not hash_sign or not text:
        return None
    if front == CAPS2:
        algorithm, _, ver = text.partition(".")
        return (algorithm, ver) if ver else None
    seen = met.capture.of(Hashes)
    return next(((name, text) for name in caps_hash.ALGORITHMS if seen.get((name, text)) is not None), None)


def _is_what(query: Element) -> str:
    identity = query.child(IDENTITY)
    attrs = {} if identity is None else identity.attrs
    kind = f"{word(attrs.get('category', '?'))}/{word(attrs.get('type', '?'))}"
    return f"{kind} {word(attrs['name'])}" if attrs.get("name") else kind


def _notify(query: Element) -> frozenset[str]:
    features = (child.attrs.get("var", "") for child in query.children if child.name == FEATURE)
    wanted = (name for name in features if name.endswith("+notify") and len(name) < _LONGEST_NODE)
    return frozenset(islice(wanted, _MOST_NODES))


def features(met: Met, features: Element) -> None:
    """Take stream features (XEP-0115 §6.3): a server announces its own hash; clients that know it need not ask."""
    c = features.child(_C)
    if c is None or not c.attrs.get("ver") or not c.attrs.get("hash"):
        return
    key = c.attrs["hash"], c.attrs["ver"]
    hashes = met.capture.of(Hashes)
    known = hashes.get(key)
    if known is None:
        hashes.put(key, Known("seen", met.entry.entry))
    elif known.state == "verified":
        met.note(f"the server's capabilities are known from #{known.entry}", "XEP-0115 §6.3")
