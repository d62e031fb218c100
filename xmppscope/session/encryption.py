"""What became of TLS on one connection: how it began, what was agreed, whether it came about (RFC 6120 §5, XEP-0368).

It is told from the entries of the handshake, which give their facts in machine-readable form, and from the states that
follow. Where a proxy stands between, each leg has a TLS of its own.
"""

from typing import Final, Literal, cast

import msgspec

from xmppscope.model.timeline import Entry, Kind, State

Mode = Literal["starttls", "direct"]

_PENDING: Final[frozenset[State]] = frozenset({"tls", "unknown"})
_UNREAD: Final[frozenset[Kind]] = frozenset({"gap", "opaque"})
_ELEMENTS: Final[frozenset[Kind]] = frozenset({"stream-open", "stanza", "nonza", "stream-error"})


class Tls(msgspec.Struct, omit_defaults=True):
    """One TLS session; what is unknown is None. `entry` is that of the ClientHello."""

    entry: int
    mode: Mode | None = None
    outcome: Literal["done", "failed"] | None = None
    version: str | None = None
    cipher: str | None = None
    sni: str | None = None
    alpn: list[str] = msgspec.field(default_factory=list)
    resumed: bool | None = None


class Encryption:
    """Follows the TLS of one connection: `tls` is that of the client, `server_leg` the proxy's own with the server.

    `waits` tells that a handshake has begun and that nothing says yet how it ended.
    """

    def __init__(self, *, from_start: bool) -> None:
        self.tls: Tls | None = None
        self.server_leg: Tls | None = None
        self.waits = False
        self._mode: Mode | None = "direct" if from_start else None
        self._resumed: dict[str | None, bool] = {}
        self._unread = False
        self._legs = False

    def clear(self) -> None:
        """Note that an element was sent in the clear: TLS, if it comes, comes by STARTTLS."""
        if self.tls is None:
            self._mode = "starttls"

    def handshake(self, entry: Entry) -> None:
        """Take an entry that tells of a handshake."""
        facts = entry.tls or {}
        if "ciphers" in facts:
            self._hello(entry, facts)
            return
        tls = self.server_leg if entry.leg == "server" else self.tls
        if tls is not None and "cipher" in facts:
            tls.version, tls.cipher = cast(str, facts.get("version")), cast(str, facts["cipher"])
            if "resumed" in facts:
                self._resumed[entry.leg] = bool(facts["resumed"])

    def later(self, entry: Entry) -> None:
        """Take any other entry while `waits`: its state tells whether the handshake was completed."""
        if entry.kind in _UNREAD:
            self._unread = True
        elif entry.state == "broken" or (entry.kind in _ELEMENTS and entry.protection == "none" and not self._legs):
            # A ClientHello that is answered with an element in the clear came to somebody who speaks no TLS there.
            self._end("failed")
        elif entry.state not in _PENDING or entry.kind in _ELEMENTS:
            self._end("done")

    def ended(self) -> None:
        """Note that nothing more comes. What could not be read leaves the outcome unknown."""
        if self.waits and not self._unread:
            self._end("failed")

    def _hello(self, entry: Entry, facts: dict[str, str | int | bool | list[str]]) -> None:
        again = self.server_leg if entry.leg == "server" else self.tls
        if again is not None:
            return  # the answer to a HelloRetryRequest offers the same names
        alpn = facts.get("alpn", [])
        tls = Tls(
            entry.entry,
            mode=self._mode,
            sni=cast("str | None", facts.get("sni")),
            alpn=alpn if isinstance(alpn, list) else [],
        )
        self.waits = True
        self._legs = entry.leg is not None
        if entry.leg == "server":
            self.server_leg = tls
        else:
            self.tls = tls

    def _end(self, outcome: Literal["done", "failed"]) -> None:
        self.waits = False
        if self._unread and outcome == "failed":
            return
        for leg, tls in (("server", self.server_leg), ("client", self.tls), (None, self.tls)):
            if tls is not None and tls.outcome is None:
                tls.outcome = outcome
            if tls is not None and outcome == "done" and leg in self._resumed:
                tls.resumed = self._resumed[leg]
