import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from xmppscope.demo.certificates import Identity, make_identity


def test_the_certificate_names_the_domain_in_every_way() -> None:
    identity = make_identity("verona.example")
    certificate = x509.load_pem_x509_certificate(identity.certificate_pem)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [name.value for name in names if isinstance(name, x509.DNSName)] == ["verona.example"]
    assert {name.type_id.dotted_string: name.value for name in names if isinstance(name, x509.OtherName)} == {
        "1.3.6.1.5.5.7.8.7": b"\x16\x1b_xmpp-client.verona.example",
        "1.3.6.1.5.5.7.8.5": b"\x0c\x0everona.example",
    }
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(identity.authority_pem))


def test_channel_binding_hashes_the_certificate_as_it_was_signed() -> None:
    identity = make_identity("verona.example")
    der = x509.load_pem_x509_certificate(identity.certificate_pem).public_bytes(serialization.Encoding.DER)
    assert identity.end_point == hashlib.sha256(der).digest()


@pytest.mark.parametrize(("algorithm", "name"), [(hashes.SHA384(), "sha384"), (hashes.SHA512(), "sha512")])
def test_channel_binding_of_a_certificate_that_was_handed_in(algorithm, name: str, tmp_path) -> None:
    made = make_identity("verona.example")
    template = x509.load_pem_x509_certificate(made.certificate_pem)
    key = rsa.generate_private_key(65537, 2048)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(template.subject)
        .issuer_name(template.subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(template.not_valid_before_utc)
        .not_valid_after(template.not_valid_after_utc)
        .sign(key, algorithm)
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    identity = Identity(certificate.public_bytes(serialization.Encoding.PEM), key_pem)
    assert identity.end_point == hashlib.new(name, certificate.public_bytes(serialization.Encoding.DER)).digest()
    assert identity.authority_pem == b""
    assert identity.context().get_ca_certs() == []
