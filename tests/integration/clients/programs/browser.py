"""Runs strophe.js in a headless Chromium: a job (JSON on standard input) in, reports in JSON Lines out.

The browser has a home of its own, where the authority of the job is trusted.
"""

import functools
import json
import os
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import sync_playwright

PAGE = Path(__file__).with_name("page.html")
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]


class Pages(SimpleHTTPRequestHandler):
    """Serves the page and the library, and says nothing."""

    def __init__(self, *more: object, library: str) -> None:
        self._library = library
        super().__init__(*more)  # type: ignore[arg-type]

    def translate_path(self, path: str) -> str:
        return self._library if path == "/strophe.js" else str(PAGE)

    def log_message(self, *_: object) -> None:
        pass


def trust(home: Path, ca_file: str) -> None:
    """Let a browser with this home trust an authority."""
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    for command in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "authority", "-i", ca_file]):
        subprocess.run(["certutil", "-d", f"sql:{database}", *command], check=True, capture_output=True)


def report(line: str) -> None:
    """Hand on what the page reports."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    job = json.load(sys.stdin)
    home = Path.cwd() / "home"
    trust(home, job["ca_file"])
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Pages, library=job["library"]))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        arguments = list(ARGUMENTS)
        if job["through"]:
            bypass = f"<-loopback>;127.0.0.1:{server.server_port}"
            arguments += [f"--proxy-server=127.0.0.1:{job['through']}", f"--proxy-bypass-list={bypass}"]
        browser = playwright.chromium.launch(
            executable_path=job["chromium"], args=arguments, env={**os.environ, "HOME": str(home)}
        )
        page = browser.new_page()
        page.on("pageerror", lambda error: sys.stderr.write(f"{error}\n"))
        page.expose_function("report", report)
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.evaluate("job => window.run(job)", job)
        browser.close()
    server.shutdown()


main()
