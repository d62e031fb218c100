"""SASL EXTERNAL with certificates (XEP-0178): the identity that is claimed, held against the certificate in TLS.

The certificate is the one that the receiving entity saw: of a proxied connection, what the proxy showed it. Between
servers it has to be one for the domain (§3), of a client an XmppAddr in it has to be the account's address (§2). Trust
in its issuer is the receiving entity's business and not seen here.
"""

import base64
import binascii
from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.instant import nanoseconds
from xmppscope.model.jid import bare
from xmppscope.model.namespaces import SASL, SASL2
from xmppscope.model.plaintext import cut
from xmppscope.session.triggers import expanded
from xmppscope.tls.certificate import CertificateFacts
from xmppscope.tls.identity import match_certificate
from xmppscope.xeps.descriptor import Extension, Met

_SHOWN: Final = 100
_LONGEST: Final = 4096
_RESPONSE: Final = expanded(SASL2, "initial-response")


def _auth(met: Met, auth: Element) -> None:
    if auth.attrs.get("mechanism") != "EXTERNAL":
        return
    negotiation = met.place.about.negotiation
    between_servers = negotiation.kind == "s2s"
    section = f"XEP-0178 §{3 if between_servers else 2}"
    claimed = _authorization(auth)
    if between_servers and claimed and negotiation.origin and claimed.lower() != negotiation.origin.lower():
        text = f"the identity {cut(claimed, _SHOWN)} is not where the stream says it is from: {negotiation.origin}"
        met.note(cut(text, 2 * _SHOWN), section)
    identity = claimed or (negotiation.origin if between_servers else "")
    if negotiation.certificate is not None and identity:
        compare = _for_server if between_servers else _for_client
        met.note(compare(negotiation.certificate, identity, nanoseconds(met.entry.time)), section)


def _authorization(auth: Element) -> str:
    """Return the identity that is asked for; a response that is empty (``=``) leaves it to the certificate."""
    text = auth.text.strip() or (auth.child_text(_RESPONSE) or "").strip()
    if not text or len(text) > _LONGEST:
        return ""
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def _for_server(certificate: CertificateFacts, domain: str, time: int) -> str:
    match = match_certificate(certificate, domain, "xmpp-server", time)
    if match.fits:
        return cut(f"the certificate is one for {domain}, by its {match.by}", 2 * _SHOWN)
    return cut(f"the certificate is not one for {domain}: it {match.reasons[0]}", 2 * _SHOWN)


def _for_client(certificate: CertificateFacts, address: str, _time: int) -> str:
    names = {name.lower() for name in certificate.xmpp_addresses}
    if bare(address).lower() in names:
        return cut(f"the certificate names {bare(address)} as its XMPP address", 2 * _SHOWN)
    named = ", ".join(sorted(names)) if names else "no XMPP address"
    return cut(f"the certificate names {named}, not {bare(address)}", 2 * _SHOWN)


EXTENSION: Final = Extension(
    number="0178",
    title="Best Practices for Use of SASL EXTERNAL with Certificates",
    namespaces=(),
    nonzas={expanded(SASL, "auth"): _auth, expanded(SASL2, "authenticate"): _auth},
)
