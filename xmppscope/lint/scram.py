"""SCRAM as an observer without the password can hold it to its rules (RFC 5802).

A client whose proxy has taken -PLUS out of the offer says the truth with its flag. Nonces are compared with those of
all attempts of the connection, in the end, since a message may have been captured before the one that it answers;
behind a proxy at once. Nothing of the messages is shown.
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
    needs="both directions from their headers on, without a hole",
    what="The server's nonce does not begin with the client's, or the client's last message has another nonce than the "
    "server's.",
    why="The nonces keep an old exchange from being played again; who receives a wrong one must end the login.",
    wrong=talk(_AUTH, f"S: <challenge {SASL}>cj1DMlMxLHM9YzJGc2RBPT0saT00MDk2</challenge>", after="offer"),
    right=talk(_AUTH, f"S: <challenge {SASL}>cj1DMVMxLHM9YzJGc2RBPT0saT00MDk2</challenge>", after="offer"),
)  # fmt: skip

_BEGINS: Final = (names.AUTH, names.AUTHENTICATE)
_MESSAGES: Final = (names.CHALLENGE, names.SASL2_CHALLENGE, names.RESPONSE, names.SASL2_RESPONSE)
_MOST: Final = 16


class ScramChecker(Checker):
    """Keeps the nonces of the attempts of one connection; what fits none of them may only have been captured early."""

    RULES = (Y_FLAG, NONCE)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._scram = False
        self._client: list[str] = []
        self._server: list[str] = []
        self._odd: list[tuple[str, str, int]] = []

    def auth(self, seen: Seen) -> None:
        """Take the begin of an attempt."""
        element, entry = seen.element, seen.entry
        if element is None or entry.sender != INITIATING:
            return
        self._scram = element.attrs.get("mechanism", "").startswith("SCRAM-")
        if not self._scram:
            return
        data = element.text if element.name == names.AUTH else element.child_text(names.INITIAL_RESPONSE) or ""
        flag, _, rest = (text(data) or "").partition(",")
        nonce = _pairs(rest.partition(",")[2]).get("r")
        if nonce:
            self._client = [*self._client[-_MOST:], nonce]
        offers = self.course.features(entry.stream)
        known = self.course.whole() and self.course.aligned and entry.stream not in self.course.altered
        if flag == "y" and known and offers and _offers_binding(offers[-1]):
            self.report(Y_FLAG, "the client believes that no -PLUS mechanism was offered, yet one was")

    def message(self, seen: Seen) -> None:
        """Take a challenge or a response."""
        element, entry = seen.element, seen.entry
        if element is None or not self._scram:
            return
        fields = _pairs(text(element.text) or "")
        nonce, challenge = fields.get("r"), element.local == "challenge"
        if not nonce or challenge != (entry.sender == RECEIVING) or ("i" if challenge else "p") not in fields:
            return
        if challenge:
            self._server = [*self._server[-_MOST:], nonce]
        if not self._fits(entry.sender, nonce) and len(self._odd) < _MOST:
            self._odd.append((entry.sender, nonce, entry.entry))
            if self.course.about.proxied:
                self.ended()

    def ended(self) -> None:
        """Report what fits nothing to the end."""
        odd, self._odd = self._odd, []
        for sender, nonce, number in odd:
            if self._fits(sender, nonce) or self.course.about.lost or not self.course.whole():
                continue
            if sender == RECEIVING and self._client:
                self.report(NONCE, "the server's nonce does not begin with the client's", [number])
            elif sender == INITIATING and self._server:
                self.report(NONCE, "the client's last message has another nonce than the server's", [number])

    def _fits(self, sender: str, nonce: str) -> bool:
        return nonce.startswith(tuple(self._client)) if sender == RECEIVING else nonce in self._server

    ELEMENTS = table({**dict.fromkeys(_BEGINS, auth), **dict.fromkeys(_MESSAGES, message)})


def _offers_binding(features: Element) -> bool:
    listed = [features.child(names.MECHANISMS), features.child(names.AUTHENTICATION)]
    texts = [one.text.strip() for part in listed if part is not None for one in part.children]
    return any(one.startswith("SCRAM-") and one.endswith("-PLUS") for one in texts)


def _pairs(message: str) -> dict[str, str]:
    return {one[0]: one[2:] for one in message.split(",") if one[1:2] == "="}
