import base64
import re

import pytest

from xmppscope.demo.scram import ClientExchange, ScramError, ServerExchange, derive

# RFC 5802 §5 and RFC 7677 §3: the messages of a whole exchange.
VECTORS = {
    "sha1": (
        "fyko+d2lbbFgONRv9qkxdawL",
        "3rfcNHYJY1ZVvWVs7j",
        "QSXCR+Q6sek8bf92",
        "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        "rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    ),
    "sha256": (
        "rOprNGfwEbeRWgbNEkqO",
        "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
        "W22ZaJ0SNY7soEsUEjb6gQ==",
        "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ),
}
KEYS = derive("pencil", b"salt of a demo", 4096, "sha256")
BINDINGS = {"tls-server-end-point": b"the hash of the certificate"}


def server(**options) -> ServerExchange:
    return ServerExchange("sha256", lambda _username: KEYS, nonce="server", **options)


def client(password: str = "pencil", username: str = "user") -> ClientExchange:
    return ClientExchange(username, password, "sha256", nonce="client")


@pytest.mark.parametrize("hash_name", VECTORS)
def test_the_messages_are_those_of_the_specification(hash_name: str) -> None:
    nonce, server_nonce, salt, proof, signature = VECTORS[hash_name]
    keys = derive("pencil", base64.b64decode(salt), 4096, hash_name)
    ours = ClientExchange("user", "pencil", hash_name, nonce=nonce)
    theirs = ServerExchange(hash_name, {"user": keys}.__getitem__, nonce=server_nonce)
    first = ours.first()
    challenge = theirs.first(first)
    response = ours.final(challenge)
    final = theirs.final(response)
    ours.verify(final)
    assert first == f"n,,n=user,r={nonce}"
    assert challenge == f"r={nonce}{server_nonce},s={salt},i=4096"
    assert response == f"c=biws,r={nonce}{server_nonce},p={proof}"
    assert final == f"v={signature}"
    assert (theirs.username, theirs.authzid) == ("user", "")


def outcome(exchange: ServerExchange, ours: ClientExchange, change=lambda final: final, first=None) -> str:
    """The error value of an exchange whose messages were changed on the way, or the final message."""
    try:
        return exchange.final(change(ours.final(exchange.first(ours.first() if first is None else first))))
    except ScramError as error:
        return error.value


@pytest.mark.parametrize(
    ("change", "value"),
    [
        (lambda final: final, "v="),
        (
            lambda final: re.sub(r"p=.", lambda found: "p=" + ("A" if found[0] != "p=A" else "B"), final),
            "invalid-proof",
        ),
        (lambda final: re.sub(r"p=.*", "p=" + base64.b64encode(b"short").decode(), final), "invalid-proof"),
        (lambda final: final.replace("clientserver", "clientother"), "other-error"),
        (lambda final: final.replace("c=biws", "c=eSws"), "channel-bindings-dont-match"),
        (lambda final: final.replace("p=", "q="), "invalid-encoding"),
        (lambda final: "", "invalid-encoding"),
    ],
)
def test_a_response_that_was_tampered_with_is_refused(change, value: str) -> None:
    assert outcome(server(), client(), change).startswith(value)


def test_a_wrong_password_is_refused() -> None:
    assert outcome(server(), client("pen")) == "invalid-proof"


@pytest.mark.parametrize(
    ("first", "options", "value"),
    [
        # RFC 5802 §6: "y" is right only where the server offers no channel binding.
        ("y,,n=user,r=client", {"binding": BINDINGS}, "server-does-support-channel-binding"),
        ("y,,n=user,r=client", {}, "channel-bindings-dont-match"),
        ("p=tls-unique,,n=user,r=client", {"binding": BINDINGS, "plus": True}, "unsupported-channel-binding-type"),
        ("p=tls-server-end-point,,n=user,r=client", {"binding": BINDINGS}, "other-error"),
        ("n,,n=user,r=client", {"binding": BINDINGS, "plus": True}, "other-error"),
        ("n,,m=needed,n=user,r=client", {}, "invalid-encoding"),
        ("n,,n=us=er,r=client", {}, "invalid-username-encoding"),
        ("n,,n=us\u0007er,r=client", {}, "invalid-username-encoding"),
        ("n,,r=client,n=user", {}, "invalid-encoding"),
        ("", {}, "invalid-encoding"),
    ],
)
def test_a_first_message_that_cannot_be_right_is_refused(first: str, options, value: str) -> None:
    assert outcome(server(**options), client(), first=first) == value


def test_channel_binding_covers_the_data_of_the_connection() -> None:
    def final(data: bytes) -> str:
        exchange = server(binding=BINDINGS, plus=True)
        exchange.first("p=tls-server-end-point,,n=user,r=client")
        bound = base64.b64encode(b"p=tls-server-end-point,," + data).decode()
        with pytest.raises(ScramError) as caught:
            exchange.final(f"c={bound},r=clientserver,p=AAAA")
        return caught.value.value

    assert final(b"another certificate's") == "channel-bindings-dont-match"
    assert final(BINDINGS["tls-server-end-point"]) == "invalid-proof"


def test_names_with_commas_and_equals_signs_arrive_whole() -> None:
    exchange = server()
    assert outcome(exchange, client(username="a,b=c")).startswith("v=")
    assert exchange.username == "a,b=c"


def test_an_authorization_identity_is_kept() -> None:
    exchange = server()
    exchange.first("n,a=nurse@verona.example,n=user,r=client")
    assert exchange.authzid == "nurse@verona.example"


@pytest.mark.parametrize(
    ("challenge", "words"),
    [
        ("r=client,s=AAAA,i=4096", "does not continue"),
        ("r=other,s=AAAA,i=4096", "does not continue"),
        ("r=clientserver,s=AAAA,i=1000", "not reasonable"),
        ("r=clientserver,s=AAAA,i=100000000", "not reasonable"),
        ("r=clientserver,s=A,i=4096", "not base64"),
        ("e=other-error", "cannot be read"),
    ],
)
def test_a_client_refuses_a_challenge_that_cannot_be_right(challenge: str, words: str) -> None:
    ours = client()
    ours.first()
    with pytest.raises(ScramError, match=words):
        ours.final(challenge)


def test_a_server_that_does_not_know_the_password_is_found_out() -> None:
    ours = client()
    ours.final(server().first(ours.first()))
    with pytest.raises(ScramError, match="does not know the password"):
        ours.verify("v=" + base64.b64encode(bytes(32)).decode())
