"""Help and version: quick, and true."""

import resource
import subprocess
import sys

import pytest
from click.testing import CliRunner

from xmppscope import __version__
from xmppscope.cli.main import COMMANDS, xmppscope

HELP = "from xmppscope.cli.main import main; main(['--help'])"
ALLOWED = {"click", "xmppscope"}


def loaded(arguments: list[str]) -> set[str]:
    """The top-level modules beside the standard library that a call of the command line loads."""
    program = f"""
import sys
from xmppscope.cli.main import main
try:
    main({arguments!r})
finally:
    names = {{name.partition(".")[0] for name in sys.modules}}
    sys.stderr.write(" ".join(names))
"""
    done = subprocess.run(
        [sys.executable, "-S", "-c", program_with_path(program)], capture_output=True, text=True, check=False
    )
    return set(done.stderr.split())


def program_with_path(program: str) -> str:
    """Without site, so that start-up hooks of the environment load nothing, but with its search path."""
    return f"import sys; sys.path[:] = {sys.path!r}\n{program}"


def test_help_loads_click_and_the_standard_library_only() -> None:
    names = loaded(["--help"])
    assert names >= ALLOWED
    others = names - sys.stdlib_module_names - ALLOWED
    assert {name for name in others if not name.startswith("_")} <= {"colorama"}
    assert "asyncio" not in names


def test_help_of_a_command_loads_nothing_heavy() -> None:
    assert not loaded(["read", "--help"]) & {"scapy", "lxml", "cryptography", "rich", "asyncio", "zstandard"}


def test_help_is_quick() -> None:
    """150 ms are promised; what other programs do meanwhile is left out of the count."""
    times = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", HELP], check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(times) < 0.15


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_lists_the_commands(arguments: list[str]) -> None:
    done = CliRunner().invoke(xmppscope, arguments)
    assert done.exit_code == 0
    assert [line.split()[0] for line in done.output.rpartition("Commands:\n")[2].splitlines()] == list(COMMANDS)


def test_every_command_loads_and_has_its_line_from_the_table() -> None:
    context = xmppscope.make_context("xmppscope", [], resilient_parsing=True)
    for name, (_, line) in COMMANDS.items():
        command = xmppscope.get_command(context, name)
        assert command is not None
        assert command.short_help == line


def test_version() -> None:
    assert CliRunner().invoke(xmppscope, ["--version"]).output == f"xmppscope {__version__}\n"


@pytest.mark.parametrize("arguments", [["--version", "-v"], ["-v", "--version"]])
def test_version_with_all_that_a_bug_report_needs(arguments: list[str]) -> None:
    lines = CliRunner().invoke(xmppscope, arguments).output.splitlines()
    assert {"python", "openssl", "expat", "cryptography", "platform"} <= {line.split()[0] for line in lines}
