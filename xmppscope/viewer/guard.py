"""Who may ask the viewer's server: a browser on this machine that was given the token, and no other page in it.

A page of anybody's may send requests to 127.0.0.1, and a name of anybody's may resolve to it. So the Host has to be one
of ours (DNS rebinding), an Origin has to be ours, and every request needs the token: once in the address that was
printed, from then on in a cookie that no script can read and no other site's request carries.
"""

import hmac
import ipaddress
import secrets
from typing import Final
from urllib.parse import parse_qs

from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""What the page may load: what this server serves, and nothing else."""

_HEADERS: Final = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_WRONG_HOST: Final = "this server is known by another name; open the address that was printed\n"
_WRONG_ORIGIN: Final = "another page has sent this request\n"
_NO_TOKEN: Final = "the token is missing or wrong; open the address that was printed\n"


class Guard:
    """Stands before *app*, which hears only of requests that are allowed; `token` is to be told to the user alone.

    With *any_address*, a Host may be whatever address leads here: rebinding takes a name.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str], port: int, *, any_address: bool = False) -> None:
        self.token = secrets.token_urlsafe(24)
        self._app = app
        self._hosts = hosts
        self._port = port if any_address else None
        self._cookie = f"xmppscope-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        answer = self._judge(scope)
        if answer is None:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await answer(scope, receive, _with_headers(send))

    def _judge(self, scope: Scope) -> Response | None:
        """Return the answer to a request that is not let through."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get("host", "").lower()
        if host not in self._hosts and not self._is_address(host):
            return PlainTextResponse(_WRONG_HOST, 421)
        origin = headers.get("origin")
        if (origin is not None and origin.lower() != f"http://{host}") or (origin is None and scope["type"] != "http"):
            return PlainTextResponse(_WRONG_ORIGIN, 403)
        if self._is_token(self._in_cookie(headers.get("cookie", ""))):
            return None
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if scope["type"] == "http" and scope["path"] == "/" and self._is_token(given):
            response = RedirectResponse("/", 303)
            response.set_cookie(self._cookie, self.token, httponly=True, samesite="strict")
            return response
        return PlainTextResponse(_NO_TOKEN, 403)

    def _is_address(self, host: str) -> bool:
        name, _, port = host.rpartition(":")
        if port != str(self._port):
            return False
        try:
            version = ipaddress.ip_address(name.removeprefix("[").removesuffix("]")).version
        except ValueError:
            return False
        return (version == 6) == name.startswith("[")

    def _in_cookie(self, header: str) -> str:
        # Cookies know no ports, so those of any other program of this machine come along, odd ones too.
        pairs = (part.strip().partition("=") for part in header.split(";"))
        return next((value for name, _, value in pairs if name == self._cookie), "")

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.token.encode())


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *_HEADERS]
        await send(message)

    return sent
