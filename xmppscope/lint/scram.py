"""SCRAM as an observer without the password can hold it to its rules (RFC 5802).

The messages of an attempt are compared once both are known, whichever was captured first. Nothing of them is shown.
"""

from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.preambles import CLIENT_FIRST, SASL, STARTTLS
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.element import Element
from xmppscope.model.timeline import INITIATING, RECEIVING
from xmppscope.session.sasl_messages import text
from xmppscope.session.seen import Seen

_PLUS_OFFER: Final = (
    f"S: <stream:features>{STARTTLS}<mechanisms {SASL}><mechanism>SCRAM-SHA-1</mechanism>"
    "<mechanism>SCRAM-SHA-1-PLUS</mechanism></mechanisms></stream:features>"
)
_AUTH: Final = f"C: <auth {SASL} mechanism='SCRAM-SHA-1'>{CLIENT_FIRST}</auth>"

Y_FLAG: Final = Rule(
    "scram-y-flag-but-plus-offered", "sasl", "error", "RFC 5802 §6",
    needs="both directions from their headers on, without a hole, the features of the same stream, and no proxy",
    what="A client says with the flag 'y' that it could bind the channel but the server offered no -PLUS mechanism, "
    "while the features did offer one.",
    why="This is how SCRAM detects that somebody has stripped the offer. A server that can bind must refuse the login.",
    wrong=talk(_PLUS_OFFER, f"C: <auth {SASL} mechanism='SCRAM-SHA-1'>eSwsbj1qdWxpZXQscj1DMQ==</auth>", after="header"),
    right=talk(_PLUS_OFFER, _AUTH, after="header"),
)  # fmt: skip
NONCE: Final = Rule(
    "scram-nonce", "sasl", "error", "RFC 5802 §5.1",
    needs="both messages of one attempt",
    what="The server's nonce does not begin with the client's, or the client's last message has another nonce than the "
    "server's.",
    why="The nonces keep an old exchange from being played again; who receives a wrong one must end the login.",
    wrong=talk(_AUTH, f"S: <challenge {SASL}>cj1DMlMxLHM9YzJGc2RBPT0saT00MDk2</challenge>", after="offer"),
    right=talk(_AUTH, f"S: <challenge {SASL}>cj1DMVMxLHM9YzJGc2RBPT0saT00MDk2</challenge>", after="offer"),
)  # fmt: skip

_BEGINS: Final = frozenset({names.AUTH, names.AUTHENTICATE})
_CHALLENGES: Final = frozenset({names.CHALLENGE, names.SASL2_CHALLENGE})
_RESPONSES: Final = frozenset({names.RESPONSE, names.SASL2_RESPONSE})


class ScramChecker(Checker):
    """Follows the present attempt."""

    RULES = (Y_FLAG, NONCE)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._begin()

    def _begin(self) -> None:
        self._scram = False
        self._nonces: dict[str, tuple[str, int]] = {}

    def message(self, seen: Seen) -> None:
        """Take an element with SASL data."""
        element, entry = seen.element, seen.entry
        if element is None:
            return
        name, initiating = element.name, entry.sender == INITIATING
        if name in _BEGINS and initiating:
            self._auth(element, entry.stream, entry.entry)
        elif name in _CHALLENGES and not initiating:
            self._note("server", _fields(element.text), entry.entry)
        elif name in _RESPONSES and initiating:
            self._note("final", _fields(element.text), entry.entry)

    def _auth(self, auth: Element, stream: int, number: int) -> None:
        self._begin()
        mechanism = auth.attrs.get("mechanism", "")
        self._scram = mechanism.startswith("SCRAM-")
        data = auth.text if auth.name == names.AUTH else auth.child_text(names.INITIAL_RESPONSE) or ""
        flag, _, rest = (text(data) or "").partition(",")
        if not self._scram:
            return
        self._note("client", dict(_pairs(rest.partition(",")[2])), number)
        offers = self.course.features(stream)
        # Through the proxy the client has not seen what the server offered.
        seen = self.course.whole() and not self.course.about.proxied
        if flag == "y" and offers and _offers_binding(offers[-1]) and seen:
            self.report(Y_FLAG, "the client believes that no -PLUS mechanism was offered, yet one was")

    def _note(self, whose: str, fields: dict[str, str], number: int) -> None:
        """Keep the nonce of a message and compare it with the others of this attempt."""
        nonce = fields.get("r")
        if nonce is None or not self._scram or whose in self._nonces:
            return
        self._nonces[whose] = nonce, number
        if not self.course.whole() or "server" not in self._nonces:
            return
        server, _ = self._nonces["server"]
        client = self._nonces.get("client")
        if whose != "final" and client is not None and not server.startswith(client[0]):
            self.report(NONCE, "the server's nonce does not begin with the client's", [client[1], number])
        final = self._nonces.get("final")
        if final is not None and final[0] != server:
            self.report(NONCE, "the client's last message has another nonce than the server's", [final[1]])

    def outcome(self, seen: Seen) -> None:
        """Take the end of an attempt."""
        if seen.entry.sender == RECEIVING:
            self._begin()

    ELEMENTS = table(
        {
            **dict.fromkeys((*_BEGINS, *_CHALLENGES, *_RESPONSES), message),
            **dict.fromkeys((names.FAILURE, names.SASL2_FAILURE, names.SUCCESS, names.SASL2_SUCCESS), outcome),
        }
    )


def _offers_binding(features: Element) -> bool:
    listed = [features.child(names.MECHANISMS), features.child(names.AUTHENTICATION)]
    texts = [one.text.strip() for part in listed if part is not None for one in part.children]
    return any(one.startswith("SCRAM-") and one.endswith("-PLUS") for one in texts)


def _fields(data: str) -> dict[str, str]:
    return dict(_pairs(text(data) or ""))


def _pairs(message: str) -> list[tuple[str, str]]:
    return [(one[0], one[2:]) for one in message.split(",") if one[1:2] == "="]
