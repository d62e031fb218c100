"""Own listeners are recognised under all their addresses, and nothing else is."""

import pytest

from xmppscope.proxy import itself as subject
from xmppscope.proxy.itself import itself


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine has the addresses 192.0.2.7 and 2001:db8::7, beside loopback."""
    bindable = {"192.0.2.7", "2001:db8::7"}

    class Probe:
        def __init__(self, family: int, kind: int) -> None:
            pass

        def __enter__(self) -> "Probe":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def bind(self, address: tuple[str, int]) -> None:
            if address[0] not in bindable:
                raise OSError

    monkeypatch.setattr(subject.socket, "socket", Probe)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("listening", "ip", "port", "expected"),
    [
        (("127.0.0.1", 5322), "127.0.0.1", 5322, True),
        (("127.0.0.1", 5322), "127.0.0.1", 5222, False),
        (("127.0.0.1", 5322), "127.0.0.2", 5322, False),
        (("127.0.0.1", 5322), "::1", 5322, False),
        (("127.0.0.1", 5322), "0.0.0.0", 5322, True),
        (("127.0.0.1", 5322), "::ffff:127.0.0.1", 5322, True),
        (("::1", 5322), "0:0:0:0:0:0:0:1", 5322, True),
        (("::1", 5322), "::", 5322, True),
        (("192.0.2.7", 5322), "192.0.2.7", 5322, True),
        (("192.0.2.7", 5322), "192.0.2.8", 5322, False),
        (("0.0.0.0", 5322), "127.0.0.1", 5322, True),
        (("0.0.0.0", 5322), "127.0.0.9", 5322, True),
        (("0.0.0.0", 5322), "192.0.2.7", 5322, True),
        (("0.0.0.0", 5322), "192.0.2.7", 5222, False),
        (("0.0.0.0", 5322), "192.0.2.8", 5322, False),
        (("0.0.0.0", 5322), "::1", 5322, False),
        (("::", 5322), "::1", 5322, True),
        (("::", 5322), "2001:db8::7", 5322, True),
        (("::", 5322), "2001:db8::8", 5322, False),
        (("::", 5322), "127.0.0.1", 5322, False),
        (("::", 5322), "no address", 5322, False),
    ],
)
def test_one_listener(listening: tuple[str, int], ip: str, port: int, expected: bool) -> None:
    assert itself([listening])(ip, port) is expected


def test_several_listeners() -> None:
    avoid = itself([("127.0.0.1", 1), ("::1", 2)])
    assert [avoid("127.0.0.1", 1), avoid("127.0.0.1", 2), avoid("::1", 1), avoid("::1", 2)] == [
        True,
        False,
        False,
        True,
    ]


def test_this_machine_is_asked() -> None:
    avoid = itself([("0.0.0.0", 5322)])
    assert avoid("127.0.0.1", 5322)
    assert not avoid("192.0.2.1", 5322)  # RFC 5737: nobody has this one
