"""Cipher suites: what the names say."""

import pytest

from xmppscope.tls.suite_names import SUITE_NAMES
from xmppscope.tls.suites import Suite, suite, suite_name


@pytest.mark.parametrize(
    "expected",
    [
        Suite(0x1301, "TLS_AES_128_GCM_SHA256", "", "AES-GCM", 16, None, "sha256"),
        Suite(0x1302, "TLS_AES_256_GCM_SHA384", "", "AES-GCM", 32, None, "sha384"),
        Suite(0x1303, "TLS_CHACHA20_POLY1305_SHA256", "", "CHACHA20-POLY1305", 32, None, "sha256"),
        Suite(0x1304, "TLS_AES_128_CCM_SHA256", "", "AES-CCM", 16, None, "sha256"),
        Suite(0x1305, "TLS_AES_128_CCM_8_SHA256", "", "AES-CCM-8", 16, None, "sha256"),
        Suite(0x002F, "TLS_RSA_WITH_AES_128_CBC_SHA", "RSA", "AES-CBC", 16, "sha1", "sha256"),
        Suite(0xC028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "ECDHE_RSA", "AES-CBC", 32, "sha384", "sha384"),
        Suite(0x003D, "TLS_RSA_WITH_AES_256_CBC_SHA256", "RSA", "AES-CBC", 32, "sha256", "sha256"),
        Suite(0xC09C, "TLS_RSA_WITH_AES_128_CCM", "RSA", "AES-CCM", 16, None, "sha256"),
        Suite(0xC0AF, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8", "ECDHE_ECDSA", "AES-CCM-8", 32, None, "sha256"),
        Suite(0xCCAB, "TLS_PSK_WITH_CHACHA20_POLY1305_SHA256", "PSK", "CHACHA20-POLY1305", 32, None, "sha256"),
        Suite(0x0002, "TLS_RSA_WITH_NULL_SHA", "RSA", "NULL", 0, "sha1", "sha256"),
        Suite(0x0005, "TLS_RSA_WITH_RC4_128_SHA", "RSA"),
        Suite(0xC07B, "TLS_RSA_WITH_CAMELLIA_256_GCM_SHA384", "RSA"),
    ],
)
def test_the_name_says_it(expected):
    assert suite(expected.code) == expected


def test_an_unknown_number_shows_itself():
    assert suite_name(0x9999) == "0x9999"
    assert suite(0x9999).cipher == ""


def test_every_name_can_be_read():
    for code, name in SUITE_NAMES.items():
        found = suite(code)
        assert found.name == name
        protected = any(part in name for part in ("_AES_", "CHACHA20", "_NULL_")) and not name.endswith("_NULL_NULL")
        assert bool(found.cipher) == protected
        assert found.tls13 == ("_WITH_" not in name)
