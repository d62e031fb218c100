"""The machine that drives the negotiation table for one connection, both directions in the order of capture.

Here stands what a trigger depends on beside the state: which end has closed its stream, what was captured in the wrong
order, what is bound (`binding`). Where that leads stands in `table` alone. Specifications: as there. SASL exchanges,
stream management counters and dialback keys are not followed here.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from xmppscope.model import timeline
from xmppscope.model.element import Element
from xmppscope.model.plaintext import cut
from xmppscope.model.timeline import INITIATING, RECEIVING, ConnectionKind, Sender
from xmppscope.session.binding import Binding
from xmppscope.session.roles import KINDS, kind_of
from xmppscope.session.states import Action, State, Trigger
from xmppscope.session.table import transition
from xmppscope.session.triggers import IQ, STOPS, TRIGGERS
from xmppscope.tls.certificate import CertificateFacts

__all__ = ["STOPS", "Negotiation", "Step"]


class Step(NamedTuple):
    """The state after an element, as the timeline spells it, and what happens to the bytes behind the element."""

    state: timeline.State
    action: Action


_USUAL: Final = "zlib"  # the one method that XEP-0138 itself defines
_LONGEST_METHOD: Final = 32
_STEPS: Final = {(state, action): Step(state.value, action) for state in State for action in Action}


class Negotiation:
    """How far one connection has come; it begins in `connected` if its *start* was seen, else in `unknown`.

    `kind` comes from the content namespace of a stream header, before that from elements that only one kind has.
    `domain` is the one that the initiating entity asked for: the server's, or a component's own; `origin` is the one
    that it says it is from, if it does. `identity` is the id of the stream, as the latest response header has it.
    `certificate` is what the initiating entity showed in TLS to the receiving one, `compression` the method that it
    asked for.
    """

    def __init__(self, *, start: bool = False) -> None:
        self.kind: ConnectionKind = "unknown"
        self.domain = ""
        self.origin = ""
        self.identity = ""
        self.compression = _USUAL
        self.certificate: CertificateFacts | None = None
        self._binding = Binding()
        self._state = State.CONNECTED if start else State.UNKNOWN
        self._step = _STEPS[self._state, Action.NONE]
        self._watchful = False
        self._held: Sender | None = None
        self._asked_tls = False
        self._asked_compression = False
        self._early: Trigger | None = None
        self._authenticated = False
        self._closed: set[Sender] = set()
        self._lost: set[Sender] = set()

    @property
    def state(self) -> timeline.State:
        """The present state, as the timeline spells it."""
        return self._step.state

    @property
    def bound(self) -> str:
        """The last full JID that was bound, for a component its hostname once accepted; empty while unknown."""
        return self._binding.bound

    def element(self, sender: Sender, element: Element) -> Step:
        """Take a first-level element other than a stream header. What does not negotiate costs two look-ups."""
        name = element.name
        trigger = TRIGGERS[sender].get(name)
        if trigger is None:
            binding = self._binding
            if name in IQ and (binding.waits or not binding.bound or element.attrs.get("type") == "set"):
                trigger = self._binding.iq(sender, element, self.domain)
                if self.kind == "unknown" or self._binding.of_component:
                    self.kind = "component" if self._binding.of_component else kind_of(element)
            if trigger is None and not self._watchful:
                return self._step
        return self._negotiate(sender, element, trigger)

    def header(self, sender: Sender, header: Element, xmlns: dict[str, str]) -> Step:
        """Take a stream header, or the `open` of WebSocket; *xmlns* holds its prefixes, ``""`` for the default one."""
        self._note_kind(header, xmlns)
        self.domain = header.attrs.get("to" if sender == INITIATING else "from", "") or self.domain
        if self._state is State.CLOSED:
            self._closed.clear()
        self._lost.discard(sender)
        if sender == INITIATING:
            self.origin = header.attrs.get("from", "") or self.origin
            return self._move(Trigger.HEADER_INITIATING, sender)
        self._binding.restart()
        self.identity = header.attrs.get("id", "")
        return self._move(Trigger.HEADER_RECEIVING, sender)

    def close_tag(self, sender: Sender) -> Step:
        """Take the closing tag of *sender*'s stream, or the `close` of WebSocket."""
        self._closed.add(sender)
        return self._move(Trigger.CLOSE_BOTH if len(self._closed) == 2 else Trigger.CLOSE, sender)

    def ended(self, sender: Sender, *, reset: bool) -> Step:
        """Take *sender*'s FIN, or with *reset* its RST, which ends both directions."""
        if sender in self._lost:
            return self._move(Trigger.END_UNSEEN, sender)
        return self._move(Trigger.END_CLOSED if sender in self._closed and not reset else Trigger.END, sender)

    def direct_tls(self) -> Step:
        """Note that the connection begins with TLS."""
        return self._move(Trigger.DIRECT_TLS, INITIATING)

    def tls(self, *, done: bool) -> Step:
        """Note the end of a TLS handshake. A new stream begins inside; the bytes have gone to TLS already."""
        self._authenticated = False
        return self._move(Trigger.TLS_DONE if done else Trigger.TLS_FAILED, RECEIVING)

    def lost(self, sender: Sender) -> Step:
        """Note that bytes of *sender* are missing, so that steps of the negotiation may be."""
        self._lost.add(sender)
        self._watchful = True
        return self._move(Trigger.LOST, sender)

    def _negotiate(self, sender: Sender, element: Element, trigger: Trigger | None) -> Step:
        """Take an element that may be a step, or any element while something is awaited."""
        if self.kind == "unknown":
            self.kind = kind_of(element)
        self._lost.discard(sender)
        reader = None if trigger is None else _READERS.get(trigger)
        if reader is not None:
            trigger = reader(self, sender, element)
        elif trigger is None and self._binding.in_part:
            trigger = self._binding.sign_of_completion(sender, element)
        early = self._early
        step = self._step if trigger is None else self._move(trigger, sender)
        if early is not None and sender == INITIATING and self._early is early:
            step = self._release()  # the answer that came first is not the answer to this
        self._watchful = self._early is not None or bool(self._lost) or self._binding.in_part
        return step

    def _move(self, trigger: Trigger, sender: Sender) -> Step:
        state, action = transition(self._state, trigger)
        self._state = state
        self._step = _STEPS[state, Action.NONE]
        if action is Action.GO_ON:
            return self._step if self._held in (None, sender) else self._release()
        if action is Action.WAIT:
            self._held = sender
        elif action is Action.TLS or action is Action.DEFLATE:
            self._release()
        return _STEPS[state, action]

    def _release(self) -> Step:
        """Note that no bytes are held any more."""
        self._held = self._early = None
        self._asked_tls = self._asked_compression = False
        return _STEPS[self._state, Action.GO_ON]

    def _note_kind(self, header: Element, xmlns: dict[str, str]) -> None:
        """RFC 6120 §4.8.2: the content namespace is the default one; components by XEP-0225 have that of clients."""
        declared = (KINDS[uri] for uri in (xmlns.get("", ""), header.ns, *xmlns.values()) if uri in KINDS)
        kind = next(declared, self.kind)
        self.kind = self.kind if (self.kind, kind) == ("component", "c2s") else kind

    def _features(self, _sender: Sender, features: Element) -> Trigger:
        self._binding.features(features)
        if self.kind == "s2s" and self._authenticated and not self._binding.mandatory:
            return Trigger.FEATURES_AUTHORISED
        return Trigger.FEATURES

    def _starttls(self, _sender: Sender, _starttls: Element) -> Trigger:
        if self._early is Trigger.PROCEED_EARLY:
            return Trigger.STARTTLS_GRANTED
        self._asked_tls = True
        return Trigger.STARTTLS

    def _proceed(self, _sender: Sender, _proceed: Element) -> Trigger:
        asked = self._asked_tls or self._state is State.UNKNOWN
        return Trigger.PROCEED if asked else self._answer_first(Trigger.PROCEED_EARLY)

    def _compress(self, _sender: Sender, compress: Element) -> Trigger:
        methods = [child.text.strip().lower() for child in compress.children if child.local == "method"]
        self.compression = cut(methods[0], _LONGEST_METHOD) if methods else _USUAL
        if self._early is Trigger.COMPRESSED_EARLY:
            return Trigger.COMPRESS_GRANTED
        self._asked_compression = True
        return Trigger.COMPRESS

    def _compressed(self, _sender: Sender, _compressed: Element) -> Trigger:
        asked = self._asked_compression or self._state is State.UNKNOWN
        return Trigger.COMPRESSED if asked else self._answer_first(Trigger.COMPRESSED_EARLY)

    def _answer_first(self, early: Trigger) -> Trigger:
        if transition(self._state, early).action is Action.WAIT:
            self._early = early
        return early

    def _success(self, _sender: Sender, _success: Element) -> Trigger:
        self._authenticated = True
        return Trigger.SUCCESS

    def _sasl2_success(self, _sender: Sender, success: Element) -> Trigger:
        self._authenticated = True
        return self._binding.sasl2_success(success)

    def _handshake(self, sender: Sender, handshake: Element) -> Trigger:
        """XEP-0114 §3: an empty handshake from the receiving entity accepts the component."""
        if sender == INITIATING or handshake.text.strip():
            return Trigger.HANDSHAKE
        self._binding.bound = self.domain or self.bound
        return Trigger.HANDSHAKE_ACCEPTED

    def _dialback(self, _sender: Sender, dialback: Element) -> Trigger | None:
        """XEP-0220 §2: what has a type is an answer, and only an answer to a key is about this stream."""
        answer = dialback.attrs.get("type")
        if answer is None:
            return Trigger.DIALBACK
        return Trigger.DIALBACK_VALID if answer == "valid" and dialback.local == "result" else None


_READERS: Final[dict[Trigger, Callable[[Negotiation, Sender, Element], Trigger | None]]] = {
    Trigger.FEATURES: Negotiation._features,
    Trigger.STARTTLS: Negotiation._starttls,
    Trigger.PROCEED: Negotiation._proceed,
    Trigger.SUCCESS: Negotiation._success,
    Trigger.COMPRESS: Negotiation._compress,
    Trigger.COMPRESSED: Negotiation._compressed,
    Trigger.SASL2_SUCCESS: Negotiation._sasl2_success,
    Trigger.HANDSHAKE: Negotiation._handshake,
    Trigger.DIALBACK: Negotiation._dialback,
}
"""What decides between a trigger and its variants, or notes something in passing."""
