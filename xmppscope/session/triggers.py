"""Which first-level element is which trigger of the negotiation table, by sender and expanded name.

What an element means may depend on more than its name (the type of a dialback result, say); then the trigger here is
the plain reading, `VARIANTS` lists the others, and `negotiation` decides. iq stanzas, of which only a few negotiate,
are not here: see `IQ`.
"""

from typing import Final

from xmppscope.model.element import SEPARATOR
from xmppscope.model.namespaces import (
    COMPRESS,
    CONTENT,
    DIALBACK,
    SASL,
    SASL2,
    SM2,
    SM3,
    STREAM,
    TLS,
)
from xmppscope.model.timeline import INITIATING, RECEIVING, Sender
from xmppscope.session.states import Action, Trigger
from xmppscope.session.table import TRANSITIONS


def expanded(ns: str, local: str) -> str:
    """Return the expanded name as `Element.name` has it."""
    return f"{ns}{SEPARATOR}{local}" if ns else local


DEFAULTS: Final = (*CONTENT, "")
"""What the default namespace may be: a content namespace, or none, where the stream header was not captured."""

IQ: Final = frozenset(expanded(ns, "iq") for ns in DEFAULTS)

TRIGGERS: Final[dict[Sender, dict[str, Trigger]]] = {
    INITIATING: {
        expanded(STREAM, "error"): Trigger.STREAM_ERROR,
        expanded(TLS, "starttls"): Trigger.STARTTLS,
        expanded(SASL, "auth"): Trigger.AUTH,
        expanded(SASL, "response"): Trigger.EXCHANGE,
        expanded(SASL, "abort"): Trigger.EXCHANGE,
        expanded(SASL2, "authenticate"): Trigger.AUTH,
        expanded(SASL2, "response"): Trigger.EXCHANGE,
        expanded(SASL2, "next"): Trigger.EXCHANGE,
        expanded(SASL2, "abort"): Trigger.EXCHANGE,
        expanded(COMPRESS, "compress"): Trigger.COMPRESS,
        expanded(SM3, "resume"): Trigger.RESUME,
        expanded(SM2, "resume"): Trigger.RESUME,
        **{expanded(ns, "handshake"): Trigger.HANDSHAKE for ns in DEFAULTS},
        expanded(DIALBACK, "result"): Trigger.DIALBACK,
        expanded(DIALBACK, "verify"): Trigger.DIALBACK,
    },
    RECEIVING: {
        expanded(STREAM, "features"): Trigger.FEATURES,
        expanded(STREAM, "error"): Trigger.STREAM_ERROR,
        expanded(TLS, "proceed"): Trigger.PROCEED,
        expanded(TLS, "failure"): Trigger.TLS_REFUSED,
        expanded(SASL, "challenge"): Trigger.EXCHANGE,
        expanded(SASL, "success"): Trigger.SUCCESS,
        expanded(SASL, "failure"): Trigger.FAILURE,
        expanded(SASL2, "challenge"): Trigger.EXCHANGE,
        expanded(SASL2, "continue"): Trigger.EXCHANGE,
        expanded(SASL2, "success"): Trigger.SASL2_SUCCESS,
        expanded(SASL2, "failure"): Trigger.FAILURE,
        expanded(COMPRESS, "compressed"): Trigger.COMPRESSED,
        expanded(COMPRESS, "failure"): Trigger.COMPRESS_REFUSED,
        expanded(SM3, "resumed"): Trigger.RESUMED,
        expanded(SM3, "failed"): Trigger.RESUME_FAILED,
        expanded(SM2, "resumed"): Trigger.RESUMED,
        expanded(SM2, "failed"): Trigger.RESUME_FAILED,
        **{expanded(ns, "handshake"): Trigger.HANDSHAKE for ns in DEFAULTS},
        expanded(DIALBACK, "result"): Trigger.DIALBACK,
        expanded(DIALBACK, "verify"): Trigger.DIALBACK,
    },
}

VARIANTS: Final[dict[Trigger, tuple[Trigger, ...]]] = {
    Trigger.FEATURES: (Trigger.FEATURES_AUTHORISED,),
    Trigger.STARTTLS: (Trigger.STARTTLS_GRANTED,),
    Trigger.PROCEED: (Trigger.PROCEED_EARLY,),
    Trigger.COMPRESS: (Trigger.COMPRESS_GRANTED,),
    Trigger.COMPRESSED: (Trigger.COMPRESSED_EARLY,),
    Trigger.SASL2_SUCCESS: (Trigger.SASL2_SUCCESS_BOUND,),
    Trigger.HANDSHAKE: (Trigger.HANDSHAKE_ACCEPTED,),
    Trigger.DIALBACK: (Trigger.DIALBACK_VALID,),
}


def _stops() -> frozenset[str]:
    own_bytes = {Action.WAIT, Action.RESTART, Action.TLS, Action.DEFLATE}
    acting = {trigger for (_, trigger), to in TRANSITIONS.items() if to.action in own_bytes}
    return frozenset(
        name
        for names in TRIGGERS.values()
        for name, trigger in names.items()
        if acting.intersection((trigger, *VARIANTS.get(trigger, ())))
    )


STOPS: Final = _stops()
"""The elements behind which the sender's bytes may be something else than more of the same document.

`Action.GO_ON` is not among the reasons: it is about the other direction's bytes.
"""
