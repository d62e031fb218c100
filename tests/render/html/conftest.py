"""Reports and a real Chromium to open them in; without one, what needs it is skipped."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

# What Chromium makes in the place of XML that is none is an element with a style of its own, which the policy refuses.
OWN = re.compile("Applying inline style")


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """A browser for the tests of one file: while it is there, its event loop runs, and other tests need their own."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


def xmppscope(*arguments: object) -> None:
    program = [sys.executable, "-c", "from xmppscope.cli.main import main; main()"]
    subprocess.run([*program, *map(str, arguments)], check=True, capture_output=True, timeout=60, cwd=ROOT)


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make the report of a bundled recording, once for the run."""
    made: dict[tuple[str, ...], Path] = {}
    folder = tmp_path_factory.mktemp("reports")

    def make(name: str, *options: str) -> Path:
        key = (name, *options)
        if key not in made:
            target = folder / f"{Path(name).stem}-{len(made)}.html"
            capture = ROOT / "captures" / name
            keys = capture.with_suffix(".keys")
            more = ["--keylog", keys] if keys.exists() else []
            xmppscope("report", capture, *more, *options, "-q", "-o", target)
            made[key] = target
        return made[key]

    return make


@pytest.fixture
def opened(browser: object) -> Iterator[Callable[..., object]]:
    """Open a page; what goes wrong in it, what its policy refuses, and what it asks the network for, fails the test."""
    pages: list[object] = []
    troubles: list[str] = []

    def open_page(path: Path, *, scheme: str = "light", size: tuple[int, int] = (1280, 800), at: str = "") -> object:
        page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        pages.append(page)
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on(
            "console", lambda said: said.type == "error" and not OWN.match(said.text) and troubles.append(said.text)
        )
        page.on("request", lambda asked: asked.url.startswith("file:") or troubles.append(f"asked for {asked.url}"))
        page.goto(path.as_uri() + at)
        page.wait_for_selector("body[data-ready]")
        return page

    yield open_page
    for page in pages:
        page.close()
    assert not troubles
