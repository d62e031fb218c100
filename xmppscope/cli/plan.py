"""What `xmppscope proxy` says at its start: where it listens and goes, what it changes, how to point a client at it."""

from collections.abc import Sequence
from typing import Final

from xmppscope.cli.proxy import ProxyOptions
from xmppscope.model.plaintext import visible
from xmppscope.proxy.authority import Authority
from xmppscope.proxy.host import is_loopback, shown
from xmppscope.proxy.upstream import Upstream, parse_upstream
from xmppscope.render.terminal.palette import WARNING, Palette

_LABEL: Final = 12
_MODES: Final = {
    "same": "as the client comes: STARTTLS, direct TLS or in the clear",
    "starttls": "by STARTTLS, however the client comes",
    "tls": "by direct TLS, however the client comes",
    "plain": "in the clear, however the client comes",
}


def plan(options: ProxyOptions, authority: Authority, addresses: Sequence[tuple[str, int]], *, colour: bool) -> str:
    """Return the plan in words, each line ended by a line feed."""
    palette = Palette(colour=colour)
    rows = [
        ("listens on", _listens(addresses)),
        ("goes to", _goes_to(options)),
        ("signs with", f"xmppscope CA {authority.fingerprint[:11]}… (xmppscope ca show)"),
        ("verifies", "the server's certificate against the XMPP domain"),
        ("changes", "takes channel binding out of the features: it cannot pass a proxy"),
        ("records", f"{visible(options.record or '')}, mode 0600: it holds all that is said, and its keys"),
        ("key log", f"{visible(options.write_keylog or '')}, mode 0600: it opens all that was recorded"),
    ]
    left_out = {
        "verifies": options.insecure_upstream,
        "changes": options.keep_channel_binding,
        "records": options.record is None,
        "key log": options.write_keylog is None,
        "signs with": options.server_cert is not None,
    }
    lines = [f"  {label:<{_LABEL}}{text}" for label, text in rows if not left_out.get(label)]
    if options.server_cert is not None:
        lines.append(f"  {'shows':<{_LABEL}}{visible(options.server_cert)}, as the server would")
    lines += [palette.paint(f"  ! {text}", WARNING) for text in _warnings(options, addresses)]
    return "\n".join([*lines, *_steps(options, addresses), ""])


def _listens(addresses: Sequence[tuple[str, int]]) -> str:
    where = ", ".join(shown(host, port) for host, port in addresses)
    only = ", this machine only" if all(is_loopback(host) for host, _ in addresses) else ""
    return f"{where}{only}: XMPP, SOCKS5, HTTP CONNECT"


def _goes_to(options: ProxyOptions) -> str:
    if options.mode == "transparent":
        return "where redirected connections were meant to go"
    if options.upstream is None:
        return "the server of the domain that the client names (SRV, else 5222)"
    upstream: Upstream = parse_upstream(options.upstream)
    port = upstream.port or {"tls": 5223}.get(upstream.mode, 5222)
    return f"{shown(upstream.host, port)}, {_MODES[upstream.mode]}"


def _warnings(options: ProxyOptions, addresses: Sequence[tuple[str, int]]) -> list[str]:
    found = []
    if not all(is_loopback(host) for host, _ in addresses):
        found.append("anyone on this network can use it")
    if options.insecure_upstream:
        found.append("the server's certificate is not verified: somebody else may sit in between (--insecure-upstream)")
    if options.show_secrets:
        found.append("secrets are shown as they were sent; mind who sees this (--show-secrets)")
    return found


def _steps(options: ProxyOptions, addresses: Sequence[tuple[str, int]]) -> list[str]:
    host, port = addresses[0]
    at = "this machine's address" if host in ("0.0.0.0", "::") else host
    trust = (
        f"  2  Let it trust the authority: xmppscope ca trust, or http://{shown(host, port)}/"
        if options.server_cert is None
        else "  2  It needs to trust no one new: the certificate is the server's own."
    )
    return [
        f"  1  In the client set host {at} and port {port}; the JID stays as it is.",
        trust,
        "  Only looking? A capture and a key log change nothing: xmppscope read.",
    ]
