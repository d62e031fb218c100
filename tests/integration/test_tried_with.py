"""The table of what was tried says what the tests try: each client with each server, how, and in which TLS version."""

import re
from pathlib import Path

from tests.integration.clients.base import Client
from tests.integration.clients.web import SCHEMES, WEB_CLIENTS, Kind
from tests.integration.conftest import CLIENTS
from tests.integration.test_proxy import CASES, SERVERS, WAYS
from tests.integration.test_proxy_ways import CLIENTS_WITH_PROXY
from tests.integration.test_web import CASES as WEB_CASES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "tried-with.md"
VERSION = r"[0-9][0-9.]*"


def row(client: Client) -> str:
    """Return what the table says of a client, as a pattern: the versions are those that somebody had."""
    cells = [rf"{re.escape(client.name)} {VERSION}[^|]*"]
    for name in SERVERS:
        for way in WAYS:
            versions = [version for server, one, tls, version in CASES if (server, one, tls) == (name, client, way)]
            cells.append(re.escape(", ".join(versions)))
    cells.append("yes" if client.resumes else r"no[^|]*")
    return r"^\| " + r" \| ".join(cells) + r" \|$"


def test_the_table_names_every_client_with_what_is_tried() -> None:
    page = PAGE.read_text()
    head = rf"^\| client \| Prosody {VERSION}, STARTTLS \| direct TLS \| ejabberd {VERSION}, STARTTLS \| direct TLS \|"
    assert re.search(head, page, re.MULTILINE)
    for client in CLIENTS:
        assert re.search(row(client), page, re.MULTILINE), f"no line of tried-with.md matches {row(client)}"


def test_it_names_every_client_that_is_told_to_use_a_proxy() -> None:
    page = PAGE.read_text()
    for client, via, _ in CLIENTS_WITH_PROXY:
        assert re.search(rf"^\| {re.escape(client.name)} \| .*\b{via}\b", page, re.MULTILINE), f"{client.name}, {via}"


def test_it_names_every_client_of_the_web_with_what_is_tried() -> None:
    page = PAGE.read_text()
    kinds: tuple[Kind, ...] = ("websocket", "bosh")
    for client in WEB_CLIENTS:
        cells = [
            ", ".join(SCHEMES[kind, tls] for tls in (True, False) if (name, client, kind, tls) in WEB_CASES)
            for name in SERVERS
            for kind in kinds
        ]
        row = " ".join(f"| {cell}".rstrip() for cell in cells)
        assert re.search(rf"^\| {re.escape(client.name)} {VERSION}[^|]* {re.escape(row)} \|$", page, re.MULTILINE), row
