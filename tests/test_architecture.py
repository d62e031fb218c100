"""The rules of docs/architecture.md that a program can check: imports point one way, and no layer touches the world."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "xmppscope"

# From the bottom up: a part may import what stands on a line before its own, never its neighbours, never what follows.
LAYERS = (
    ("model",),
    ("capture", "transport", "tls", "framing", "stanza"),
    ("session",),
    ("xeps",),
    ("explain", "redact"),
    ("diagnosis", "lint", "stats"),
    ("analyzer",),
    ("filter", "render", "sources", "proxy", "demo", "lessons", "viewer"),
    ("cli",),
)
RANK = {part: rank for rank, layer in enumerate(LAYERS) for part in layer}

TOUCHES_THE_WORLD = frozenset({"sources", "proxy", "demo", "viewer", "cli"})
WORLD_MODULES = frozenset(
    {"asyncio", "concurrent", "fileinput", "http", "multiprocessing", "os", "pathlib", "sched", "select", "selectors"}
    | {"shutil", "signal", "socket", "socketserver", "ssl", "subprocess", "tempfile", "threading", "time", "urllib"}
)
WORLD_CALLS = frozenset({"open", "input", "print", "breakpoint"})
CLOCK_CALLS = frozenset({"now", "utcnow", "today"})
FACES = frozenset({"cli", "render"})
HEAVY = frozenset({"scapy", "lxml", "cryptography", "rich", "asyncio"})

FILES = sorted(PACKAGE.rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(PACKAGE.parent).as_posix()


def part(path: Path) -> str:
    """The part of the program that a file belongs to; empty for the package's own __init__."""
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def imported(path: Path) -> Iterator[str]:
    """Every module that the file names in an import, wherever it stands: TYPE_CHECKING and functions count too."""
    package = ("xmppscope", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*base, *([node.module] if node.module else [])))
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def own_parts(path: Path) -> set[str]:
    """The other parts of the program that the file imports."""
    found = {module.split(".")[1] for module in imported(path) if module.startswith("xmppscope.")}
    return (found & RANK.keys()) - {part(path)}


def calls(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id
            elif isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_CALLS:
                yield node.func.attr


def public(tree: ast.Module) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Public classes and functions of a module, and the public methods of its public classes."""
    definitions = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in tree.body:
        if isinstance(node, definitions) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                for method in node.body:
                    if isinstance(method, definitions) and not method.name.startswith("_") and not is_overload(method):
                        yield method


def is_overload(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(ast.unparse(decorator) in {"overload", "typing.overload"} for decorator in node.decorator_list) or any(
        ast.unparse(decorator).endswith(".setter") for decorator in node.decorator_list
    )


def is_sentence(text: str | None) -> bool:
    """Whether the first paragraph is more than a word and ends like a sentence."""
    first = (text or "").strip().split("\n\n")[0]
    return re.fullmatch(r"\S+ .*[.:!?…]", first, re.DOTALL) is not None


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_part_has_a_place_in_the_layers(path: Path) -> None:
    assert part(path) == "" or part(path) in RANK, f"{part(path)} stands in no layer: give it one in LAYERS"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_point_one_way(path: Path) -> None:
    own = RANK.get(part(path), -1)
    upward = sorted(other for other in own_parts(path) if RANK[other] >= own)
    assert not upward, f"{name(path)} imports {', '.join(upward)}, which stand beside or above it"


@pytest.mark.parametrize("path", [path for path in FILES if part(path) not in TOUCHES_THE_WORLD], ids=name)
def test_no_socket_file_clock_or_thread_between_source_and_renderer(path: Path) -> None:
    touched = sorted({module.split(".")[0] for module in imported(path)} & WORLD_MODULES)
    called = sorted(set(calls(path)) & (WORLD_CALLS | CLOCK_CALLS))
    asynchronous = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.AsyncFunctionDef)]
    assert not touched, f"{name(path)} imports {', '.join(touched)}"
    assert not called, f"{name(path)} calls {', '.join(called)}"
    assert not asynchronous, f"{name(path)} has async functions"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_nothing_prints(path: Path) -> None:
    assert "print" not in set(calls(path)), f"{name(path)} prints: data goes through a renderer, words through click"


@pytest.mark.parametrize("path", [path for path in FILES if part(path) not in FACES], ids=name)
def test_only_the_face_knows_terminal_libraries(path: Path) -> None:
    assert not {module.split(".")[0] for module in imported(path)} & {"click", "rich"}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_what_is_public_says_what_it_is_in_a_sentence(path: Path) -> None:
    tree = ast.parse(path.read_text())
    silent = [node.name for node in public(tree) if not is_sentence(ast.get_docstring(node))]
    assert not silent, f"{name(path)}: {', '.join(silent)}: the docstring must begin with a full sentence"
    assert not tree.body or is_sentence(ast.get_docstring(tree)), f"{name(path)}: say what the module is for"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_files_stay_small(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= 400, f"{name(path)} has {lines} lines: split it by subject"


def test_help_loads_nothing_heavy() -> None:
    program = "import sys; sys.argv = ['xmppscope', '--help']; from xmppscope.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert "read" in done.stdout
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert "click" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from xmppscope.cli import main", {"cli"}),
        ("import xmppscope.analyzer", {"analyzer"}),
        ("from xmppscope import lint", {"lint"}),
        ("def f():\n    from ..render import jsonl", {"render"}),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from xmppscope.session import iq", {"session"}),
        ("from .jid import Jid\nimport json", set()),
    ],
)
def test_the_rule_sees_every_way_to_import(
    source: str, expected: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "xmppscope" / "model" / "probe.py"
    path.parent.mkdir(parents=True)
    path.write_text(source)
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path / "xmppscope")
    assert own_parts(path) == expected
