"""Key schedules against published vectors and against scapy."""

import hashlib
import os

import pytest
from scapy.layers.tls.crypto.prf import PRF

from xmppscope.tls.openers import Tls13Opener
from xmppscope.tls.schedule12 import extended_master_secret, key_block, master_secret, prf
from xmppscope.tls.schedule13 import next_secret, record_keys
from xmppscope.tls.suites import suite

AES_128_GCM = suite(0x1301)

# RFC 8448 §3: traffic secret, write key, write IV.
SECRETS = [
    (
        "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21",
        "dbfaa693d1762c5b666af5d950258d01",
        "5bd3c71b836e0b76bb73265f",
    ),
    (
        "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38",
        "3fce516009c21727d0f2e4e86ee403bc",
        "5d313eb2671276ee13000b30",
    ),
    (
        "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643",
        "9f02283b6c9c07efc26bb9f2ac92e356",
        "cf782b88dd83549aadf1e984",
    ),
    (
        "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5",
        "17422dda596ed5d9acd890e3c63f5051",
        "5b78923dee08579033e523d9",
    ),
]

# RFC 8448 §3: the client's application data.
RECORD = bytes.fromhex(
    "1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b62974e1f5a6292a2"
    "977014bd1e3deae63aeebb21694915e4"
)


@pytest.mark.parametrize(("secret", "key", "iv"), SECRETS)
def test_tls13_record_keys(secret, key, iv):
    assert record_keys(AES_128_GCM, bytes.fromhex(secret)) == (bytes.fromhex(key), bytes.fromhex(iv))


def test_tls13_record():
    opener = Tls13Opener(AES_128_GCM, *record_keys(AES_128_GCM, bytes.fromhex(SECRETS[3][0])))
    assert opener.open(RECORD[:5], RECORD[5:], 0) == (23, bytes(range(50)))
    assert opener.open(RECORD[:5], RECORD[5:], 1) is None
    assert opener.open(RECORD[:5], b"", 0) is None


@pytest.mark.parametrize("code", [0x1301, 0x1302])
def test_tls13_next_secret(code, made):
    sealer = made(code).client
    assert next_secret(suite(code), sealer.secret) == sealer.next().secret


def test_tls12_prf_with_sha256():
    secret, seed = "9bbe436ba940f017b17652849a71db35", "a0ba9f936cda311827a6f796ffd5198c"
    expected = (
        "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17"
        "abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66"
    )
    assert prf(0x0303, "sha256", bytes.fromhex(secret), b"test label", bytes.fromhex(seed), 100).hex() == expected


def test_tls12_prf_with_sha384():
    secret, seed = "b80b733d6ceefcdc71566ea48e5567df", "cd665cf6a8447dd6ff8b27555edb7465"
    expected = (
        "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0e534cb400fed2700"
        "884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d9184259b5bf8cd4d90fa0d31e2dec479e4f1a2"
        "6066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e0990703d73e56f"
    )
    assert prf(0x0303, "sha384", bytes.fromhex(secret), b"test label", bytes.fromhex(seed), 148).hex() == expected


@pytest.mark.parametrize("size", [1, 47, 48, 49])
@pytest.mark.parametrize("version", [0x0301, 0x0302])
def test_tls10_prf_against_scapy(version, size):
    secret, seed = os.urandom(size), os.urandom(64)
    expected = PRF(tls_version=version).prf(secret, b"label", seed, 104)
    assert prf(version, "sha256", secret, b"label", seed, 104) == expected


@pytest.mark.parametrize(("version", "code"), [(0x0301, 0x002F), (0x0303, 0xC028), (0x0303, 0xC02F), (0x0303, 0xCCA8)])
def test_master_secret_and_key_block_against_scapy(version, code):
    chosen = suite(code)
    oracle = PRF(hash_name=chosen.prf, tls_version=version)
    premaster, client, server, transcript = os.urandom(48), os.urandom(32), os.urandom(32), os.urandom(500)
    master = master_secret(version, chosen.prf, premaster, client, server)
    assert master == oracle.compute_master_secret(premaster, client, server)
    extended = extended_master_secret(version, chosen.prf, premaster, transcript)
    names = (chosen.prf,) if version == 0x0303 else ("md5", "sha1")
    session_hash = b"".join(hashlib.new(name, transcript).digest() for name in names)
    assert extended == oracle.compute_master_secret(premaster, client, server, True, session_hash)
    sides = key_block(version, chosen, master, client, server)
    order = [part for name in ("mac", "key", "iv") for part in (getattr(sides[0], name), getattr(sides[1], name))]
    block = b"".join(order)
    assert block == oracle.derive_key_block(master, server, client, len(block))
