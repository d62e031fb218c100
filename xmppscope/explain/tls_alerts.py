"""What TLS alerts say, in words, and what usually causes them (RFC 8446 §6, RFC 5246 §7.2).

The causes are what common programs mean by an alert, where that is more than its definition says. Which alert an error
leads to is up to each program, so causes are told as usual, not as certain.
"""

from typing import Final, NamedTuple

from xmppscope.explain.facts import Facts
from xmppscope.tls.names import alert_name, alert_words


class Alert(NamedTuple):
    """What the sender of an alert does, as a predicate; what usually causes it, no full sentence; its section."""

    does: str
    cause: str
    spec: str = "RFC 8446 §6.2"


_REJECTED: Final = "rejected the certificate"

ALERTS: Final[dict[int, Alert]] = {
    0: Alert("closes TLS in order", "", "RFC 8446 §6.1"),
    10: Alert(
        "got a TLS message out of turn",
        "a fault of one of the implementations, or bytes in clear where TLS was expected",
    ),
    20: Alert(
        "could not authenticate a record",
        "bytes were changed on the way, or the two sides derived different keys: a fault of one of them",
    ),
    21: Alert(
        "could not decrypt a record", "sent by old implementations in place of bad record MAC", "RFC 5246 §7.2.2"
    ),
    22: Alert("got a record that is too long", "often bytes that are no TLS at all, such as XML in clear"),
    30: Alert("could not decompress a record", "TLS compression went wrong", "RFC 5246 §7.2.2"),
    40: Alert(
        "found no common ground: handshake failure",
        "no cipher suite, group or signature algorithm in common, no certificate for the name asked for, or a client "
        "certificate that is missing",
    ),
    41: Alert("has no certificate to show", "sent in SSL 3.0 by a client without a certificate", "RFC 5246 §7.2.2"),
    42: Alert(
        _REJECTED,
        "programs that use OpenSSL or Go say this of a name that does not match, of a self-signed certificate and of "
        "one that is not valid yet",
    ),
    43: Alert(
        _REJECTED,
        "its kind or its purpose is wrong, such as a server's certificate without clientAuth shown by a client",
    ),
    44: Alert(_REJECTED, "its issuer has revoked it"),
    45: Alert(_REJECTED, "its validity is over, or the clock of the one who checks is wrong"),
    46: Alert(
        _REJECTED,
        "any reason that has no alert of its own; Java and Android say this of an issuer that they do not trust",
    ),
    47: Alert(
        "got a value that is not allowed: illegal parameter",
        "the two sides disagree about the protocol: a fault of one of them, or of a box in between",
    ),
    48: Alert(
        _REJECTED,
        "its issuer is not trusted: a private authority, a self-signed certificate, or a server that does not send the "
        "intermediate certificate",
    ),
    49: Alert("denies access", "the certificate is valid, but its owner is not admitted"),
    50: Alert("could not decode a TLS message", "bytes that are no TLS, or a fault of one of the implementations"),
    51: Alert(
        "could not verify a signature: decrypt error",
        "a signature, a Finished message or a key binder is wrong: a key that does not belong to the certificate, or a "
        "handshake that was changed on the way",
    ),
    60: Alert("refuses export restrictions", "sent only by implementations of TLS 1.0", "RFC 5246 §7.2.2"),
    70: Alert(
        "refuses the TLS version",
        "the versions of the two sides do not overlap: one of them is old, or forbids the old ones",
    ),
    71: Alert(
        "wants stronger parameters: insufficient security", "all that the client offers is too weak for the server"
    ),
    80: Alert("failed: internal error", "nothing to do with the peer; the log of the one who sent it may tell more"),
    86: Alert(
        "suspects a downgrade: inappropriate fallback",
        "the client tried again with an older version than both support, after an earlier attempt had failed",
        "RFC 7507 §3",
    ),
    90: Alert("cancelled the handshake", "the user, or the program, gave up", "RFC 8446 §6.1"),
    100: Alert("will not renegotiate", "new keys were asked for, which the sender does not do", "RFC 5246 §7.2.2"),
    109: Alert("misses an extension", "the hello lacks an extension that the version requires"),
    110: Alert("got an extension it did not ask for", "the server answered what the client had not offered"),
    111: Alert("could not fetch the certificate", "the certificate was given by URL only", "RFC 6066 §9"),
    112: Alert(
        "does not know the name asked for",
        "no host here has the name in the SNI: the client asks for a domain that the server is not set up for",
        "RFC 6066 §3",
    ),
    113: Alert("rejected the certificate's revocation status", "the stapled OCSP response is invalid or old"),
    114: Alert("rejected the certificate: wrong hash", "it is not the one that its hash announced", "RFC 6066 §9"),
    115: Alert("does not know the pre-shared key", "the key's identity is unknown or forgotten"),
    116: Alert(
        "requires a client certificate",
        "the client was asked for a certificate and showed none",
        "RFC 8446 §4.4.2.4",
    ),
    117: Alert("failed: general error", "an error that has no alert of its own", ""),
    120: Alert(
        "speaks none of the protocols offered",
        "the ALPN list holds no protocol of this port: XMPP is xmpp-client or xmpp-server (XEP-0368 §3)",
        "RFC 7301 §3.2",
    ),
    121: Alert("requires encrypted ClientHello", "the client's configuration for it was rejected", ""),
}

_WARNING: Final = 1
_LEVELS: Final = {_WARNING: "warning", 2: "fatal"}
_ORDERLY: Final = frozenset((0, 90))


def describe_alert(level: int | None, description: int | None, role: str) -> Facts:
    """Put an alert into words; *role* names its sender, such as ``client`` or ``initiating server``.

    *description* is None where the alert is encrypted and cannot be read.
    """
    if description is None:
        facts = Facts(f"the {role} sent an alert, encrypted", tls={"alert_hidden": True})
        facts.note("without the keys its meaning is hidden; before the end of a connection most are close_notify")
        return facts
    words = alert_words(description)
    alert = ALERTS.get(description) or Alert(f"sent an unknown {words}", "")
    does = f"{alert.does}: {words}" if alert.does == _REJECTED else alert.does
    facts = Facts(f"the {role} {does}", tls={"alert": alert_name(description)})
    if level is not None:
        facts.tls["alert_level"] = _LEVELS.get(level, str(level))
    facts.note(f"alert {description}, {words}", alert.spec)
    if alert.cause:
        facts.note(f"usual cause: {alert.cause}")
    if level == _WARNING and description not in _ORDERLY:
        # RFC 5246 §7.2.2: "If an alert with a level of warning is sent and received, generally the connection can
        # continue normally."
        facts.note("a warning only: the handshake can go on", "RFC 5246 §7.2.2")
    return facts


def describe_close(orderly: bool, role: str) -> Facts:
    """Put the end of one direction into words: announced by close_notify, or torn off without it."""
    if orderly:
        return describe_alert(_WARNING, 0, role)
    facts = Facts(f"the {role} ended without closing TLS", tls={"torn": True})
    # RFC 8446 §6.1: "Each party MUST send a "close_notify" alert before closing its write side of the connection,
    # unless it has already sent some error alert."
    facts.note("no close_notify: what was sent last may have been cut off by somebody else", "RFC 8446 §6.1")
    return facts
