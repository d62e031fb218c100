"""Whatever stands in names that others chose, what the proxy says is well-formed."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.proxy.conftest import World
from tests.proxy.relay_harness import Run, assert_refused
from tests.proxy.words import client, server
from xmppscope.proxy.refusal import Refusal

NAME = "ev\x1b[31mil\x07\0.example"


def test_control_characters_in_the_name_of_a_certificate(world: World, play: Run, tmp_path: Path) -> None:
    """They stood in the text of the stream error as they were, which is no XML."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "evil")])
    builder = world.issuer._certificate(world.issuer._name, subject, key, [NAME])
    signed = builder.sign(world.issuer._key, hashes.SHA256())
    plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    shown = tmp_path / "evil.pem"
    shown.write_bytes(key.private_bytes(*plain) + signed.public_bytes(serialization.Encoding.PEM))
    outcome = play(client(world.client()), server(world.server(shown)))
    assert_refused(outcome, "remote-connection-failed", secured=True)
    assert rb"ev\x1b[31mil" in outcome.client.secured


@pytest.mark.parametrize("text", ["]]>&<b>'\"", "\0\x08\x1f\x7f\x85\ufffe\uffff\ud800", "x" * 100_000, "é\u202e😀"])
def test_a_refusal_is_well_formed(text: str) -> None:
    xml = Refusal("host-unknown", text).xml(header_due=True, kind="c2s", domain=text, identity="s")
    assert len(ET.fromstring(xml)) == 1
    assert len(xml) < 1000 + len(text)
