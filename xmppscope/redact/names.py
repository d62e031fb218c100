"""Where secrets stand: the elements and attributes of RFC 6120 and the XEPs that hold or derive one.

Names are expanded (``namespace\\nlocal``). What is not listed is not masked: text is never searched for what looks like
a secret. Identifiers that open nothing by themselves stay readable (stream ids, resumption ids, user names, file URLs
without their query).
"""

from typing import Final

from xmppscope.model.element import SEPARATOR
from xmppscope.model.namespaces import (
    AUTH,
    CLIENT,
    COMPONENT_ACCEPT,
    COMPONENT_CONNECT,
    DIALBACK,
    FAST,
    REGISTER,
    SASL,
    SASL2,
)

_DATA: Final = "jabber:x:data"  # XEP-0004
_UPLOAD: Final = ("urn:xmpp:http:upload:0", "urn:xmpp:http:upload")  # XEP-0363 and its earlier version
_EXTERNAL_SERVICES: Final = ("urn:xmpp:extdisco:1", "urn:xmpp:extdisco:2")  # XEP-0215
_ISR: Final = ("https://xmpp.org/extensions/isr/0", "urn:xmpp:isr:0")  # XEP-0397 and its earlier version


def _names(ns: str, *locals_: str) -> list[str]:
    return [f"{ns}{SEPARATOR}{local}" for local in locals_]


MECHANISM: Final = frozenset([*_names(SASL, "auth"), *_names(SASL2, "authenticate")])
"""Elements that name the SASL mechanism of what follows."""

EXCHANGE: Final = frozenset(
    [
        *_names(SASL, "auth", "challenge", "response", "success"),
        *_names(SASL2, "initial-response", "challenge", "response", "additional-data"),
    ]
)
"""Elements whose text is SASL data."""

CONTENT: Final = frozenset(
    [
        *_names(SASL2, "task-data"),  # XEP-0388 §2.6.3: whatever a task exchanges, a salted password among it
        *_names(FAST, "token"),  # XEP-0484
        *_names("urn:xmpp:scram-upgrade:0", "hash"),  # XEP-0480: the salted password
        *_names(AUTH, "password", "digest"),  # XEP-0078
        *_names(REGISTER, "password", "key"),  # XEP-0077
        *_names(COMPONENT_ACCEPT, "handshake"),  # XEP-0114
        *_names(COMPONENT_CONNECT, "handshake"),
        *_names(CLIENT, "handshake"),  # the same, read under an assumed header where the real one was missed
        "handshake",
        *_names("http://jabber.org/protocol/muc", "password"),  # XEP-0045 §7.2.5
        *_names("http://jabber.org/protocol/muc#user", "password"),
        *_names("http://jabber.org/protocol/muc#owner", "password"),
        *_names("storage:bookmarks", "password"),  # XEP-0048
        *_names("urn:xmpp:bookmarks:0", "password"),  # XEP-0402
        *_names("urn:xmpp:bookmarks:1", "password"),
        *_names("http://jabber.org/protocol/httpbind", "uri"),  # XEP-0124 §17.2: may hold a secret like any URL
        *_names("urn:xmpp:oauth:0", "oauth_token", "oauth_signature"),  # XEP-0235
    ]
)
"""Elements whose whole content is a secret."""

KEYS: Final = frozenset(_names(DIALBACK, "result", "verify"))
"""Elements whose own text is a dialback key (XEP-0220), beside which an error may stand."""

ATTRIBUTES: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(_names(FAST, "token"), ("token",)),  # XEP-0484
    **dict.fromkeys(
        [name for ns in _ISR for name in _names(ns, "isr-enabled", "inst-resumed", "isr")], ("key", "token")
    ),
    **dict.fromkeys(_names("urn:xmpp:pars:0", "preauth"), ("token",)),  # XEP-0379, XEP-0401, XEP-0445
    **dict.fromkeys(_names("urn:xmpp:ibr-token:0", "preauth"), ("token",)),
    **dict.fromkeys(_names("jabber:x:conference", "x"), ("password",)),  # XEP-0249
    **dict.fromkeys([name for ns in _EXTERNAL_SERVICES for name in _names(ns, "service")], ("password",)),
    **dict.fromkeys(_names("urn:xmpp:jingle:transports:ice-udp:1", "transport"), ("pwd",)),  # XEP-0176
    **dict.fromkeys(_names("urn:xmpp:jingle:transports:ice-udp:0", "transport"), ("pwd",)),
    **dict.fromkeys(_names("urn:xmpp:jingle:transports:ice:0", "transport"), ("pwd",)),  # XEP-0371
    **dict.fromkeys(_names("urn:xmpp:jingle:apps:rtp:1", "crypto"), ("key-params",)),  # XEP-0167
}
"""Attributes whose whole value is a secret."""

HEADER: Final = frozenset(name for ns in _UPLOAD for name in _names(ns, "header"))
"""HTTP headers of an upload slot, a secret if their name is one of `HEADER_NAMES` (XEP-0363 §4)."""

HEADER_NAMES: Final = frozenset({"authorization", "cookie"})

SLOT: Final = frozenset(name for ns in _UPLOAD for name in _names(ns, "put", "get"))
"""URLs of an upload slot: their query and user information are secrets."""

FIELD: Final = f"{_DATA}{SEPARATOR}field"
VALUE: Final = f"{_DATA}{SEPARATOR}value"
FIELD_NAMES: Final = frozenset(
    {
        "password",  # XEP-0077, XEP-0133
        "password-verify",  # XEP-0133
        "secret",  # XEP-0357 §5
        "token",  # registration of a push device by XEP-0050 commands
        "muc#roomconfig_roomsecret",  # XEP-0045 §10.2
    }
)
"""Form fields that are secrets also where the form, as submitted, gives no type."""

SENSITIVE: Final = frozenset({*MECHANISM, *EXCHANGE, *CONTENT, *KEYS, *ATTRIBUTES, *HEADER, *SLOT, FIELD})
"""Only where one of these names occurs in an element, at any depth, can it hold a secret."""

HARMLESS: Final = frozenset({"ANONYMOUS", "EXTERNAL"})
"""SASL mechanisms that exchange no secret (RFC 4505, RFC 4422 appendix A): a trace, an identity."""

_LOGIN: Final = frozenset({"auth", "authenticate", "initial-response", "challenge", "response", "success", "handshake"})


def is_misnamed_login(name: str) -> bool:
    """Tell whether a first-level element is named like one of a login, in a namespace that has none.

    A client under development may mistype the namespace; what it sends along is a password all the same.
    """
    ns, _, local = name.rpartition(SEPARATOR)
    return local in _LOGIN and name not in SENSITIVE and ns not in (SASL, SASL2)
