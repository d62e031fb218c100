"""The rules of the fields of SCRAM messages, with their words; `scram_fields` decides them."""

from typing import Final

from xmppscope.lint.preambles import CLIENT_FINAL, CLIENT_FIRST, OPEN, OPENED, SASL, SERVER_FINAL, SERVER_FIRST
from xmppscope.lint.rule import Rule, talk

_AUTH: Final = f"C: <auth {SASL} mechanism='SCRAM-SHA-1'>{CLIENT_FIRST}</auth>"
_CHALLENGE: Final = f"S: <challenge {SASL}>{SERVER_FIRST}</challenge>"
_RESPONSE: Final = f"C: <response {SASL}>{CLIENT_FINAL}</response>"
_INSIDE: Final = (
    OPEN,
    OPENED,
    f"S: <stream:features><mechanisms {SASL}><mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features>",
    _AUTH,
)


def _challenge(fields: str) -> str:
    return f"S: <challenge {SASL}>{fields}</challenge>"


GS2: Final = Rule(
    "scram-gs2-mismatch", "sasl", "error", "RFC 5802 §5.1",
    needs="the client's stream from its header on, without a hole",
    what="The field c of the client's last message is not the header that its first one began with, followed by the "
    "channel binding data if it binds the channel, and by nothing if it does not.",
    why="The field keeps the header from being altered on the way: the server must refuse what does not match.",
    wrong=talk(_AUTH, _CHALLENGE, f"C: <response {SASL}>Yz1lU3dzLHI9QzFTMSxwPXByb29m</response>", after="offer"),
    right=talk(_AUTH, _CHALLENGE, _RESPONSE, after="offer"),
)  # fmt: skip
ITERATIONS: Final = Rule(
    "scram-iterations-low", "sasl", "warning", "RFC 5802 §5.1",
    what="The server asks for fewer than 4096 iterations.",
    why="The count is what makes guessing expensive for who has seen the exchange or taken the stored keys.",
    wrong=talk(_AUTH, _challenge("cj1DMVMxLHM9YzJGc2RBPT0saT0xMDAw"), after="offer"),
    right=talk(_AUTH, _CHALLENGE, after="offer"),
)  # fmt: skip
SIGNATURE: Final = Rule(
    "scram-no-server-signature", "sasl", "error", "RFC 5802 §5",
    needs="both directions from their headers on, without a hole",
    what="A login with SCRAM succeeds without the server's signature, neither beside the success nor in a challenge "
    "before it.",
    why="The signature proves that the server knows the account; without it anybody could claim success, and the "
    "client must not go on.",
    wrong=talk(_AUTH, _CHALLENGE, _RESPONSE, f"S: <success {SASL}/>", after="offer"),
    right=talk(_AUTH, _CHALLENGE, _RESPONSE, f"S: <success {SASL}>{SERVER_FINAL}</success>", after="offer"),
)  # fmt: skip
OFFER_HASH: Final = Rule(
    "scram-ssdp-mismatch", "sasl", "error", "XEP-0474 §6.1",
    needs="both directions from their headers on, without a hole, and features that no proxy has changed",
    what="The field h of the server's first message is not the hash of the mechanisms and types of channel binding "
    "that the features have offered.",
    why="Either somebody has altered the offer on the way, or the server computes the hash wrongly. The client must "
    "end the login.",
    wrong=talk(
        _AUTH,
        _challenge("cj1DMVMxLHM9YzJGc2RBPT0saT00MDk2LGg9WSt4azJUVzI1dkt3Rzl5V2ljZlFsc3VpRlFzPQ=="),
        after="offer",
    ),
    right=talk(
        _AUTH,
        _challenge("cj1DMVMxLHM9YzJGc2RBPT0saT00MDk2LGg9QmdzeVI2KytreThXRStidjJMR2gvaHN6SWpnPQ=="),
        after="offer",
    ),
)  # fmt: skip
TLS_VERSION: Final = Rule(
    "scram-tdp-mismatch", "sasl", "error", "XEP-0515 §4",
    needs="a connection inside TLS, and no proxy",
    what="The field t of the server's first message names another version of TLS than the connection has.",
    why="Somebody in between has other TLS with the server than with the client. The client must end the login.",
    wrong=talk(*_INSIDE, _challenge("cj1DMVMxLHM9YzJGc2RBPT0saT00MDk2LHQ9MDMwMw=="), after="tls"),
    right=talk(*_INSIDE, _challenge("cj1DMVMxLHM9YzJGc2RBPT0saT00MDk2LHQ9MDMwNA=="), after="tls"),
)  # fmt: skip
