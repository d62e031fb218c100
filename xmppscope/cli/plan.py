"""What `xmppscope proxy` says at its start: where it listens and goes, what it changes, how to point a client at it."""

from collections.abc import Sequence
from typing import Final

from xmppscope.cli.proxy import ProxyOptions
from xmppscope.model.plaintext import visible
from xmppscope.model.timeline import ConnectionKind
from xmppscope.proxy.authority import Authority
from xmppscope.proxy.host import is_loopback, shown
from xmppscope.proxy.upstream import Mode, parse_upstream
from xmppscope.proxy.web_url import KINDS, parse_upstream_urls, scheme_of
from xmppscope.render.terminal.palette import WARNING, Palette

_LABEL: Final = 12
_MODES: Final[dict[Mode, str]] = {
    "starttls": "by STARTTLS",
    "tls": "by direct TLS",
    "plain": "without TLS",
}
_WHO: Final[dict[ConnectionKind, str]] = {"c2s": "client", "s2s": "initiating server", "component": "gateway"}
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})

Addresses = Sequence[tuple[str, int]]


def plan(options: ProxyOptions, authority: Authority, addresses: Addresses, *, colour: bool) -> str:
    """Return the plan in words, each line ended by a line feed."""
    rows = [("listens on", _listens(addresses)), ("goes to", _goes_to(options))]
    rows += [("", f"{url}, for {KINDS[url.kind]}") for url in parse_upstream_urls(options.upstream_urls)]
    if options.component:
        rows.append(("secures", "nothing: components speak without TLS (XEP-0114)"))
    elif options.server_cert is None:
        rows.append(("signs with", f"{authority.name} (xmppscope ca show{_ca_dir(options)})"))
    else:
        rows.append(("shows", f"{visible(options.server_cert)}, as the server does"))
    if options.s2s:
        rows.append(("asks", "the initiating server for its certificate, to show it"))
    if not options.insecure_upstream and not options.component:
        rows.append(("verifies", "the server's certificate against the XMPP domain"))
    if not (options.keep_channel_binding or options.s2s or options.component):
        rows.append(("changes", "takes channel binding out of the features: it cannot pass a proxy"))
    if options.record is not None:
        rows.append(("records", f"{visible(options.record)} (0600): all that is said, and the keys"))
    if options.write_keylog is not None:
        rows.append(("key log", f"{visible(options.write_keylog)} (0600): it opens what was recorded"))
    lines = [f"  {label:<{_LABEL}}{text}\n" for label, text in rows]
    steps = [f"  {line}\n" for line in _steps(options, addresses)]
    return "".join(lines) + warnings(options, authority, addresses, colour=colour) + "".join(steps)


def warnings(options: ProxyOptions, _authority: Authority, addresses: Addresses, *, colour: bool) -> str:
    """Return what is said in any case, each line ended by a line feed."""
    found = []
    if not all(is_loopback(host) for host, _ in addresses):
        found.append("anyone on this network can use it")
    if options.insecure_upstream:
        found.append("the server's certificate is not verified (--insecure-upstream)")
    if options.show_secrets and not options.quiet:
        found.append("secrets are shown as they were sent (--show-secrets)")
    palette = Palette(colour=colour)
    return "".join(palette.paint(f"  ! {text}", WARNING) + "\n" for text in found)


def _listens(addresses: Addresses) -> str:
    where = ", ".join(shown(host, port) for host, port in addresses)
    only = ", this machine only" if all(is_loopback(host) for host, _ in addresses) else ""
    return f"{where}{only}: XMPP, SOCKS5, HTTP CONNECT"


def _goes_to(options: ProxyOptions) -> str:
    kind: ConnectionKind = "s2s" if options.s2s else "component" if options.component else "c2s"
    named = f"the server of the domain that the {_WHO[kind]} names (SRV, else {5269 if options.s2s else 5222})"
    if options.upstream is not None:
        upstream = parse_upstream(options.upstream)
        port = upstream.port_for(kind)
        named = f"{shown(upstream.host, port)}, {_how(upstream.mode, kind)}"
    return "where redirected connections were meant to go" if options.mode == "transparent" else named


def _how(mode: Mode, kind: ConnectionKind) -> str:
    if mode != "same":
        return _MODES[mode]
    return "without TLS" if kind == "component" else f"with TLS as the {_WHO[kind]} has it"


def _ca_dir(options: ProxyOptions) -> str:
    return "" if options.ca_dir is None else f" --ca-dir {visible(options.ca_dir)}"


def _steps(options: ProxyOptions, addresses: Addresses) -> list[str]:
    host, port = addresses[0]
    everywhere = host in _EVERYWHERE
    at = "an address of this machine" if everywhere else f"host {host}"
    if options.component:
        return [f"In the gateway set {at} and port {port} as its server; its name and secret stay as they are."]
    page = f"http://ADDRESS:{port}/" if everywhere else f"http://{shown(host, port)}/"
    trust = f"Let it trust the authority: xmppscope ca trust{_ca_dir(options)}, or {page}"
    if options.server_cert is not None:
        trust = "It need not trust anybody new: the certificate is the server's own."
    point = f"In the client set {at} and port {port}; the JID stays as it is."
    if options.s2s:
        point = f"Let the SRV records of the domain, or its address, lead the other server to {at} and port {port}."
        trust = trust.replace("it trust", "that server trust")
    urls = parse_upstream_urls(options.upstream_urls)
    if urls and options.upstream is None:
        place = f"ADDRESS:{port}" if everywhere else shown(host, port)
        ours = " or ".join(f"{scheme_of(url.kind, tls=True)}://{place}{url.path.partition('?')[0]}" for url in urls)
        point = f"In the web client set {ours}; the JID stays as it is."
    if options.mode == "transparent":
        point = f"Redirect the clients' connections to port {port}, and leave the proxy's own ones out."
    return [
        f"1  {point}",
        f"2  {trust}",
        "Only looking? A capture and a key log change nothing: xmppscope read.",
    ]
