"""What is said about logins that fail because of the proxy: each cause before and after, why, and the ways out.

The ways out come in the order in which they change least. None of the words holds anything that was on the wire, apart
from the name of a mechanism and the TLS versions.
"""

from typing import Final, NamedTuple


class Notice(NamedTuple):
    """Something to tell the user: in one line, why that is so in sentences, and what to do."""

    text: str
    why: str
    advice: str


class Cause(NamedTuple):
    """Why a login fails: what is said in advance and, in one line, once it has happened."""

    predicted: Notice
    failed: str

    def afterwards(self) -> Notice:
        """Return what is said once the login has failed."""
        return Notice(self.failed, self.predicted.why, self.predicted.advice)


_CAPTURE: Final = (
    "capture the traffic and let the client write a key log, for xmppscope read --keylog: that changes nothing"
)
_PLAIN_CLIENT: Final = "or let the client speak to the proxy without TLS, with --keep-channel-binding"
_OWN_CERTIFICATE: Final = (
    "or give the proxy the server's own certificate, with --keep-channel-binding, --server-cert and --server-key "
    "(serves tls-server-end-point alone)"
)
_SERVER: Final = "or switch channel binding off on a server for testing"


def _ways(*ways: str) -> str:
    return "; ".join(ways)


FLAG_Y: Final = Cause(
    Notice(
        "this login will probably be refused: flag y, and the proxy took -PLUS out",
        "The client can bind the login to its TLS connection, but was offered no way to, and says so (gs2 flag y). The "
        "server does offer one: the proxy took it out of the features, since a channel binding cannot pass through it. "
        "A server that supports channel binding must refuse flag y, as a sign of somebody in between (RFC 5802 §6).",
        _ways(_CAPTURE, _PLAIN_CLIENT, _OWN_CERTIFICATE, _SERVER),
    ),
    "login failed because the proxy took -PLUS out: flag y",
)

PERHAPS_THE_PASSWORD: Final = Notice(
    "login failed: a wrong password, or flag y, since the proxy took -PLUS out",
    "The server went on behind the client's flag y, so it probably lets it pass, and the password is wrong. If not, it "
    "is the proxy: the client can bind the login to its TLS connection, but was offered no way to, since a channel "
    "binding cannot pass through here, and says so (RFC 5802 §6).",
    _ways("check the password", _CAPTURE),
)

NOTHING_LEFT: Final = Notice(
    "no mechanism is left: the server offers only such as bind the channel",
    "Every mechanism of a list binds the login to the TLS connection. None of them can pass through the proxy, which "
    "took them out: with that list the client cannot log in.",
    _ways(_CAPTURE, _OWN_CERTIFICATE, "or offer mechanisms without -PLUS too on a server for testing"),
)

LIST_CHANGED: Final = Cause(
    Notice(
        "a client that verifies what was offered will give up: the proxy took channel binding out",
        "The server's first message holds a hash of the mechanisms and channel-binding types that it offered "
        "(XEP-0474). The proxy took some of them out: a client that verifies the hash finds another list and must give "
        "up.",
        _ways(_CAPTURE, _PLAIN_CLIENT, _OWN_CERTIFICATE, "or switch downgrade protection off on a server for testing"),
    ),
    "the client gave up, as one must that verifies what was offered: the proxy took channel binding out",
)


def versions_differ(client: str, server: str) -> Cause:
    """Return the cause where the client compares TLS versions, and those of the legs are these two."""
    return Cause(
        Notice(
            f"a client that compares TLS versions will give up: {client} on its leg, {server} on the server's",
            "The server's first message tells the TLS version of its connection, the one with the proxy (XEP-0515). "
            "The client's connection has another version: a client that compares them must give up.",
            _ways(_CAPTURE, "or allow one TLS version alone, the same in the client and on the server"),
        ),
        f"the client gave up, as one must that compares TLS versions: {client} on its leg, {server} on the server's",
    )


def unbindable(mechanism: str, binding: str, *, own_certificate_helps: bool, kept: bool) -> Cause:
    """Return the cause where the client uses *mechanism* with the *binding* type, empty where that is not known.

    *kept* says that the proxy left channel binding in the features.
    """
    what = binding or "the channel binding"
    ways = [_CAPTURE, *(["or leave out --keep-channel-binding, for a client that can do without"] if kept else [])]
    return Cause(
        Notice(
            f"this login will probably be refused: {what} is not the same on both legs",
            f"With {mechanism} the client binds the login to its TLS connection. That one ends at the proxy, which has "
            "another with the server, so the server finds a value that does not fit and must refuse.",
            _ways(*ways, *([_OWN_CERTIFICATE] if own_certificate_helps else []), _SERVER),
        ),
        f"login failed because the proxy stands between: {what} is not the same on both legs",
    )
