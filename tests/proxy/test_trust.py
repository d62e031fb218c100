"""The steps to trust the authority: for which systems and clients, and what the documentation says of them."""

import re
from pathlib import Path

import pytest

from xmppscope.proxy.trust import CLIENTS, SYSTEMS, Steps, System, all_steps

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "trust-the-authority.md"


def texts(row: Steps) -> list[str]:
    return [step.text for step in row.steps]


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: f"{system.platform} {system.sign}")
def test_a_system_is_known_by_its_folder(system: System, tmp_path: Path) -> None:
    (tmp_path / system.sign).mkdir(parents=True, exist_ok=True)
    trust, undo, *others = all_steps("", system.platform, tmp_path)
    assert texts(trust) == ["xmppscope ca export -o xmppscope.crt", *system.trust]
    assert texts(undo) == list(system.undo)
    assert (trust.name, undo.name, trust.tried) == ("this system", "to undo it", system.tried)
    assert [row.name for row in others] == [row.name for row in CLIENTS]


@pytest.mark.parametrize("platform", ["linux", "freebsd14"])
def test_a_system_that_is_not_known(platform: str, tmp_path: Path) -> None:
    first, second, *_ = all_steps("", platform, tmp_path)
    assert texts(first) == [
        "xmppscope ca export -o xmppscope.crt",
        "add it to the system's authorities, as its manual tells",
    ]
    assert (first.tried, second.name) == ("", CLIENTS[0].name)


def test_a_folder_is_named_wherever_something_is_exported() -> None:
    exports = [text for row in all_steps("'my ca'") for text in texts(row) if "ca export" in text]
    assert exports == [
        "xmppscope ca export --ca-dir 'my ca' -o xmppscope.crt",
        "xmppscope ca export --ca-dir 'my ca' --format p12 -o xmppscope.p12",
    ]


def test_no_placeholder_is_left_over() -> None:
    assert not [text for row in all_steps("") for text in texts(row) if "{" in text or "}" in text]


def test_the_table_of_clients_is_complete() -> None:
    names = " ".join(row.name for row in CLIENTS)
    for wanted in (
        *("slixmpp", "nbxmpp", "Gajim", "Profanity", "xmpp.js", "Smack, Java", "Conversations", "Dino", "Spark"),
        *("Smack Android", "XMPPFramework", "Chromium", "Firefox", "aioxmpp", "go-sendxmpp", "Openfire"),
    ):
        assert wanted in names


def rows_of_the_page() -> dict[str, str]:
    return dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|", PAGE.read_text(), re.MULTILINE))


@pytest.mark.parametrize("row", CLIENTS, ids=lambda row: row.name)
def test_the_page_says_the_same_of_each_client(row: Steps) -> None:
    assert rows_of_the_page()[row.name] == (row.tried or "untried")


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: f"{system.platform} {system.sign}")
def test_the_page_has_the_steps_of_each_system(system: System) -> None:
    page = PAGE.read_text()
    for command in (*system.trust, *system.undo):
        assert command.strip(" \\") in page
