"""Write the pictures of the viewer: makes reports of bundled recordings and takes them in a real Chromium.

Run it after a change of the page, with Playwright and Chromium installed: ``python docs/make_screenshots.py``.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

from playwright.sync_api import Page, sync_playwright

ROOT: Final = Path(__file__).resolve().parent.parent
TARGET: Final = ROOT / "docs" / "images"
MOST: Final = 150_000


class Shot(NamedTuple):
    """A picture: which recording and entry, how large, in which theme, and what is pressed or clicked before."""

    name: str
    capture: str
    entry: int | None
    theme: str = "light"
    steps: tuple[str, ...] = ()
    width: int = 1040
    height: int = 520


SHOTS: Final = (
    Shot("timeline", "tls13-starttls-prosody", 19),
    Shot("timeline-dark", "c2s-errors-prosody", 22, "dark", ("click:#form-Why",)),
    Shot("sequence", "sm-resume-prosody", 61, "light", ("2", "click:#chips [data-connection='3']")),
    Shot("sequence-dark", "sm-resume-prosody", 47, "dark", ("2",)),
    Shot("findings", "c2s-errors-prosody", None, "light", ("4",)),
    Shot("sessions", "sm-resume-prosody", 88, "dark", ("3",)),
    Shot("latency", "tls13-starttls-prosody", None, "light", ("5",)),
    Shot("presence", "muc-prosody", None, "dark", ("5", "click:#plot-presence")),
    Shot("filter", "tls13-starttls-prosody", 64, "light", ("/", 'type:iq and typ == "set"')),
)


def report(capture: str, folder: Path) -> Path:
    """Make the report of a bundled recording."""
    target = folder / f"{capture}.html"
    source = ROOT / "captures" / f"{capture}.pcap"
    keys = source.with_suffix(".keys")
    program = [sys.executable, "-c", "from xmppscope.cli.main import main; main()", "report", str(source)]
    more = ["--keylog", str(keys)] if keys.exists() else []
    subprocess.run([*program, *more, "-q", "-o", str(target)], check=True, cwd=ROOT)
    return target


def take(page: Page, shot: Shot) -> None:
    """Do what is to be done before the picture, and take it."""
    for step in shot.steps:
        if step.startswith("click:"):
            page.click(step.removeprefix("click:"))
        elif step.startswith("type:"):
            page.keyboard.type(step.removeprefix("type:"))
        else:
            page.keyboard.press(step)
    page.mouse.move(0, 0)
    page.wait_for_timeout(400)
    target = TARGET / f"{shot.name}.png"
    page.screenshot(path=target)
    size = target.stat().st_size
    if size > MOST:
        raise SystemExit(f"{target.name} has {size} bytes, more than {MOST}: make it smaller")


def main() -> None:
    """Take all pictures."""
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as running:
        browser = running.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for shot in SHOTS:
            size = {"width": shot.width, "height": shot.height}
            page = browser.new_page(viewport=size, color_scheme="dark" if shot.theme == "dark" else "light")
            at = "" if shot.entry is None else f"#e{shot.entry}"
            page.goto(report(shot.capture, Path(folder)).as_uri() + at)
            page.wait_for_selector("body[data-ready]")
            take(page, shot)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
