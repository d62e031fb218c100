"""The original destination of redirected connections: from the kernel itself, and from sockets that answer like it."""

import errno
import shutil
import socket
import struct
import subprocess
import sys

import pytest

from xmppscope.proxy import transparent as subject
from xmppscope.proxy.transparent import original_destination

SOL_IP, SOL_IPV6, ORIGINAL_DST = 0, 41, 80

NFT = """
table ip to { chain out { type nat hook output priority -100; tcp dport 5222 redirect to :5300; }; }
table ip6 to { chain out { type nat hook output priority -100; tcp dport 5222 redirect to :5300; }; }
"""

INSIDE = """
import asyncio, socket
from xmppscope.proxy.transparent import original_destination

def accepted(family, own, dialled):
    with socket.create_server(own, family=family, dualstack_ipv6=own[0] == "::") as listener:
        with socket.create_connection(dialled), listener.accept()[0] as connection:
            print(original_destination(connection))

accepted(socket.AF_INET, ("127.0.0.1", 5300), ("127.0.0.1", 5222))
accepted(socket.AF_INET, ("127.0.0.1", 5300), ("192.0.2.1", 5222))
accepted(socket.AF_INET, ("127.0.0.1", 5300), ("127.0.0.1", 5300))
accepted(socket.AF_INET6, ("::1", 5300), ("::1", 5222))
accepted(socket.AF_INET6, ("::1", 5300), ("2001:db8::1", 5222))
accepted(socket.AF_INET6, ("::1", 5300), ("::1", 5300))
accepted(socket.AF_INET6, ("::", 5300), ("192.0.2.1", 5222))

async def with_asyncio():
    def connected(reader, writer):
        done.set_result(original_destination(writer.get_extra_info("socket")))
        writer.close()
    done = asyncio.get_running_loop().create_future()
    async with await asyncio.start_server(connected, "127.0.0.1", 5300):
        _, writer = await asyncio.open_connection("192.0.2.1", 5222)
        print(await done)
        writer.close()

asyncio.run(with_asyncio())
"""

EXPECTED = """
('127.0.0.1', 5222)
('192.0.2.1', 5222)
None
('::1', 5222)
('2001:db8::1', 5222)
None
('192.0.2.1', 5222)
('192.0.2.1', 5222)
"""


def inside(script: str, data: str = "") -> subprocess.CompletedProcess[str]:
    """Run a shell script in a network of its own, where this user is root."""
    command = ["unshare", "--map-root-user", "--net", "sh", "-ec", script, "sh", sys.executable, data]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def redirecting() -> str:
    """A script's beginning that sends what goes to port 5222, wherever, to port 5300 of this machine."""
    for program in ("unshare", "ip"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    network = "ip link set lo up; ip route add 192.0.2.0/24 dev lo; ip -6 route add 2001:db8::/32 dev lo; "
    if (tried := inside(network)).returncode:
        pytest.skip(f"no network of its own can be made here: {tried.stderr.strip()}")
    ways = {
        "nft": 'printf %s "$2" | nft -f -; ',
        "iptables": "for tables in iptables ip6tables; do "
        "$tables -t nat -A OUTPUT -p tcp --dport 5222 -j REDIRECT --to-ports 5300; done; ",
    }
    installed = [way for way in ways if shutil.which(way)]
    working = [way for way in installed if inside(network + ways[way], NFT).returncode == 0]
    if not working:
        pytest.skip(f"{' and '.join(installed)} cannot redirect here" if installed else "nft is not installed")
    return network + ways[working[0]]


@pytest.mark.real
def test_redirected_by_the_kernel(redirecting: str) -> None:
    done = inside(f"{redirecting} exec \"$1\" -c '{INSIDE}'", NFT)
    assert (done.stdout.strip(), done.stderr) == (EXPECTED.strip(), "")


class Connection:
    """An accepted connection whose kernel answers as it is told."""

    def __init__(self, own: tuple[object, ...], answer: bytes | int) -> None:
        self.own = own
        self.answer = answer
        self.asked: list[tuple[int, int, int]] = []

    def getsockname(self) -> tuple[object, ...]:
        return self.own

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        self.asked.append((level, option, size))
        if isinstance(self.answer, int):
            raise OSError(self.answer, "told so")
        return self.answer


def ipv4(ip: str, port: int) -> bytes:
    return struct.pack("=H", socket.AF_INET) + struct.pack("!H", port) + socket.inet_aton(ip) + bytes(8)


def ipv6(ip: str, port: int) -> bytes:
    family = struct.pack("=H", socket.AF_INET6)
    return family + struct.pack("!H", port) + bytes(4) + socket.inet_pton(socket.AF_INET6, ip) + bytes(4)


@pytest.mark.parametrize(
    ("own", "answer", "level", "meant"),
    [
        (("127.0.0.1", 5300), ipv4("192.0.2.1", 5222), SOL_IP, ("192.0.2.1", 5222)),
        (("127.0.0.1", 5300), ipv4("127.0.0.1", 5222), SOL_IP, ("127.0.0.1", 5222)),
        (("127.0.0.1", 5300), ipv4("127.0.0.1", 5300), SOL_IP, None),
        (("::ffff:127.0.0.1", 5300, 0, 0), ipv4("192.0.2.1", 5222), SOL_IP, ("192.0.2.1", 5222)),
        (("::ffff:127.0.0.1", 5300, 0, 0), ipv4("127.0.0.1", 5300), SOL_IP, None),
        (("::1", 5300, 0, 0), ipv6("2001:db8::1", 5222), SOL_IPV6, ("2001:db8::1", 5222)),
        (("::1", 5300, 0, 0), ipv6("::1", 5300), SOL_IPV6, None),
        (("fe80::2%eth0", 5300, 0, 3), ipv6("fe80::1", 5222), SOL_IPV6, ("fe80::1%3", 5222)),
        (("127.0.0.1", 5300), errno.ENOENT, SOL_IP, None),
        (("127.0.0.1", 5300), errno.ENOPROTOOPT, SOL_IP, None),
        (("::1", 5300, 0, 0), errno.EOPNOTSUPP, SOL_IPV6, None),
    ],
)
def test_what_the_kernel_says(
    monkeypatch: pytest.MonkeyPatch,
    own: tuple[object, ...],
    answer: bytes | int,
    level: int,
    meant: tuple[str, int] | None,
) -> None:
    monkeypatch.setattr(subject.sys, "platform", "linux")
    connection = Connection(own, answer)
    assert original_destination(connection) == meant
    assert connection.asked == [(level, ORIGINAL_DST, 16 if level == SOL_IP else 28)]


def test_other_errors_are_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject.sys, "platform", "linux")
    with pytest.raises(OSError, match="told so"):
        original_destination(Connection(("127.0.0.1", 5300), errno.EBADF))


def test_other_systems_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject.sys, "platform", "darwin")
    connection = Connection(("127.0.0.1", 5300), ipv4("192.0.2.1", 5222))
    assert original_destination(connection) is None
    assert connection.asked == []


def test_a_plain_connection_was_meant_for_us() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as connection,
    ):
        assert original_destination(connection) is None
