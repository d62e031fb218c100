"""Expanded names (``namespace\\nlocal``) that rules are dispatched by."""

from typing import Final

from xmppscope.model import namespaces
from xmppscope.model.element import SEPARATOR
from xmppscope.model.namespaces import (
    CONTENT,
    DIALBACK,
    FAST,
    SASL,
    SASL2,
    SM2,
    SM3,
    STREAM,
    TLS,
)


def expanded(ns: str, local: str) -> str:
    """Return the expanded name."""
    return f"{ns}{SEPARATOR}{local}"


def stanzas(*locals_: str) -> tuple[str, ...]:
    """Return the expanded names of these kinds of stanza in every content namespace."""
    return tuple(expanded(ns, local) for local in locals_ for ns in CONTENT)


_COMPRESS: Final = namespaces.COMPRESS
HEADER: Final = expanded(STREAM, "stream")
FEATURES: Final = expanded(STREAM, "features")
STREAM_ERROR: Final = expanded(STREAM, "error")
MESSAGES: Final = stanzas("message")
PRESENCES: Final = stanzas("presence")
IQS: Final = stanzas("iq")
STANZAS: Final = MESSAGES + PRESENCES + IQS
STARTTLS: Final = expanded(TLS, "starttls")
PROCEED: Final = expanded(TLS, "proceed")
TLS_FAILURE: Final = expanded(TLS, "failure")
REQUIRED: Final = expanded(TLS, "required")
COMPRESS: Final = expanded(_COMPRESS, "compress")
COMPRESSED: Final = expanded(_COMPRESS, "compressed")
COMPRESS_FAILURE: Final = expanded(_COMPRESS, "failure")
AUTH: Final = expanded(SASL, "auth")
ABORT: Final = expanded(SASL, "abort")
CHALLENGE: Final = expanded(SASL, "challenge")
RESPONSE: Final = expanded(SASL, "response")
SUCCESS: Final = expanded(SASL, "success")
FAILURE: Final = expanded(SASL, "failure")
MECHANISMS: Final = expanded(SASL, "mechanisms")
MECHANISM: Final = expanded(SASL, "mechanism")
AUTHENTICATION: Final = expanded(SASL2, "authentication")
AUTHENTICATE: Final = expanded(SASL2, "authenticate")
SASL2_MECHANISM: Final = expanded(SASL2, "mechanism")
SASL2_CHALLENGE: Final = expanded(SASL2, "challenge")
SASL2_RESPONSE: Final = expanded(SASL2, "response")
SASL2_SUCCESS: Final = expanded(SASL2, "success")
SASL2_FAILURE: Final = expanded(SASL2, "failure")
INITIAL_RESPONSE: Final = expanded(SASL2, "initial-response")
ADDITIONAL_DATA: Final = expanded(SASL2, "additional-data")
INLINE: Final = expanded(SASL2, "inline")
FAST_OFFER: Final = expanded(FAST, "fast")
FAST_MECHANISM: Final = expanded(FAST, "mechanism")
DIALBACK_RESULT: Final = expanded(DIALBACK, "result")
DIALBACK_VERIFY: Final = expanded(DIALBACK, "verify")


def managed(local: str) -> tuple[str, ...]:
    """Return the names of a stream management element in both versions of its namespace."""
    return expanded(SM3, local), expanded(SM2, local)
