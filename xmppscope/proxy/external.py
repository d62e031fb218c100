"""SASL EXTERNAL behind a proxy: why it fails where the receiving entity cannot see the initiating one's certificate.

EXTERNAL (RFC 4422 appendix A, XEP-0178) rests on the certificate that the initiating entity shows in TLS. The proxy
ends that TLS and has not got the key, so on its server leg it shows none, or the one of `--client-cert`. Servers that
offer EXTERNAL all the same refuse it; most peers then go on with dialback (XEP-0220).
"""

from typing import Final

from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.namespaces import SASL, SASL2
from xmppscope.proxy.downgrade_words import Notice

_BEGINS: Final = frozenset({f"{SASL}{SEPARATOR}auth", f"{SASL2}{SEPARATOR}authenticate"})
_FAILS: Final = frozenset({f"{SASL}{SEPARATOR}failure", f"{SASL2}{SEPARATOR}failure"})
_WHY: Final = (
    "SASL EXTERNAL rests on the TLS certificate of the peer that logs in. The proxy ends that TLS and has not got "
    "the key, so it cannot show that certificate to the server"
)
_WITHOUT: Final = Notice(
    "EXTERNAL failed because of the proxy: it shows the server no certificate",
    f"{_WHY}, and it shows none.",
    "servers go on with dialback, if both allow it; or give the proxy the certificate: --client-cert FILE and "
    "--client-key FILE",
)
_OTHER: Final = Notice(
    "EXTERNAL failed with the certificate of --client-cert",
    f"{_WHY}; it shows the one of --client-cert instead, which the server did not take for this peer.",
    "see the names and the issuer of that certificate against the domain that logs in, and what the server trusts",
)


class External:
    """Follows the logins of one connection by this mechanism; *shows* says that the proxy has a certificate to show."""

    def __init__(self, *, shows: bool) -> None:
        self._notice = _OTHER if shows else _WITHOUT
        self._tried = False

    def element(self, element: Element) -> Notice | None:
        """Take an element of a negotiation; return what to tell, if it is the failure of such a login."""
        if element.name in _BEGINS:
            self._tried = element.attrs.get("mechanism") == "EXTERNAL"
        elif element.name in _FAILS and self._tried:
            self._tried = False
            return self._notice
        return None
