"""The words of the negotiation: states, triggers, and what happens to the bytes that follow.

The states are those of the timeline. A trigger is what an element, a tag or the transport means, whatever the state.
What a trigger does in a state stands in `table`; which element is which trigger stands in `triggers`.
"""

from enum import Enum
from typing import NamedTuple


class State(Enum):
    """How far a connection has come, in the spelling of the timeline."""

    UNKNOWN = "unknown"
    CONNECTED = "connected"
    HEADER_SENT = "header-sent"
    HEADER_BOTH = "header-both"
    NEGOTIATING = "negotiating"
    TLS = "tls"
    SASL = "sasl"
    COMPRESSING = "compressing"
    OPEN = "open"
    HALF_CLOSED = "half-closed"
    CLOSING = "closing"
    CLOSED = "closed"
    BROKEN = "broken"


class Trigger(Enum):
    """What an element, a tag or a transport event means; the value is what the figure says."""

    HEADER_INITIATING = "initial header"
    HEADER_RECEIVING = "response header"
    FEATURES = "features"
    FEATURES_AUTHORISED = "features, s2s authorised"
    STARTTLS = "starttls"
    STARTTLS_GRANTED = "starttls, proceed came first"
    PROCEED = "proceed"
    PROCEED_EARLY = "proceed before starttls"
    TLS_REFUSED = "TLS failure"
    DIRECT_TLS = "TLS from the first byte"
    TLS_DONE = "handshake finished"
    TLS_FAILED = "handshake failed"
    AUTH = "auth"
    EXCHANGE = "challenge, response, next"
    SUCCESS = "success"
    SASL2_SUCCESS = "SASL2 success"
    SASL2_SUCCESS_BOUND = "SASL2 success, bound or resumed"
    FAILURE = "SASL failure"
    BOUND = "bound"
    BOUND_IN_PART = "bound, more is mandatory"
    COMPLETED = "last mandatory feature"
    COMPRESS = "compress"
    COMPRESS_GRANTED = "compress, compressed came first"
    COMPRESSED = "compressed"
    COMPRESSED_EARLY = "compressed before compress"
    COMPRESS_REFUSED = "compression failure"
    RESUME = "resume"
    RESUMED = "resumed"
    RESUME_FAILED = "failed"
    LEGACY_AUTH = "iq-auth"
    HANDSHAKE = "handshake"
    HANDSHAKE_ACCEPTED = "empty handshake"
    DIALBACK = "dialback key"
    DIALBACK_VALID = "dialback valid"
    STREAM_ERROR = "stream error"
    CLOSE = "closing tag"
    CLOSE_BOTH = "second closing tag"
    END = "FIN or RST"
    END_CLOSED = "FIN behind a closing tag"
    END_UNSEEN = "FIN or RST behind a gap"
    LOST = "bytes missing"


class Action(Enum):
    """What happens to the bytes behind the element.

    `WAIT`: the sender's bytes are held until the other side has answered, for behind `<starttls/>` comes TLS, or XML if
    it is refused. `GO_ON`: the other side's bytes, held until now, are XML after all, unless they look otherwise.
    `RESTART`: the sender's next bytes begin a new document with a header of its own; the other direction shows the same
    by its new header. `TLS` and `DEFLATE`: both directions go on as TLS or as zlib, the sender's right behind this
    element, the other one's right behind the element at which it was told to wait, or at its next byte.
    """

    NONE = "none"
    WAIT = "wait"
    GO_ON = "go on"
    RESTART = "restart"
    TLS = "tls"
    DEFLATE = "deflate"


class Transition(NamedTuple):
    """The next state, and what happens to the bytes that follow."""

    state: State
    action: Action = Action.NONE
