"""A viewer that is served as a command serves it, and a real Chromium to look at it."""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


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


class Command:
    """A command that serves a viewer until it is interrupted; `said` is what it has written so far."""

    def __init__(self, *arguments: object) -> None:
        program = [sys.executable, "-c", "from xmppscope.cli.main import main; main()", *map(str, arguments)]
        self.process = subprocess.Popen(
            program, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT, bufsize=1
        )
        self.said = ""

    def wait_for(self, pattern: str) -> str:
        """Return what *pattern* finds in the lines that come."""
        while (found := re.search(pattern, self.said)) is None:
            line = self.process.stderr.readline()
            assert line, f"it ended: {self.said}"
            self.said += line
        return found[1]

    def end(self) -> int:
        """Interrupt it; return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=20)
        self.said += rest or self.process.stderr.read() if not self.process.stderr.closed else ""
        return self.process.returncode


@pytest.fixture
def command() -> Iterator[Callable[..., Command]]:
    started: list[Command] = []

    def start(*arguments: object) -> Command:
        started.append(Command(*arguments))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate(timeout=20)


@pytest.fixture
def opened(browser: object) -> Iterator[Callable[[str], object]]:
    """Open a page; an error in it, or what its policy refuses, fails the test."""
    contexts: list[object] = []
    troubles: list[str] = []

    def open_page(url: str) -> object:
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 800}))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on("console", lambda said: "Content Security Policy" in said.text and troubles.append(said.text))
        page.goto(url)
        page.wait_for_selector("body[data-ready]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not troubles
