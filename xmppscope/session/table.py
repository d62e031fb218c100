"""The negotiation of a connection as one table: what each trigger does in each state.

What the table does not list leaves the state alone and the bytes as they are: we observe, we do not police, and every
trigger has a defined result in every state. Which element is which trigger, and what a trigger depends on beside the
state, is not here: see `triggers` and `negotiation`. Specifications: RFC 6120 §4 to §7, RFC 3921 §3, XEP-0078,
XEP-0114, XEP-0138, XEP-0198, XEP-0220, XEP-0225, XEP-0368, XEP-0386, XEP-0388.

Theory of operation: one machine serves both directions, in the order of capture, and that is not quite the order of
sending. Initiating entities pipeline, and captures shuffle the two directions a little. So a state is left only for
what a trigger proves, and an answer that was captured before its request waits for it (EARLY, then GRANTED).
From `UNKNOWN`, where a capture starts in mid-stream, stanzas lead nowhere, since they are sent before, during and after
a negotiation, but an element that only ever means one thing means it there too: behind `<proceed/>` comes TLS.
"""

from typing import Final

from xmppscope.session.states import Action, State, Transition, Trigger

S = State
T = Trigger
A = Action

TRANSITIONS: Final[dict[tuple[State, Trigger], Transition]] = {
    # RFC 6120 §4.2, §4.7: stream headers. A response header proves that the stream before it is gone, an initial header
    # does not: it may be pipelined, or captured late.
    (S.CONNECTED, T.HEADER_INITIATING): Transition(S.HEADER_SENT),
    (S.UNKNOWN, T.HEADER_INITIATING): Transition(S.HEADER_SENT),
    (S.TLS, T.HEADER_INITIATING): Transition(S.HEADER_SENT),
    (S.COMPRESSING, T.HEADER_INITIATING): Transition(S.HEADER_SENT),
    (S.CLOSED, T.HEADER_INITIATING): Transition(S.HEADER_SENT),
    (S.HEADER_SENT, T.HEADER_RECEIVING): Transition(S.HEADER_BOTH),
    (S.CONNECTED, T.HEADER_RECEIVING): Transition(S.HEADER_BOTH),
    (S.UNKNOWN, T.HEADER_RECEIVING): Transition(S.HEADER_BOTH),
    (S.NEGOTIATING, T.HEADER_RECEIVING): Transition(S.HEADER_BOTH),
    (S.TLS, T.HEADER_RECEIVING): Transition(S.HEADER_BOTH),
    (S.SASL, T.HEADER_RECEIVING): Transition(S.HEADER_BOTH),
    (S.COMPRESSING, T.HEADER_RECEIVING): Transition(S.HEADER_BOTH),
    (S.OPEN, T.HEADER_RECEIVING): Transition(S.HEADER_BOTH),
    # RFC 6120 §4.3: stream features. Behind a SASL negotiation of servers they are the last step (§4.3.5).
    (S.CONNECTED, T.FEATURES): Transition(S.NEGOTIATING),
    (S.HEADER_SENT, T.FEATURES): Transition(S.NEGOTIATING),
    (S.HEADER_BOTH, T.FEATURES): Transition(S.NEGOTIATING),
    (S.UNKNOWN, T.FEATURES): Transition(S.NEGOTIATING),
    (S.TLS, T.FEATURES): Transition(S.NEGOTIATING),
    (S.COMPRESSING, T.FEATURES): Transition(S.NEGOTIATING),
    (S.CONNECTED, T.FEATURES_AUTHORISED): Transition(S.OPEN),
    (S.HEADER_SENT, T.FEATURES_AUTHORISED): Transition(S.OPEN),
    (S.HEADER_BOTH, T.FEATURES_AUTHORISED): Transition(S.OPEN),
    (S.NEGOTIATING, T.FEATURES_AUTHORISED): Transition(S.OPEN),
    # RFC 6120 §5.4.2: STARTTLS. Asking for TLS does not leave the negotiation, <proceed/> does.
    (S.HEADER_SENT, T.STARTTLS): Transition(S.HEADER_SENT, A.WAIT),
    (S.HEADER_BOTH, T.STARTTLS): Transition(S.NEGOTIATING, A.WAIT),
    (S.NEGOTIATING, T.STARTTLS): Transition(S.NEGOTIATING, A.WAIT),
    (S.UNKNOWN, T.STARTTLS): Transition(S.NEGOTIATING, A.WAIT),
    (S.HEADER_SENT, T.PROCEED): Transition(S.TLS, A.TLS),
    (S.HEADER_BOTH, T.PROCEED): Transition(S.TLS, A.TLS),
    (S.NEGOTIATING, T.PROCEED): Transition(S.TLS, A.TLS),
    (S.UNKNOWN, T.PROCEED): Transition(S.TLS, A.TLS),
    (S.HEADER_SENT, T.PROCEED_EARLY): Transition(S.HEADER_SENT, A.WAIT),
    (S.HEADER_BOTH, T.PROCEED_EARLY): Transition(S.HEADER_BOTH, A.WAIT),
    (S.NEGOTIATING, T.PROCEED_EARLY): Transition(S.NEGOTIATING, A.WAIT),
    (S.HEADER_SENT, T.STARTTLS_GRANTED): Transition(S.TLS, A.TLS),
    (S.HEADER_BOTH, T.STARTTLS_GRANTED): Transition(S.TLS, A.TLS),
    (S.NEGOTIATING, T.STARTTLS_GRANTED): Transition(S.TLS, A.TLS),
    (S.HEADER_SENT, T.TLS_REFUSED): Transition(S.NEGOTIATING, A.GO_ON),
    (S.HEADER_BOTH, T.TLS_REFUSED): Transition(S.NEGOTIATING, A.GO_ON),
    (S.NEGOTIATING, T.TLS_REFUSED): Transition(S.NEGOTIATING, A.GO_ON),
    (S.UNKNOWN, T.TLS_REFUSED): Transition(S.NEGOTIATING, A.GO_ON),
    # RFC 6120 §5.4.3, XEP-0368: the handshake. A new stream begins inside (§5.4.3.3).
    (S.CONNECTED, T.DIRECT_TLS): Transition(S.TLS),
    (S.UNKNOWN, T.DIRECT_TLS): Transition(S.TLS),
    (S.TLS, T.TLS_DONE): Transition(S.CONNECTED),
    (S.TLS, T.TLS_FAILED): Transition(S.BROKEN),
    # RFC 6120 §6.4: SASL. A success that was captured before its <auth/> is a success all the same.
    (S.HEADER_BOTH, T.AUTH): Transition(S.SASL),
    (S.NEGOTIATING, T.AUTH): Transition(S.SASL),
    (S.UNKNOWN, T.AUTH): Transition(S.SASL),
    (S.HEADER_BOTH, T.EXCHANGE): Transition(S.SASL),
    (S.NEGOTIATING, T.EXCHANGE): Transition(S.SASL),
    (S.UNKNOWN, T.EXCHANGE): Transition(S.SASL),
    (S.HEADER_SENT, T.SUCCESS): Transition(S.CONNECTED, A.RESTART),
    (S.HEADER_BOTH, T.SUCCESS): Transition(S.CONNECTED, A.RESTART),
    (S.NEGOTIATING, T.SUCCESS): Transition(S.CONNECTED, A.RESTART),
    (S.SASL, T.SUCCESS): Transition(S.CONNECTED, A.RESTART),
    (S.UNKNOWN, T.SUCCESS): Transition(S.CONNECTED, A.RESTART),
    (S.HEADER_BOTH, T.FAILURE): Transition(S.NEGOTIATING),
    (S.SASL, T.FAILURE): Transition(S.NEGOTIATING),
    (S.UNKNOWN, T.FAILURE): Transition(S.NEGOTIATING),
    # RFC 6120 §7, RFC 3921 §3, XEP-0078 §3, XEP-0225 §4: a resource or a hostname is bound.
    (S.HEADER_BOTH, T.LEGACY_AUTH): Transition(S.NEGOTIATING),
    (S.CONNECTED, T.BOUND): Transition(S.OPEN),
    (S.HEADER_SENT, T.BOUND): Transition(S.OPEN),
    (S.HEADER_BOTH, T.BOUND): Transition(S.OPEN),
    (S.NEGOTIATING, T.BOUND): Transition(S.OPEN),
    (S.SASL, T.BOUND): Transition(S.OPEN),
    (S.UNKNOWN, T.BOUND): Transition(S.OPEN),
    (S.HEADER_BOTH, T.BOUND_IN_PART): Transition(S.NEGOTIATING),
    (S.SASL, T.BOUND_IN_PART): Transition(S.NEGOTIATING),
    (S.NEGOTIATING, T.COMPLETED): Transition(S.OPEN),
    # XEP-0138 §2: stream compression.
    (S.HEADER_BOTH, T.COMPRESS): Transition(S.COMPRESSING, A.WAIT),
    (S.NEGOTIATING, T.COMPRESS): Transition(S.COMPRESSING, A.WAIT),
    (S.UNKNOWN, T.COMPRESS): Transition(S.COMPRESSING, A.WAIT),
    (S.COMPRESSING, T.COMPRESSED): Transition(S.CONNECTED, A.DEFLATE),
    (S.UNKNOWN, T.COMPRESSED): Transition(S.CONNECTED, A.DEFLATE),
    (S.HEADER_BOTH, T.COMPRESSED_EARLY): Transition(S.HEADER_BOTH, A.WAIT),
    (S.NEGOTIATING, T.COMPRESSED_EARLY): Transition(S.NEGOTIATING, A.WAIT),
    (S.HEADER_BOTH, T.COMPRESS_GRANTED): Transition(S.CONNECTED, A.DEFLATE),
    (S.NEGOTIATING, T.COMPRESS_GRANTED): Transition(S.CONNECTED, A.DEFLATE),
    (S.COMPRESSING, T.COMPRESS_REFUSED): Transition(S.NEGOTIATING, A.GO_ON),
    (S.UNKNOWN, T.COMPRESS_REFUSED): Transition(S.NEGOTIATING, A.GO_ON),
    # XEP-0114 §3: the component's handshake, and the empty one that accepts it.
    (S.HEADER_BOTH, T.HANDSHAKE): Transition(S.NEGOTIATING),
    (S.UNKNOWN, T.HANDSHAKE): Transition(S.NEGOTIATING),
    (S.HEADER_BOTH, T.HANDSHAKE_ACCEPTED): Transition(S.OPEN),
    (S.NEGOTIATING, T.HANDSHAKE_ACCEPTED): Transition(S.OPEN),
    (S.UNKNOWN, T.HANDSHAKE_ACCEPTED): Transition(S.OPEN),
    # XEP-0198 §5: resumption takes the place of binding; where it fails, binding may still follow.
    (S.HEADER_BOTH, T.RESUME): Transition(S.NEGOTIATING),
    (S.UNKNOWN, T.RESUME): Transition(S.NEGOTIATING),
    (S.CONNECTED, T.RESUMED): Transition(S.OPEN),
    (S.HEADER_SENT, T.RESUMED): Transition(S.OPEN),
    (S.HEADER_BOTH, T.RESUMED): Transition(S.OPEN),
    (S.NEGOTIATING, T.RESUMED): Transition(S.OPEN),
    (S.SASL, T.RESUMED): Transition(S.OPEN),
    (S.UNKNOWN, T.RESUMED): Transition(S.OPEN),
    (S.NEGOTIATING, T.RESUME_FAILED): Transition(S.NEGOTIATING),
    # XEP-0220 §2: dialback. A verification opens nothing: it is about a stream elsewhere.
    (S.HEADER_SENT, T.DIALBACK): Transition(S.HEADER_SENT),
    (S.HEADER_BOTH, T.DIALBACK): Transition(S.NEGOTIATING),
    (S.UNKNOWN, T.DIALBACK): Transition(S.NEGOTIATING),
    (S.HEADER_SENT, T.DIALBACK_VALID): Transition(S.OPEN),
    (S.HEADER_BOTH, T.DIALBACK_VALID): Transition(S.OPEN),
    (S.NEGOTIATING, T.DIALBACK_VALID): Transition(S.OPEN),
    (S.SASL, T.DIALBACK_VALID): Transition(S.OPEN),
    (S.UNKNOWN, T.DIALBACK_VALID): Transition(S.OPEN),
    # XEP-0388 §2.6: SASL2 has no restart; new features follow, which leave a stream open where Bind 2 has bound it.
    (S.HEADER_BOTH, T.SASL2_SUCCESS): Transition(S.NEGOTIATING),
    (S.SASL, T.SASL2_SUCCESS): Transition(S.NEGOTIATING),
    (S.UNKNOWN, T.SASL2_SUCCESS): Transition(S.NEGOTIATING),
    (S.HEADER_BOTH, T.SASL2_SUCCESS_BOUND): Transition(S.OPEN),
    (S.NEGOTIATING, T.SASL2_SUCCESS_BOUND): Transition(S.OPEN),
    (S.SASL, T.SASL2_SUCCESS_BOUND): Transition(S.OPEN),
    (S.UNKNOWN, T.SASL2_SUCCESS_BOUND): Transition(S.OPEN),
    # RFC 6120 §4.9.1.1: stream errors are unrecoverable. Who waits for an answer gets none any more.
    (S.UNKNOWN, T.STREAM_ERROR): Transition(S.CLOSING, A.GO_ON),
    (S.CONNECTED, T.STREAM_ERROR): Transition(S.CLOSING, A.GO_ON),
    (S.HEADER_SENT, T.STREAM_ERROR): Transition(S.CLOSING, A.GO_ON),
    (S.HEADER_BOTH, T.STREAM_ERROR): Transition(S.CLOSING, A.GO_ON),
    (S.NEGOTIATING, T.STREAM_ERROR): Transition(S.CLOSING, A.GO_ON),
    (S.TLS, T.STREAM_ERROR): Transition(S.CLOSING, A.GO_ON),
    (S.SASL, T.STREAM_ERROR): Transition(S.CLOSING, A.GO_ON),
    (S.COMPRESSING, T.STREAM_ERROR): Transition(S.CLOSING, A.GO_ON),
    (S.OPEN, T.STREAM_ERROR): Transition(S.CLOSING, A.GO_ON),
    (S.HALF_CLOSED, T.STREAM_ERROR): Transition(S.CLOSING, A.GO_ON),
    # RFC 6120 §4.4: closing tags. The other direction goes on until it has one too.
    (S.UNKNOWN, T.CLOSE): Transition(S.HALF_CLOSED, A.GO_ON),
    (S.CONNECTED, T.CLOSE): Transition(S.HALF_CLOSED, A.GO_ON),
    (S.HEADER_SENT, T.CLOSE): Transition(S.HALF_CLOSED, A.GO_ON),
    (S.HEADER_BOTH, T.CLOSE): Transition(S.HALF_CLOSED, A.GO_ON),
    (S.NEGOTIATING, T.CLOSE): Transition(S.HALF_CLOSED, A.GO_ON),
    (S.TLS, T.CLOSE): Transition(S.HALF_CLOSED, A.GO_ON),
    (S.SASL, T.CLOSE): Transition(S.HALF_CLOSED, A.GO_ON),
    (S.COMPRESSING, T.CLOSE): Transition(S.HALF_CLOSED, A.GO_ON),
    (S.OPEN, T.CLOSE): Transition(S.HALF_CLOSED, A.GO_ON),
    (S.HALF_CLOSED, T.CLOSE_BOTH): Transition(S.CLOSED),
    (S.CLOSING, T.CLOSE_BOTH): Transition(S.CLOSED),
    # TCP ends. A closing tag from either side makes that orderly, for it ends the session (RFC 6120 §4.4).
    (S.UNKNOWN, T.END): Transition(S.BROKEN),
    (S.CONNECTED, T.END): Transition(S.CLOSED),
    (S.HEADER_SENT, T.END): Transition(S.BROKEN),
    (S.HEADER_BOTH, T.END): Transition(S.BROKEN),
    (S.NEGOTIATING, T.END): Transition(S.BROKEN),
    (S.TLS, T.END): Transition(S.BROKEN),
    (S.SASL, T.END): Transition(S.BROKEN),
    (S.COMPRESSING, T.END): Transition(S.BROKEN),
    (S.OPEN, T.END): Transition(S.BROKEN),
    (S.HALF_CLOSED, T.END): Transition(S.CLOSED),
    (S.CLOSING, T.END): Transition(S.CLOSED),
    (S.HALF_CLOSED, T.END_CLOSED): Transition(S.HALF_CLOSED),
    (S.CLOSING, T.END_CLOSED): Transition(S.CLOSED),
    # Whether a closing tag was lost with the bytes in front of the end, nobody knows.
    (S.UNKNOWN, T.END_UNSEEN): Transition(S.CLOSED),
    (S.CONNECTED, T.END_UNSEEN): Transition(S.CLOSED),
    (S.HEADER_SENT, T.END_UNSEEN): Transition(S.CLOSED),
    (S.HEADER_BOTH, T.END_UNSEEN): Transition(S.CLOSED),
    (S.NEGOTIATING, T.END_UNSEEN): Transition(S.CLOSED),
    (S.TLS, T.END_UNSEEN): Transition(S.CLOSED),
    (S.SASL, T.END_UNSEEN): Transition(S.CLOSED),
    (S.COMPRESSING, T.END_UNSEEN): Transition(S.CLOSED),
    (S.OPEN, T.END_UNSEEN): Transition(S.CLOSED),
    (S.HALF_CLOSED, T.END_UNSEEN): Transition(S.CLOSED),
    (S.CLOSING, T.END_UNSEEN): Transition(S.CLOSED),
    # Gaps: a step of the negotiation may be missing, while an open stream stays one. Who waits for an answer goes on.
    (S.UNKNOWN, T.LOST): Transition(S.UNKNOWN, A.GO_ON),
    (S.CONNECTED, T.LOST): Transition(S.UNKNOWN, A.GO_ON),
    (S.HEADER_SENT, T.LOST): Transition(S.UNKNOWN, A.GO_ON),
    (S.HEADER_BOTH, T.LOST): Transition(S.UNKNOWN, A.GO_ON),
    (S.NEGOTIATING, T.LOST): Transition(S.UNKNOWN, A.GO_ON),
    (S.SASL, T.LOST): Transition(S.UNKNOWN, A.GO_ON),
    (S.COMPRESSING, T.LOST): Transition(S.UNKNOWN, A.GO_ON),
    (S.OPEN, T.LOST): Transition(S.OPEN, A.GO_ON),
}


def transition(state: State, trigger: Trigger) -> Transition:
    """Return what *trigger* does in *state*; what the table does not list changes nothing."""
    return TRANSITIONS.get((state, trigger)) or Transition(state)
