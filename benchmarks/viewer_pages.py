"""A report and `view` of 10,000 and 100,000 stanzas: what they take to make, to open in Chromium, and to use.

    python -m benchmarks.viewer_pages
    python -m benchmarks.viewer_pages --stanzas 10000

The page is opened in a headless Chromium, cold: a report from its file, `view` as soon as it has printed its address,
while it still reads. The first row and the usable page (all entries in the list, keys answered) count from the start of
navigation to the frame in which they are painted; keys and filters from the event to the end of the frame that follows.
The memory of the page is its renderer's resident memory and, of that, JavaScript's heap. Where there is no Chromium or
no Playwright, only what the command does is measured.
"""

import argparse
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks.load import usage
from benchmarks.load.programs import end
from benchmarks.measure import XMPPSCOPE, capture, run

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PATIENCE: Final = 60.0
KEYS: Final = 40
"""How often `j` is pressed."""

FILTERS: Final = ("iq and type == 'result'", "xml ~ 'release'")
"""One that looks at fields, one that looks at all bytes."""

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
ADDRESS: Final = re.compile(r"viewer at (\S+)")

# Put into the page before its own scripts: the marks, and what a key takes to the end of the frame after it.
_WATCH: Final = """
globalThis.seen = {};
globalThis.pressed = [];
const painted = (done) => requestAnimationFrame(() => setTimeout(() => done(performance.now())));
const marks = { row: "#list .row", ready: "body[data-ready]" };
const look = () => {
  for (const [name, where] of Object.entries(marks)) {
    if (!document.querySelector(where)) continue;
    delete marks[name];
    painted((now) => { seen[name] = now; });
  }
  if (marks.row || marks.ready) requestAnimationFrame(look);
};
requestAnimationFrame(look);
addEventListener("keydown", ({ timeStamp }) => painted((now) => pressed.push(now - timeStamp)), true);
"""
_FILTER: Final = """async (text) => {
  const began = performance.now();
  xmppscope.filterBox.value = text;
  await xmppscope.filter();
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  if (!document.getElementById("count").textContent.includes(" of ")) throw new Error(`nothing is filtered: ${text}`);
  return performance.now() - began;
}"""


class Opened(NamedTuple):
    """What a page took: milliseconds, and mebibytes."""

    row: float
    usable: float
    entries: int
    resident: float
    heap: float
    key: float
    key_at_worst: float
    filters: tuple[float, ...]


def missing() -> str | None:
    """Return what is missing for looking at a page, None where everything is there."""
    if find_spec("playwright") is None:
        return "Playwright is not installed"
    return None if _program() else "no Chromium is installed"


def _program() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def chromium() -> Iterator["Browser"]:
    """Start a headless Chromium, and close it at the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=_program(), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def open_page(browser: "Browser", url: str) -> "Page":
    """Open the viewer and wait until it can be used."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(PATIENCE * 1000)
    page.add_init_script(_WATCH)
    page.goto(url)
    page.wait_for_selector("body[data-ready]")
    return page


def wait(page: "Page", condition: str) -> None:
    """Wait until *condition* holds; the page's policy lets nobody put it there as a function."""
    deadline = time.monotonic() + PATIENCE
    while not page.evaluate(condition):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the page does not get there: {condition}")
        page.wait_for_timeout(20)


def memory(browser: "Browser", page: "Page") -> tuple[float, float]:
    """Return the resident memory of the largest renderer and the page's heap, in MiB."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    told = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    renderers = [one["id"] for one in told if one["type"] == "renderer"]
    resident = max(map(usage.resident, renderers)) * 1000 / 2**20 if usage.KNOWN else float("nan")
    return resident, metrics["JSHeapUsedSize"] / 2**20


def look(browser: "Browser", url: str) -> Opened:
    """Open a page, use it, and close it."""
    page = open_page(browser, url)
    wait(page, "seen.row && seen.ready")
    resident, heap = memory(browser, page)
    seen = page.evaluate("seen")
    entries = page.evaluate("xmppscope.store.entries.length")
    for _ in range(KEYS):
        page.keyboard.press("j")
    wait(page, f"pressed.length >= {KEYS}")
    pressed = page.evaluate("pressed")
    filters = tuple(page.evaluate(_FILTER, text) for text in FILTERS)
    page.close()
    median = statistics.median(pressed)
    usable = max(seen.values())
    return Opened(seen["row"], usable, entries, resident, heap, median, max(pressed), filters)


def _print(opened: Opened) -> None:
    print(f"    first row {opened.row:6.0f} ms   usable {opened.usable:6.0f} ms   {opened.entries} entries")
    print(f"    page {opened.resident:6.0f} MiB resident, {opened.heap:.0f} MiB of it JavaScript's heap")
    each = "   ".join(f"{text}: {took:.0f} ms" for text, took in zip(FILTERS, opened.filters, strict=True))
    print(f"    j {opened.key:6.1f} ms to paint at the median, {opened.key_at_worst:.0f} at worst   {each}")


def report(path: Path, folder: Path) -> Path:
    """Make a report, print what that took, and return it."""
    page = folder / f"{path.stem}.html"
    took = run([XMPPSCOPE, "report", str(path), "-q", "-o", str(page)], folder / "output")
    read, written = (file.stat().st_size / 1e6 for file in (path, page))
    print(f"{path.stem}, {read:.1f} MB: the report has {written:.1f} MB", end="")
    print(f" and takes {took.seconds:.1f} s to write, {took.memory:.0f} MiB at most", flush=True)
    return page


def view(path: Path, folder: Path, browser: "Browser | None") -> None:
    """Serve a capture, look at it while it is read, and print what that took."""
    log = folder / "view.log"
    started = time.perf_counter()
    with log.open("wb") as errors, subprocess.Popen([XMPPSCOPE, "view", str(path)], stderr=errors) as process:
        try:
            url = _said(process, log, ADDRESS)
            address = time.perf_counter() - started
            opened = look(browser, url) if browser else None
            _said(process, log, re.compile(r"(\d+ entries); Ctrl-C"))
            used = usage.resident(process.pid) * 1000 / 2**20 if usage.KNOWN else float("nan")
            print(f"  view: address after {address:.2f} s, {used:.0f} MiB when all is read")
        finally:
            end(process)
    if opened:
        _print(opened)


def _said(process: "subprocess.Popen[bytes]", log: Path, pattern: re.Pattern[str]) -> str:
    deadline = time.monotonic() + PATIENCE
    while not (found := pattern.search(log.read_text())):
        if process.poll() is not None or time.monotonic() > deadline:
            raise OSError(f"the viewer does not say {pattern.pattern!r}: {log.read_text()[-300:]}")
        time.sleep(0.01)
    return found[1]


def main() -> None:
    """Read the command line, measure each size, and print."""
    parser = argparse.ArgumentParser(description="Measure the viewer's pages.")
    parser.add_argument("--stanzas", type=int, nargs="+", default=[10_000, 100_000])
    sizes = parser.parse_args().stanzas
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if reason := missing():
            print(f"pages are not opened, skipped: {reason}")
        # All before there is a browser: a child's peak can't be told where its parent's was higher.
        pages = [(path, report(path, folder)) for path in map(capture, sizes)]
        for path, page in pages:
            print(f"{path.stem}: the report, then view", flush=True)
            if reason:
                view(path, folder, None)
                continue
            with chromium() as browser:
                _print(look(browser, page.as_uri()))
            with chromium() as browser:
                view(path, folder, browser)


if __name__ == "__main__":
    main()
