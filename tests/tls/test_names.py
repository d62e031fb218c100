"""Names for the numbers of TLS."""

import pytest

from xmppscope.tls import names


@pytest.mark.parametrize(
    ("number", "name", "words"),
    [
        (0x0304, "TLSv1.3", "TLS 1.3"),
        (0x0303, "TLSv1.2", "TLS 1.2"),
        (0x0302, "TLSv1.1", "TLS 1.1"),
        (0x0301, "TLSv1", "TLS 1.0"),
        (0x0300, "SSLv3", "SSL 3.0"),
        (0x7F1C, "TLSv1.3-draft28", "TLS 1.3 draft28"),
        (0x1A1A, "GREASE (0x1A1A)", "GREASE (0x1A1A)"),
        (0x0505, "0x0505", "0x0505"),
    ],
)
def test_versions(number, name, words):
    assert names.version_name(number) == name
    assert names.version_words(name) == words


@pytest.mark.parametrize(
    ("suite", "words"),
    [
        ("TLS_AES_256_GCM_SHA384", "AES-256-GCM"),
        ("TLS_CHACHA20_POLY1305_SHA256", "ChaCha20-Poly1305"),
        ("TLS_AES_128_CCM_8_SHA256", "AES-128-CCM-8"),
        ("TLS_ECDHE_ECDSA_WITH_AES_128_CCM", "AES-128-CCM"),
        ("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "AES-256-CBC"),
        ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", "3DES-CBC"),
        ("TLS_RSA_WITH_RC4_128_MD5", "RC4-128"),
        ("TLS_ECDHE_RSA_WITH_CAMELLIA_128_GCM_SHA256", "Camellia-128-GCM"),
        ("TLS_RSA_WITH_NULL_SHA", "no encryption"),
        ("TLS_SHA256_SHA256", "no encryption"),
        ("TLS_NULL_WITH_NULL_NULL", "no encryption"),
        ("TLS_SM4_GCM_SM3", "SM4-GCM"),
        ("TLS_FALLBACK_SCSV", "TLS_FALLBACK_SCSV"),
        ("0xFEFE", "0xFEFE"),
    ],
)
def test_cipher_words(suite, words):
    assert names.cipher_words(suite) == words


def test_alerts():
    assert names.alert_name(48) == "unknown_ca"
    assert names.alert_words(48) == "unknown CA"
    assert names.alert_words(20) == "bad record MAC"
    assert names.alert_words(123) == "alert 123"


def test_groups():
    assert names.group_name(4588) == "X25519MLKEM768"
    assert names.group_name(0xAAAA) == "GREASE (0xAAAA)"
    assert names.group_name(9999) == "0x270F"


def test_the_sixteen_grease_values():
    grease = [number for number in range(0x10000) if names.is_grease(number)]
    assert grease == [first * 0x1010 + 0x0A0A for first in range(16)]
