"""Extensions that were a company's own, by name: Google Talk's and Facebook's, which old clients still carry.

Neither service speaks XMPP to others any more. No XEP defines these namespaces, so an extension has no number here;
what the elements hold is not read.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.namespaces import SASL
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Handler, Met

_GOOGLE: Final = {
    expanded("google:jingleinfo", "query"): "servers for voice calls",
    expanded("google:mail:notify", "query"): "mail notification",
    expanded("google:mail:notify", "mailbox"): "mail notification",
    expanded("google:mail:notify", "new-mail"): "mail notification",
    expanded("google:nosave", "x"): "off the record",
    expanded("google:nosave", "query"): "off the record",
    expanded("google:relay", "query"): "relays for voice calls",
    expanded("google:roster", "query"): "roster with attributes of its own",
    expanded("google:setting", "usersetting"): "settings of the user",
    expanded("google:shared-status", "query"): "status shared by all clients",
    expanded("google:queue", "query"): "presence held back",
    expanded("http://www.google.com/session", "session"): "voice call, before Jingle",
    expanded("http://www.google.com/talk/protocol/auth", "auth"): "login",
    expanded("http://www.google.com/xmpp/protocol/pmuc/v1", "x"): "rooms for phones",
}
_FACEBOOK: Final = {
    expanded("http://www.facebook.com/xmpp/messages", "own-message"): "message of another client of the user",
    expanded("http://www.facebook.com/xmpp/messages", "tid"): "thread of messages",
}
_MECHANISMS: Final = {
    "X-GOOGLE-TOKEN": "Google Talk: login by a token of the Google account",
    "X-OAUTH2": "Google Talk: login by OAuth 2; other servers have taken the mechanism over",
    "X-FACEBOOK-PLATFORM": "Facebook Chat: login by a token of an application",
}


def _named(owner: str, what: str) -> Handler:
    def handler(met: Met, _element: Element) -> None:
        met.note(f"{owner}: {what}", "")

    return handler


def _auth(met: Met, auth: Element) -> None:
    named = _MECHANISMS.get(auth.attrs.get("mechanism", ""))
    if named is not None:
        met.note(named, "")


GOOGLE: Final = Extension(
    number="",
    title="Google Talk",
    namespaces=tuple(dict.fromkeys(name.rpartition("\n")[0] for name in _GOOGLE)),
    elements={name: _named("Google Talk", what) for name, what in _GOOGLE.items()},
    nonzas={expanded(SASL, "auth"): _auth},
)
FACEBOOK: Final = Extension(
    number="",
    title="Facebook Chat",
    namespaces=tuple(dict.fromkeys(name.rpartition("\n")[0] for name in _FACEBOOK)),
    elements={name: _named("Facebook Chat", what) for name, what in _FACEBOOK.items()},
)
