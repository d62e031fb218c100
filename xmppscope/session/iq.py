"""Which iq result or error answers which request, and after how long (RFC 6120 §8.2.3).

An answer has the id of its request and comes from where the request went, so pending requests are kept by id and peer,
apart for each end. On a client's connection the addresses that stand for its own account are one peer: a request
without 'to' is handled on behalf of the account (RFC 6120 §10.3.3), what comes from the account may lack its 'from'
(§8.1.2.1), and servers differ in which of the bare JID, the full JID, the domain and nothing they write. Components and
servers put both addresses on every stanza, and between servers an answer takes another connection than its request:
there requests are kept by id and both addresses, for all servers of a capture together.

Left out: what lacks an id; duplicate answers and orphans, which answer nothing here; and the re-sending of stanzas
after a resumption, which no single connection can see.
"""

import msgspec

from xmppscope.model.jid import Jid
from xmppscope.model.timeline import RECEIVING, ConnectionKind, Sender
from xmppscope.session.pending import Forms, Pending, Request, plain_form


class Answer(msgspec.Struct, gc=False):
    """The entry that is answered, and the seconds from the last byte of the request to the last byte of the answer.

    `latency` is None where the times of the capture step back.
    """

    entry: int
    latency: float | None


class PairCorrelator:
    """Requests and answers that carry both addresses: one for all connections between servers, one per component."""

    def __init__(self) -> None:
        self._pending = Pending()
        self._forms = Forms()

    @property
    def forgotten(self) -> int:
        """How many requests were dropped unanswered because there were more than `pending.MOST_PENDING`."""
        return self._pending.forgotten

    def request(self, identity: str, request: Request) -> None:
        """Remember a request."""
        self._pending.add((identity, self._forms[request.own], self._forms[request.peer]), request)

    def answer(self, identity: str, requester: str, responder: str) -> Request | None:
        """Return the request that is answered, once."""
        key = identity, self._forms[requester], self._forms[responder]
        return self._pending.take(key, requester, responder)


class IqCorrelator:
    """Links answers to requests for one connection; *servers* is the capture's correlator for s2s connections.

    Addresses and ids are given as sent, absent ones as the empty string, times in nanoseconds.
    """

    def __init__(self, servers: PairCorrelator) -> None:
        self._servers = servers
        self._pairs: PairCorrelator | None = None
        self._forms = Forms()
        self._of_initiating = Pending()
        self._of_receiving = Pending()
        self._jid = ""
        self._domain = ""

    @property
    def forgotten(self) -> int:
        """How many requests of this connection were dropped unanswered to keep memory bounded."""
        pairs = 0 if self._pairs is None or self._pairs is self._servers else self._pairs.forgotten
        return self._of_initiating.forgotten + self._of_receiving.forgotten + pairs

    def know(self, kind: ConnectionKind, domain: str = "", jid: str = "") -> None:
        """Note what the negotiation has found: the kind, the server's domain, the full JID of the initiating entity."""
        if kind == "s2s":
            self._pairs = self._servers
        elif kind == "component":
            self._pairs = self._pairs or PairCorrelator()
        elif (domain, jid) != (self._domain, self._jid) and (domain or jid):
            self._domain, self._jid = domain or self._domain, jid or self._jid
            self._know_own_addresses()

    def request(self, entry: int, sender: Sender, identity: str, to: str, from_: str, end_time: int) -> None:
        """Take an iq of type get or set, whose last byte came at *end_time*."""
        if not identity:
            return
        if self._pairs is not None:
            self._pairs.request(identity, Request(entry, end_time, from_, to))
        elif sender == RECEIVING:
            self._learn(to)
            self._of_receiving.add((identity, self._forms[from_]), Request(entry, end_time, to, from_))
        else:
            self._of_initiating.add((identity, self._forms[to]), Request(entry, end_time, from_, to))

    def answer(self, sender: Sender, identity: str, to: str, from_: str, end_time: int) -> Answer | None:
        """Take an iq of type result or error; return what it answers, or None if nothing that was seen."""
        if self._pairs is not None:
            request = self._pairs.answer(identity, to, from_)
        elif sender == RECEIVING:
            self._learn(to)
            request = self._of_initiating.take((identity, self._forms[from_]), to, from_)
        else:
            request = self._of_receiving.take((identity, self._forms[to]), from_, to)
        return None if request is None else _answer(request, end_time)

    def _learn(self, to: str) -> None:
        """Learn the client's own address: a server sends a client what is addressed to it (RFC 6120 §10.5.4)."""
        if not self._jid and "/" in to:
            self._jid = to
            self._know_own_addresses()

    def _know_own_addresses(self) -> None:
        jid = Jid.parse(plain_form(self._jid))
        own = {str(jid), jid.bare, jid.domainpart, self._domain.lower()}
        self._forms = Forms(frozenset(own - {""}))
        self._of_initiating.merge(self._forms)
        self._of_receiving.merge(self._forms)


def _answer(request: Request, end_time: int) -> Answer:
    elapsed = end_time - request.end_time
    return Answer(request.entry, elapsed / 1e9 if elapsed >= 0 else None)
