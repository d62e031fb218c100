"""The key store: key log lines in any pieces, RSA keys in any wrapping."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.model.errors import KeyFileError
from xmppscope.tls.keylog import KeyStore

ONE, TWO = bytes(range(32)), bytes(range(32, 64))
MASTER, SECRET = bytes(48), b"\xab" * 32
LOG = (
    b"# a comment\n\n"
    + f"CLIENT_RANDOM {ONE.hex()} {MASTER.hex()}\r\n".encode()
    + b"not a key line\nCLIENT_RANDOM zz zz\nCLIENT_TRAFFIC_SECRET_0 short\n\xff\xfe \x00 \x80\n"
    + f"  SERVER_TRAFFIC_SECRET_0\t{TWO.hex().upper()}   {SECRET.hex()}\n".encode()
    + f"CLIENT_TRAFFIC_SECRET_N {TWO.hex()} {SECRET.hex()}\n".encode()
    + f"RSA 0001020304050607 {MASTER.hex()}\n".encode()
    + f"CLIENT_TRAFFIC_SECRET_0 {TWO.hex()} {MASTER.hex()}".encode()
)


def assert_holds_log(keys):
    assert keys.lookup(ONE) == {"CLIENT_RANDOM": MASTER}
    assert keys.lookup(TWO) == {"SERVER_TRAFFIC_SECRET_0": SECRET, "CLIENT_TRAFFIC_SECRET_0": MASTER}
    assert keys.lookup(bytes(32)) is None
    assert keys.premaster(bytes(range(200))) == MASTER
    assert (keys.sessions, keys.logs) == (2, 1)


def test_lines_are_taken_and_junk_is_not():
    keys = KeyStore()
    assert keys.add(LOG) == 4
    assert_holds_log(keys)
    assert keys.generation == 1
    assert keys.add(b"\n" + LOG) == 0
    assert keys.generation == 1


@pytest.mark.parametrize("size", [1, 2, 3, 50, 97])
def test_pieces_of_any_size_give_the_same(size):
    keys = KeyStore()
    for at in range(0, len(LOG), size):
        keys.add(LOG[at : at + size])
    assert_holds_log(keys)


def test_a_secret_that_grows_replaces_its_beginning():
    line = f"CLIENT_TRAFFIC_SECRET_0 {ONE.hex()} {'11' * 48}\n".encode()
    keys = KeyStore()
    assert keys.add(line[: -1 - 32]) == 1
    assert keys.lookup(ONE) == {"CLIENT_TRAFFIC_SECRET_0": b"\x11" * 32}
    assert keys.add(line[-1 - 32 :]) == 1
    assert keys.lookup(ONE) == {"CLIENT_TRAFFIC_SECRET_0": b"\x11" * 48}


def test_logs_are_read_apart():
    keys = KeyStore()
    line = f"CLIENT_RANDOM {ONE.hex()} {MASTER.hex()}\n".encode()
    assert keys.add(line[:40], "a") + keys.add(line[:20], "b") + keys.add(line[40:], "a") == 1
    assert (keys.logs, keys.sessions) == (2, 1)


def test_an_endless_line_is_not_kept():
    keys = KeyStore()
    for _ in range(100):
        keys.add(b"x" * 100_000)
    assert keys.add(b"\n" + LOG) == 4


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_garbage_does_no_harm(pieces):
    keys = KeyStore()
    for piece in pieces:
        keys.add(piece)
    assert keys.add(b"\n" + LOG) == 4


def pem(key, form=PrivateFormat.PKCS8, encryption=None):
    return key.private_bytes(serialization.Encoding.PEM, form, encryption or NoEncryption())


@pytest.fixture(scope="session")
def rsa_key(rsa_party):
    return serialization.load_pem_private_key(rsa_party.pem, None)


def test_private_keys_in_both_forms_also_beside_a_certificate(rsa_key, rsa_party):
    keys = KeyStore()
    for text in (pem(rsa_key), pem(rsa_key, PrivateFormat.TraditionalOpenSSL)):
        keys.add_rsa_key(text)
        keys.add_rsa_key(rsa_party.certificate_pem + text)
        keys.add_rsa_key(text + rsa_party.certificate_pem)
    assert len(keys.rsa_keys) == 6


def test_what_is_no_rsa_key_is_refused_in_plain_words(rsa_key, rsa_party, ec_party):
    public = rsa_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    cases = [
        (rsa_party.certificate_pem, "a certificate, not a private key; --rsa-key wants the key"),
        (public, "a public key, not a private key; --rsa-key wants the private one"),
        (pem(rsa_key, encryption=BestAvailableEncryption(b"x")), "an encrypted private key; decrypt it first"),
        (pem(rsa_key, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"x")), "an encrypted private key"),
        (ec_party.pem, "a private key, but not RSA"),
        (rsa_party.pem[:500] + rsa_party.pem[600:], "a damaged private key"),
        (rsa_party.pem[:500], "a damaged private key"),
        (b"", "not a private key in PEM"),
        (b"\x30\x82\x04\xa4\x02\x01\x00", "not a private key in PEM"),
    ]
    for text, words in cases:
        keys = KeyStore()
        with pytest.raises(KeyFileError, match=f"^{words}"):
            keys.add_rsa_key(text)
        assert not keys.rsa_keys


@given(data=st.binary(max_size=300))
def test_a_key_opens_only_what_was_encrypted_to_it(rsa_party, data):
    # Whatever the padding, OpenSSL answers something; only the form of a premaster secret is believed.
    keys = KeyStore()
    keys.add_rsa_key(rsa_party.pem)
    [key] = keys.rsa_keys
    assert key.premaster(data) is None
    assert key.premaster(data.ljust(256, b"\1")[:256]) is None
