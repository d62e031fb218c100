"""What every test may use: the recordings, the command line, and the count of tests that met real programs."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ("tshark", "tcpdump")
COUNT: pytest.StashKey[list[str]] = pytest.StashKey()

# A shared machine may be slow at any moment: an example that takes long is no failure by itself.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--demand-real",
        action="store_true",
        help="fail if no test ran against a real program although one is installed",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[COUNT] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    report = yield
    if report.when == "call" and not report.skipped and item.get_closest_marker("real"):
        item.config.stash[COUNT].append(item.nodeid)
    return report


def version(program: str) -> str | None:
    """Return the version that *program* states, or None where it is not installed."""
    if shutil.which(program) is None:
        return None
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=60)
    found = re.search(r"\d+(?:\.\d+)+", done.stdout + done.stderr)
    return found[0] if found else "unknown version"


def none_ran(config: pytest.Config) -> bool:
    installed = any(shutil.which(program) for program in PROGRAMS)
    return bool(config.getoption("--demand-real") and installed and not config.stash[COUNT])


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if none_ran(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    named = {program: version(program) for program in PROGRAMS}
    present = ", ".join(f"{program} {number}" for program, number in named.items() if number)
    absent = " and ".join(program for program, number in named.items() if not number)
    count = len(config.stash[COUNT])
    terminalreporter.write_line(f"{count} tests ran against real programs ({present or 'none is installed'})")
    if absent:
        terminalreporter.write_line(f"skipped what needs {absent}: not installed (apt-get install, as root)")
    if none_ran(config):
        terminalreporter.write_line("no test ran against a real program although one is installed: that is a failure")


@pytest.fixture(scope="session")
def captures() -> Path:
    """The folder of the bundled recordings."""
    return ROOT / "captures"


@pytest.fixture(scope="session")
def xmppscope() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Run the command line as a user would, in a process of its own; standard input is empty unless given."""

    def run(*arguments: object, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = [str(Path(sys.executable).with_name("xmppscope")), *map(str, arguments)]
        environment = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "FORCE_COLOR"}}
        return subprocess.run(command, input=data, capture_output=True, check=False, timeout=120, env=environment)

    return run


@pytest.fixture(scope="session")
def tshark() -> str:
    """The path of tshark; a test that asks for it is skipped where it is not installed."""
    path = shutil.which("tshark")
    if path is None:
        pytest.skip("tshark is not installed")
    return path
