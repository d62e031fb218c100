"""The filter for TCP ports, run by an interpreter of our own over packets of every kind that it must tell apart."""

from struct import unpack, unpack_from

import pytest

from xmppscope.sources.port_filter import MOST_PORTS, program

NETWORK, ETHERTYPE = 0xFFF00000, 0xFFFFF000
ALL = 0xFFFFFFFF


def keeps(code: bytes, ethertype: int, packet: bytes) -> bool:
    """Run a program over what begins with the network header, as the kernel would."""
    accumulator = index = at = 0
    while True:
        operation, true, false, value = unpack_from("=HBBI", code, at * 8)
        at += 1
        if operation == 0x28 and value == ETHERTYPE:
            accumulator = ethertype
        elif operation in {0x30, 0x28, 0x48, 0xB1}:
            start = value - NETWORK + (index if operation == 0x48 else 0)
            size = 2 if operation in {0x28, 0x48} else 1
            if start + size > len(packet):
                return False
            loaded = int.from_bytes(packet[start : start + size], "big")
            if operation == 0xB1:
                index = 4 * (loaded & 15)
            else:
                accumulator = loaded
        elif operation in {0x15, 0x45}:
            held = accumulator == value if operation == 0x15 else bool(accumulator & value)
            at += true if held else false
        else:
            assert operation == 0x06
            return bool(value)


def ipv4(protocol: int = 6, source: int = 40000, to: int = 5222, options: int = 0, offset: int = 0) -> bytes:
    head = bytes([0x45 + options, 0, 0, 60, 0, 0, offset >> 8, offset & 255, 64, protocol]) + bytes(10 + 4 * options)
    return head + source.to_bytes(2, "big") + to.to_bytes(2, "big") + bytes(16)


def ipv6(following: int = 6, source: int = 40000, to: int = 5222) -> bytes:
    return bytes([0x60, 0, 0, 0, 0, 20, following, 64]) + bytes(32) + source.to_bytes(2, "big") + to.to_bytes(2, "big")


@pytest.mark.parametrize(
    ("ethertype", "packet", "kept"),
    [
        (0x0800, ipv4(), True),
        (0x0800, ipv4(source=5222, to=40000), True),
        (0x0800, ipv4(to=5269), True),
        (0x0800, ipv4(to=5223), False),
        (0x0800, ipv4(options=3), True),
        (0x0800, ipv4(options=3, to=80), False),
        (0x0800, ipv4(protocol=17), False),
        (0x0800, ipv4(protocol=47), True),
        (0x0800, ipv4(to=80, offset=185), True),
        (0x0800, ipv4(to=80, offset=0x2000), False),
        (0x0800, ipv4(to=80, offset=0x4000), False),
        (0x0800, ipv4()[:20], False),
        (0x86DD, ipv6(), True),
        (0x86DD, ipv6(source=5269, to=1), True),
        (0x86DD, ipv6(to=80), False),
        (0x86DD, ipv6(following=17), False),
        (0x86DD, ipv6(following=44), True),
        (0x86DD, ipv6(following=58), False),
        (0x0806, ipv4(), False),
        (0x8100, ipv4(to=80), True),
        (0x8864, ipv4(to=80), True),
    ],
)
def test_what_is_kept(ethertype: int, packet: bytes, kept: bool) -> None:
    assert keeps(program((5222, 5269)), ethertype, packet) is kept


def test_the_most_ports_still_fit() -> None:
    ports = tuple(range(1, MOST_PORTS + 1))
    code = program(ports)
    assert len(code) // 8 < 256
    assert all(keeps(code, 0x0800, ipv4(to=port)) and keeps(code, 0x86DD, ipv6(source=port)) for port in ports)
    assert not keeps(code, 0x0800, ipv4(to=MOST_PORTS + 1))
    assert unpack("=HBBI", code[-8:]) == (6, 0, 0, ALL)
