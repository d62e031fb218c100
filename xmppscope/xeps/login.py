"""How far a connection has come, as machines with the entries that caused it: TLS, SASL, what is bound."""

from typing import Final

from xmppscope.model.plaintext import cut
from xmppscope.model.timeline import Entry
from xmppscope.session.changes import Changes
from xmppscope.session.encryption import Encryption
from xmppscope.session.logins import Logins

TLS: Final = "tls"
SASL: Final = "sasl"

_SERVER_LEG: Final = "server leg"
_MECHANISM: Final = 40


def protected(changes: Changes, entry: Entry) -> None:
    """Note what protects the stream from this entry on; a handshake that is under way led to it."""
    if entry.protection != "none":
        changes.change(TLS, entry.protection, entry.entry, changes.entries(TLS))
    elif entry.state == "tls":
        changes.change(TLS, "negotiating", entry.entry)
    elif not changes.value(TLS):
        changes.change(TLS, "none", entry.entry)


def handshake(changes: Changes, encryption: Encryption, entry: Entry) -> None:
    """Note a step of a handshake: on a proxied connection each leg has its own, the client's is the plain `tls`."""
    tls = encryption.server_leg if entry.leg == "server" else encryption.tls
    subject = _SERVER_LEG if entry.leg == "server" else ""
    if tls is not None and tls.outcome is None:
        value = f"negotiating, {tls.version} agreed" if tls.version else "negotiating"
        changes.change(TLS, value, entry.entry, changes.entries(TLS, subject), subject)


def attempted(changes: Changes, logins: Logins, entry: Entry) -> None:
    """Note how far the newest attempt to log in has come."""
    attempt = logins.attempts[-1] if logins.attempts else None
    if attempt is None or attempt.entries[-1] != entry.entry:
        return
    mechanism = cut(attempt.mechanism or "mechanism not captured", _MECHANISM)
    condition = f": {attempt.condition}" if attempt.condition else ""
    value = "begun" if attempt.outcome == "unfinished" else attempt.outcome
    changes.change(SASL, f"{mechanism}, {value}{condition}", entry.entry, attempt.entries)


def asked(entry: Entry) -> tuple[int, ...]:
    """Return the request that *entry* answers."""
    return () if entry.answers is None else (entry.answers,)
