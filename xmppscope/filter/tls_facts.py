"""The facts of a TLS handshake that an expression can name, as ``tls.version``: the keys of `tls` in the timeline."""

from typing import Final

TLS: Final = {
    "version": "the version chosen: `TLSv1.3`",
    "versions": "the versions offered",
    "cipher": "the cipher suite chosen",
    "ciphers": "the cipher suites offered",
    "group": "the group of the key exchange",
    "groups": "the groups offered",
    "sni": "the server name asked for",
    "alpn": "the protocols offered",
    "alpn_chosen": "the protocol chosen",
    "resumed": "an earlier TLS session goes on",
    "resumption_asked": "how the client asks for that: `psk`, `ticket`",
    "retry": "the server asks for another ClientHello",
    "early_data": "the client offers data before the handshake is complete",
    "early_data_accepted": "the server takes it",
    "key_update": "keys are changed",
    "certificate": "the owner of the certificate",
    "certificate_error": "why it can't be read",
    "certificate_hidden": "it can't be seen without keys",
    "issuer": "who issued it",
    "serial": "its serial number, in hex",
    "self_signed": "it is signed by its own key",
    "names": "the names in it",
    "not_before": "valid from",
    "not_after": "valid to",
    "key": "kind and size of its key",
    "signature": "how it is signed",
    "fingerprint": "its SHA-256, in hex",
    "fits": "its names match the XMPP domain and it is in date",
    "misfits": "why it does not fit",
    "client_certificate": "the client shows a certificate",
    "client_certificate_asked": "the server asks for one",
    "alert": "the alert: `unknown_ca`",
    "alert_level": "`warning` or `fatal`",
    "alert_hidden": "there is an alert that can't be read",
    "torn": "TLS ended without close_notify",
}
"""Each fact with its line in the reference."""

TLS_LISTS: Final = frozenset({"versions", "ciphers", "groups", "alpn", "names", "misfits"})
"""Facts of several values."""

TLS_TIMES: Final = frozenset({"not_before", "not_after"})
"""Facts that are points in time."""

TLS_FLAGS: Final = frozenset(
    {"resumed", "retry", "early_data", "early_data_accepted", "key_update", "certificate_hidden", "self_signed", "fits"}
    | {"client_certificate", "client_certificate_asked", "alert_hidden", "torn"}
)
"""Facts that are yes or no."""
