"""Names and addresses of hosts, in whatever shape they come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.proxy.host import NotAHostError, Target, dns_name, is_loopback, literal, plain_address, shown


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("prosody.test", "prosody.test"),
        ("Prosody.Test.", "prosody.test"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("_xmpp-client._tcp.a.test", "_xmpp-client._tcp.a.test"),
        ("a" * 63, "a" * 63),
        (".".join(["a" * 49] * 5), ".".join(["a" * 49] * 5)),
    ],
)
def test_dns_names(text: str, name: str) -> None:
    assert dns_name(text) == name


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        (".", "is empty"),
        ("a..b", "has an empty label"),
        (".a", "has an empty label"),
        ("a.b..", "has an empty label"),
        ("a" * 64, "has a label of more than 63 bytes"),
        ("ü" * 63, "has a label of more than 63 bytes"),
        ("ü" * 300, "has a label of more than 63 bytes"),
        (".".join(["a" * 60] * 5), "has more than 253 bytes"),
        ("a." * 600, "has more than 1023 characters"),
        ("a b.test", "has characters that no host name has"),
        ("a\x1b[2J.test", "has characters that no host name has"),
        ("a\\.test", "has characters that no host name has"),
        ("a/b", "has characters that no host name has"),
        ("300.1.2.3", "is neither a name nor an IPv4 address"),
        ("prosody.5222", "is neither a name nor an IPv4 address"),
    ],
)
def test_what_is_no_dns_name(text: str, reason: str) -> None:
    with pytest.raises(NotAHostError) as raised:
        dns_name(text)
    assert str(raised.value) == reason


@given(st.text(max_size=400))
def test_any_text_is_a_name_or_is_not(text: str) -> None:
    literal(text)
    is_loopback(text)
    try:
        name = dns_name(text)
    except NotAHostError:
        return
    assert name.isascii()
    assert len(name) <= 253
    assert all(0 < len(label) <= 63 for label in name.split("."))
    assert dns_name(name) == name


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("fe80::1%et\0h0", None),
        ("fe80::1%\x1b[2J", None),
        ("127.1", None),
        ("localhost", None),
        ("", None),
    ],
)
def test_literals(text: str, address: str | None) -> None:
    found = literal(text)
    assert (None if found is None else str(found)) == address


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.1", False),
        ("::ffff:192.0.2.1", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_an_ipv4_address_in_ipv6_is_an_ipv4_address() -> None:
    assert [str(plain_address(text)) for text in ("::ffff:192.0.2.1", "192.0.2.1", "::1", "a.test")] == [
        "192.0.2.1",
        "192.0.2.1",
        "::1",
        "None",
    ]


def test_shown() -> None:
    assert [shown("::1", 5222), shown("a.test", 1), str(Target("fe80::1%eth0", 5))] == [
        "[::1]:5222",
        "a.test:1",
        "[fe80::1%eth0]:5",
    ]
