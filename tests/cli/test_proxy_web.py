"""The options of the proxy for the web, and what the plan says of them."""

import pytest

from xmppscope.cli.plan import plan
from xmppscope.cli.proxy import ProxyOptions
from xmppscope.cli.proxying import Proxying
from xmppscope.model.errors import XmppscopeError
from xmppscope.proxy.authority import Authority


def said(tmp_path_factory: pytest.TempPathFactory, **options: object) -> str:
    authority = Authority.open(tmp_path_factory.mktemp("authority"))
    return plan(ProxyOptions(**options), authority, [("127.0.0.1", 5322)], colour=False)  # type: ignore[arg-type]


def test_the_plan_names_the_urls_and_those_to_set(tmp_path_factory: pytest.TempPathFactory) -> None:
    text = said(tmp_path_factory, upstream_urls=("wss://chat.example.org/ws?token=secret", "http://[::1]:5280/bosh"))
    assert "wss://chat.example.org/ws, for WebSocket\n" in text
    assert "http://[::1]:5280/bosh, for BOSH\n" in text
    assert "set wss://127.0.0.1:5322/ws or https://127.0.0.1:5322/bosh; the JID stays as it is.\n" in text
    assert "secret" not in text


def test_two_urls_of_a_kind_are_one_too_many() -> None:
    with pytest.raises(XmppscopeError, match="two URLs for WebSocket"):
        Proxying(ProxyOptions(upstream_urls=("wss://a.test/", "ws://b.test/")))
