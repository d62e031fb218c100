"""What the relay of a connection of the web wants to be done."""

import msgspec

from xmppscope.proxy.settings import End
from xmppscope.proxy.web_url import WebKind, WebUrl


class WebDial(msgspec.Struct, frozen=True):
    """A command: connect to a place of the web; without `url`, to the one that the host-meta of `domain` names.

    Where that names several, it is the one with the `path`, if there is such a one.
    """

    kind: WebKind
    path: str
    domain: str
    url: WebUrl | None


class Fetch(msgspec.Struct, frozen=True):
    """A command: get the host-meta at `path`, from where `url` leads or from the domain itself.

    Its links are to lead to the proxy, as the client knows it: in TLS or not (`tls`), by this Host.
    """

    path: str
    domain: str
    url: WebUrl | None
    tls: bool
    host: str


class Hold(msgspec.Struct, frozen=True):
    """A command: read no more from the client for now, or go on."""

    on: bool


WebCommand = End | WebDial | Fetch | Hold
