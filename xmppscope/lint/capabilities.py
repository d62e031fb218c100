"""Entity capabilities: whether an answer is what its hash was announced for (XEP-0115 §5).

A question names the hash in its node; the presence that announced it says how it was made. The hash itself is computed
in `xeps.caps_hash`.
"""

from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.element import Element
from xmppscope.session.seen import Seen
from xmppscope.xeps.caps_hash import ALGORITHMS, Answer

_CAPS: Final = "http://jabber.org/protocol/caps"
_INFO: Final = "http://jabber.org/protocol/disco#info"
_PEER: Final = "romeo@montague.example/garden"
_VER: Final = "FmKXEGQD/5p2RQf4Z+5invU3Afo="
_ANNOUNCED: Final = (
    f"S: <presence from='{_PEER}'><c xmlns='{_CAPS}' hash='sha-1' node='urn:example:balcony' ver='{_VER}'/></presence>",
    f"C: <iq type='get' id='d1' to='{_PEER}'><query xmlns='{_INFO}' node='urn:example:balcony#{_VER}'/></iq>",
)


def _answer(more: str = "") -> str:
    return (
        f"S: <iq type='result' id='d1' from='{_PEER}'><query xmlns='{_INFO}' node='urn:example:balcony#{_VER}'>"
        f"<identity category='client' type='pc' name='Balcony'/><feature var='{_INFO}'/><feature var='urn:xmpp:ping'/>"
        f"{more}</query></iq>"
    )


MISMATCH: Final = Rule(
    "caps-hash-mismatch", "caps", "error", "XEP-0115 §5.4",
    needs="the presence that announced the hash, with its algorithm, and the question that names it",
    what="The answer to a question for a hash of capabilities does not hash to it, or cannot be hashed, since it has "
    "an identity, a feature or a form twice.",
    why="Whoever trusts the hash believes in features that are not there; whoever verifies it drops the answer, and "
    "asks every contact anew. Often a client answers for an old hash with its new features.",
    wrong=talk(*_ANNOUNCED, _answer("<feature var='urn:xmpp:time'/>")),
    right=talk(*_ANNOUNCED, _answer()),
)  # fmt: skip

_MOST: Final = 1024


class CapabilitiesChecker(Checker):
    """Keeps which hashes were announced on one connection, and which questions wait for an answer."""

    RULES = (MISMATCH,)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._announced: dict[str, str] = {}
        self._asked: dict[int, str] = {}

    def announce(self, seen: Seen, c: Element) -> None:
        """Take what a presence says of capabilities."""
        attrs = c.attrs
        ver, algorithm = attrs.get("ver"), attrs.get("hash", "").lower()
        if ver and algorithm in ALGORITHMS and seen.entry.name == "presence":
            node = f"{attrs.get('node', '')}#{ver}"
            if node not in self._announced:
                self._announced[node] = algorithm
                if len(self._announced) > _MOST:
                    del self._announced[next(iter(self._announced))]

    def query(self, seen: Seen, query: Element) -> None:
        """Take a question or an answer."""
        entry = seen.entry
        if entry.type == "get":
            node = query.attrs.get("node", "")
            if node in self._announced:
                self._asked[entry.entry] = node
                if len(self._asked) > _MOST:
                    del self._asked[next(iter(self._asked))]
        elif entry.type == "result" and entry.answers in self._asked:
            self._verify(query, self._asked.pop(entry.answers))

    def _verify(self, query: Element, node: str) -> None:
        algorithm = self._announced.get(node)
        if algorithm is None:
            return
        answer, ver = Answer(query), node.rpartition("#")[2]
        if answer.fault:
            self.report(MISMATCH, f"the answer cannot be hashed: {answer.fault}")
            return
        computed = answer.caps(algorithm)
        if computed is not None and computed != ver:
            self.report(MISMATCH, f"asked for {ver[:40]}, and the answer hashes to {computed[:40]}")

    PAYLOADS = table({names.expanded(_CAPS, "c"): announce, names.expanded(_INFO, "query"): query})
