"""SASL data decoded: who and how, never the secret; and which message of an exchange an element carries."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.model.element import Element
from xmppscope.model.namespaces import SASL, SASL2
from xmppscope.session import sasl_messages as sasl
from xmppscope.session.sasl_exchange import Message, SaslExchange


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b64("\0alice\0secret"), sasl.Plain("", "alice")),
        (b64("bob@x.test\0alice\0"), sasl.Plain("bob@x.test", "alice")),
        (b64("alice"), None),
        (b64("\0\0secret"), None),
        (b64(b"\0\xff\0x"), None),
        ("no base64!", None),
        ("=", None),
        ("", None),
    ],
)
def test_plain(data: str, message: sasl.Plain | None) -> None:
    assert sasl.plain(data) == message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b64("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"), sasl.ClientFirst("n", "", "user")),
        (b64("y,,n=alice,r=1"), sasl.ClientFirst("y", "", "alice")),
        (b64("p=tls-exporter,a=ad=2Cmin,n=a=3Db=2Cc,r=1"), sasl.ClientFirst("tls-exporter", "ad,min", "a=b,c")),
        (b64("n,,r=1,n=user"), None),
        (b64("c=biws,r=1,p=x"), None),
    ],
)
def test_scram_client_first(data: str, message: sasl.ClientFirst | None) -> None:
    assert sasl.client_first(data) == message


def test_the_other_scram_messages() -> None:
    assert sasl.server_first(b64("r=fyko,s=QSXCR+Q6sek8bf92,i=4096")) == sasl.ServerFirst(4096)
    assert sasl.server_first(b64("r=1,s=x,i=many")) is None
    assert sasl.server_first(b64("r=1,s=x,i=" + "9" * 5000)) is None
    assert sasl.is_client_final(b64("c=biws,r=1,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="))
    assert not sasl.is_client_final(b64("n,,n=user,r=1"))
    assert sasl.server_final(b64("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")) == sasl.ServerFinal("")
    assert sasl.server_final(b64("e=invalid-proof")) == sasl.ServerFinal("invalid-proof")
    assert sasl.server_final(b64("anything")) is None


def test_tokens_and_their_users() -> None:
    assert sasl.token_user(b64("alice\0" + "x" * 32)) == "alice"
    assert sasl.token_user(b64("\0alice\0token"), skip=b"\0") == "alice"
    assert sasl.token_user(b64("token\0more"), skip=b"\0") is None
    assert sasl.token_user(b64("token")) is None
    assert sasl.gs2_authzid(b64("n,a=alice@x.test,\x01auth=Bearer vF9dft4qmT\x01\x01")) == "alice@x.test"
    assert sasl.gs2_authzid(b64("user=alice\x01auth=Bearer vF9dft4qmT\x01\x01")) is None
    assert sasl.digest_username(b64('username="alice",realm="x.test",response=d388dad9')) == "alice"
    assert sasl.digest_username(b64("rspauth=ea40f6")) is None


@given(st.text() | st.binary().map(b64))
def test_what_does_not_decode_says_nothing(data: str) -> None:
    readers = (
        sasl.text, sasl.plain, sasl.client_first, sasl.server_first, sasl.server_final, sasl.gs2_authzid,
        sasl.token_user, sasl.digest_username,
    )  # fmt: skip
    told = [read(data) for read in readers]
    assert sasl.decoded(data) is not None or (told == [None] * len(readers) and not sasl.is_client_final(data))


def auth(mechanism: str, data: str) -> Element:
    return Element(f"{SASL}\nauth", {"mechanism": mechanism}, [], data)


def test_a_scram_exchange_is_followed() -> None:
    exchange = SaslExchange()
    assert exchange.begin(auth("SCRAM-SHA-256-PLUS", b64("n,,n=alice,r=1"))) is Message.CLIENT_FIRST
    assert (exchange.family, exchange.username) == ("SCRAM", "alice")
    assert exchange.server(b64("r=12,s=c2FsdA==,i=10000")) is Message.SERVER_FIRST
    assert exchange.client(b64("c=biws,r=12,p=cHJvb2Y=")) is Message.CLIENT_FINAL
    assert exchange.succeed(Element(f"{SASL}\nsuccess", {}, [], b64("v=c2ln"))) is Message.SERVER_FINAL
    assert exchange.username == "alice"


@pytest.mark.parametrize(
    ("mechanism", "data", "message", "username"),
    [
        ("PLAIN", b64("\0alice\0pw"), Message.PLAIN, "alice"),
        ("PLAIN", b64("alice:pw"), Message.OTHER, ""),
        ("PLAIN", "", Message.NONE, ""),
        ("EXTERNAL", b64("prosody.test"), Message.EXTERNAL, "prosody.test"),
        ("EXTERNAL", "=", Message.EXTERNAL, ""),
        ("ANONYMOUS", b64("trace"), Message.ANONYMOUS, ""),
        ("HT-SHA-256-NONE", b64(b"alice\0\xa5\x94\xce"), Message.TOKEN, "alice"),
        ("X-OAUTH2", b64("\0alice\0token"), Message.TOKEN, "alice"),
        ("OAUTHBEARER", b64("n,a=alice,\x01auth=Bearer x\x01\x01"), Message.TOKEN, "alice"),
        ("DIGEST-MD5", b64('username="alice"'), Message.OTHER, "alice"),
        ("X-UNHEARD-OF", b64("whatever"), Message.OTHER, ""),
    ],
)
def test_first_messages(mechanism: str, data: str, message: Message, username: str) -> None:
    exchange = SaslExchange()
    assert exchange.begin(auth(mechanism, data)) is message
    assert exchange.username == username


def test_a_missed_beginning_leaves_what_cannot_be_known_open() -> None:
    exchange = SaslExchange()
    assert exchange.server(b64("r=12,s=c2FsdA==,i=10000")) is Message.SERVER_FIRST
    assert exchange.client(b64("c=biws,r=12,p=cHJvb2Y=")) is Message.CLIENT_FINAL
    assert exchange.server(b64("v=c2ln")) is Message.OTHER


def test_sasl2_names_who_is_logged_in() -> None:
    exchange = SaslExchange()
    initial = Element(f"{SASL2}\ninitial-response", {}, [], b64("\0alice\0pw"))
    assert exchange.begin(Element(f"{SASL2}\nauthenticate", {"mechanism": "PLAIN"}, [initial])) is Message.PLAIN
    who = Element(f"{SASL2}\nauthorization-identifier", {}, [], "alice@x.test/r")
    assert exchange.succeed(Element(f"{SASL2}\nsuccess", {}, [who])) is Message.NONE
    assert exchange.username == "alice@x.test/r"
