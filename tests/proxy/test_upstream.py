"""The values of --upstream, --listen and --resolver: taken, or refused in one line that says what to do."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.model.errors import XmppscopeError
from xmppscope.model.timeline import ConnectionKind
from xmppscope.proxy.host import Target
from xmppscope.proxy.upstream import Mode, Upstream, parse_listen, parse_nameserver, parse_upstream

FORM = "write HOST:PORT, or starttls:, tls: or plain: and then HOST:PORT"


@pytest.mark.parametrize(
    ("text", "upstream"),
    [
        ("prosody.test", Upstream("same", "prosody.test", None)),
        ("prosody.test:5222", Upstream("same", "prosody.test", 5222)),
        ("tls:prosody.test", Upstream("tls", "prosody.test", None)),
        ("tls:prosody.test:443", Upstream("tls", "prosody.test", 443)),
        ("STARTTLS:prosody", Upstream("starttls", "prosody", None)),
        ("plain:127.0.0.1:5222", Upstream("plain", "127.0.0.1", 5222)),
        ("[::1]", Upstream("same", "::1", None)),
        ("[::1]:5222", Upstream("same", "::1", 5222)),
        ("tls:[2001:DB8::1]:5223", Upstream("tls", "2001:db8::1", 5223)),
        ("[fe80::1%eth0]:1", Upstream("same", "fe80::1%eth0", 1)),
        ("bücher.example:65535", Upstream("same", "bücher.example", 65535)),
        ("tls", Upstream("same", "tls", None)),
    ],
)
def test_upstream(text: str, upstream: Upstream) -> None:
    assert parse_upstream(text) == upstream


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f'"": no host; {FORM}'),
        ("tls:", f"tls:: no host; {FORM}"),
        (":5222", f":5222: no host; {FORM}"),
        ("prosody:", f"prosody:: no port behind the colon; {FORM}"),
        ("prosody:0", f'prosody:0: "0" is not a port (1 to 65535); {FORM}'),
        ("prosody:65536", f'prosody:65536: "65536" is not a port (1 to 65535); {FORM}'),
        ("prosody:xmpp", f'prosody:xmpp: "xmpp" is not a port (1 to 65535); {FORM}'),
        ("prosody:٥", f'prosody:٥: "٥" is not a port (1 to 65535); {FORM}'),
        ("https:prosody", f'https:prosody: "prosody" is not a port (1 to 65535); {FORM}'),
        ("https:prosody:443", f'https:prosody:443: "https:" is none of starttls:, tls:, plain:; {FORM}'),
        ("startls:h:1", 'startls:h:1: "startls:" is none of starttls:, tls:, plain:; did you mean starttls:h:1?'),
        ("xmpp://prosody", f"xmpp://prosody: a URL is not an address; {FORM}"),
        ("tls://prosody:5223", f"tls://prosody:5223: a URL is not an address; {FORM}"),
        ("5222", f"5222: a port without a host; {FORM}"),
        ("tls:5223", f"tls:5223: a port without a host; {FORM}"),
        ("alice@prosody:5222", f"alice@prosody:5222: a JID is not a host; {FORM}"),
        (" prosody", f" prosody: white space or an invisible character in it; {FORM}"),
        ("prosody :5222", f"prosody :5222: white space or an invisible character in it; {FORM}"),
        ("pro\x1b[2Jsody", f"pro\\x1b[2Jsody: white space or an invisible character in it; {FORM}"),
        ("::1", "::1: an IPv6 address needs brackets; write [::1]:PORT"),
        ("tls:2001:db8::1", "tls:2001:db8::1: an IPv6 address needs brackets; write [2001:db8::1]:PORT"),
        ("[::1", "[::1: not an IPv6 address in brackets; write [::1]:5222"),
        ("[prosody]:5222", "[prosody]:5222: not an IPv6 address in brackets; write [::1]:5222"),
        ("[::1]5222", "[::1]5222: not an IPv6 address in brackets; write [::1]:5222"),
        ("[::1]:", f"[::1]:: no port behind the colon; {FORM}"),
        ("pro/sody", f"pro/sody: the host has characters that no host name has; {FORM}"),
        ("10.0.0.256", f"10.0.0.256: the host is neither a name nor an IPv4 address; {FORM}"),
        ("a..b:5222", f"a..b:5222: the host has an empty label; {FORM}"),
        ("x" * 100, f"{'x' * 80}…: the host has a label of more than 63 bytes; {FORM}"),
    ],
)
def test_what_is_no_upstream(text: str, message: str) -> None:
    with pytest.raises(XmppscopeError) as raised:
        parse_upstream(text)
    assert str(raised.value) == f"--upstream {message}"


@pytest.mark.parametrize(
    ("mode", "kind", "direct_tls", "port"),
    [
        ("same", "c2s", False, 5222),
        ("same", "c2s", True, 5223),
        ("same", "s2s", False, 5269),
        ("same", "s2s", True, 5270),
        ("same", "unknown", False, 5222),
        ("same", "component", False, 5347),
        ("tls", "c2s", False, 5223),
        ("tls", "s2s", False, 5270),
        ("starttls", "c2s", True, 5222),
        ("plain", "c2s", True, 5222),
        ("plain", "s2s", True, 5269),
    ],
)
def test_the_usual_port(mode: Mode, kind: ConnectionKind, direct_tls: bool, port: int) -> None:
    assert Upstream(mode, "a.test", None).port_for(kind, direct_tls=direct_tls) == port
    assert Upstream(mode, "a.test", 7).target(kind, direct_tls=direct_tls) == Target("a.test", 7)


@pytest.mark.parametrize(
    ("text", "listen"),
    [
        ("127.0.0.1:5322", ("127.0.0.1", 5322)),
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("[::1]:5322", ("::1", 5322)),
        ("[::]:5322", ("::", 5322)),
        ("localhost:5322", ("localhost", 5322)),
        (":5322", ("127.0.0.1", 5322)),
        (":0", ("127.0.0.1", 0)),
        ("5322", ("127.0.0.1", 5322)),
    ],
)
def test_listen(text: str, listen: tuple[str, int]) -> None:
    assert parse_listen(text) == listen


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", '"": no port; write HOST:PORT, for instance 127.0.0.1:5322'),
        ("127.0.0.1", "127.0.0.1: no port; write 127.0.0.1:5322, or :0 for any free port"),
        ("127.0.0.1:", "127.0.0.1:: no port behind the colon; write HOST:PORT, for instance 127.0.0.1:5322"),
        ("65536", '65536: "65536" is not a port (0 to 65535); write HOST:PORT, for instance 127.0.0.1:5322'),
        ("*:5322", "*:5322: * is not an address; write 0.0.0.0 for all of IPv4, [::] for all of IPv6"),
        ("::1", "::1: an IPv6 address needs brackets; write [::1]:PORT"),
        ("tls:a.test:1", 'tls:a.test:1: "a.test:1" is not a port (0 to 65535); '
         "write HOST:PORT, for instance 127.0.0.1:5322"),
    ],
)  # fmt: skip
def test_what_is_no_listener(text: str, message: str) -> None:
    with pytest.raises(XmppscopeError) as raised:
        parse_listen(text)
    assert str(raised.value) == f"--listen {message}"


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("127.0.0.1:5353", ("127.0.0.1", 5353)),
        ("192.0.2.53", ("192.0.2.53", 53)),
        ("[::1]", ("::1", 53)),
        ("[::1]:5353", ("::1", 5353)),
        ("localhost:5353", ("127.0.0.1", 5353)),
    ],
)
def test_nameserver(text: str, server: tuple[str, int]) -> None:
    assert parse_nameserver(text) == server


def test_a_nameserver_by_name() -> None:
    with pytest.raises(XmppscopeError) as raised:
        parse_nameserver("dns.test:53")
    words = "--resolver dns.test:53: a name cannot be looked up before there is a DNS server; give its address"
    assert str(raised.value) == words


@given(st.text(max_size=60) | st.from_regex(r"(tls:|starttls:|plain:|x:)?\[?[a-z0-9.:%]*\]?(:[0-9]*)?", fullmatch=True))
def test_any_text_is_taken_or_refused_in_one_line(text: str) -> None:
    for parse in (parse_upstream, parse_listen, parse_nameserver):
        error = refusal(parse, text)
        assert len(error) < 400
        assert not re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e]", error)


def refusal(parse: Callable[[str], object], text: str) -> str:
    try:
        parse(text)
    except XmppscopeError as error:
        return str(error)
    return ""
