"""What newer pages tell to type does what they say: each command is run, those that serve until Ctrl-C too."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.conversation import CLIENT, SERVER
from benchmarks.load import identity
from benchmarks.packets import PacketFile
from benchmarks.web_captures import flow
from tests.pages import ROOT, blocks
from tests.test_docs import DOCS, commands
from xmppscope.cli.main import xmppscope as program

COMMAND = str(Path(sys.executable).with_name("xmppscope"))
PATIENCE = 60.0
SERVED = {"view": "viewer at ", "proxy": "listening on "}

RUN = (
    "gallery.md",
    "how-to/report.md",
    "how-to/debug-a-web-client.md",
    "how-to/federation.md",
    "how-to/gateways.md",
    "reference/viewer.md",
    "tutorial/lessons.md",
)
GALLERY = (DOCS / "gallery.md").read_text()
PICTURES = re.findall(
    r'^ {4}Shot\("([\w-]+)", "([\w-]+)", (\d+|None)', (DOCS / "make_screenshots.py").read_text(), re.MULTILINE
)

# A page that uses its own names for what is the reader's.
STANDS_FOR = {"FILE...": "trace.pcapng", "PAGE": "page.html", "[HOST:PORT]": "127.0.0.1:0"}
NAMED = {
    "trace.pcapng": "sm-resume-prosody.pcap",
    "trace.pcap": "sm-resume-prosody.pcap",
    "login.pcap": "tls13-starttls-prosody.pcap",
    "login.keys": "tls13-starttls-prosody.keys",
    "monday.pcap": "c2s-basic-prosody.pcap",
    "tuesday.pcap": "muc-prosody.pcap",
}


def typed() -> Iterator[object]:
    """Every command of the pages, once, that may be run by anybody: to sniff takes rights."""
    seen = set()
    for name in RUN:
        for arguments in commands(DOCS / name):
            if arguments[0] != "sniff" and tuple(arguments) not in seen:
                seen.add(tuple(arguments))
                yield pytest.param(arguments, id=f"{name}: {' '.join(arguments)}")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the pages name."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "captures").symlink_to(ROOT / "captures")
    for name, source in NAMED.items():
        shutil.copy(ROOT / "captures" / source, folder / name)
    made = identity.make(folder)
    for name in ("example.org.crt", "example.org.key"):
        shutil.copy(made.server, folder / name)
    return folder


def environment(desk: Path, **more: str) -> dict[str, str]:
    """Keep what a command writes for its user within the folder."""
    return os.environ | {"HOME": str(desk), "XDG_DATA_HOME": str(desk / "data"), "LC_ALL": "C.UTF-8"} | more


def here(arguments: list[str]) -> list[str]:
    """Return a command with what stands for the reader's own filled in, on a free port of this machine."""
    words = [STANDS_FOR.get(word, word) for word in arguments]
    if words[0] != "proxy":
        return words
    if "--listen" in words:
        words[words.index("--listen") + 1] = "127.0.0.1:0"
        return words
    return [*words, "--listen", "127.0.0.1:0"]


def served(words: list[str], desk: Path) -> str:
    """Wait until a command serves, interrupt it, and return all that it said."""
    process = subprocess.Popen(
        [COMMAND, *words],
        env=environment(desk),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if line.startswith(SERVED[words[0]]):
            break
    process.send_signal(signal.SIGINT)
    said += process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == 0, said
    assert SERVED[words[0]] in said
    return said


def waited_for(words: list[str], desk: Path) -> str:
    """Run a command that ends by itself, and return what it printed."""
    if "--live" in words:
        # Its programs want a standard input that is a file.
        done = subprocess.run(
            [COMMAND, *words], env=environment(desk), capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode == 0, done.stderr
        return done.stdout
    result = CliRunner(env=environment(desk)).invoke(program, words)
    assert result.exit_code == 0, result.output
    assert "xmppscope: warning" not in result.output
    return result.stdout


@pytest.mark.parametrize("arguments", list(typed()))
def test_command_does_what_the_page_says(arguments: list[str], desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk)
    words = here(arguments)
    if words[0] in SERVED:
        said = served(words, desk)
        assert ("viewer at " in said) is (words[0] == "view" or "--web" in words)
    else:
        assert waited_for(words, desk) or "-o" in words
    for option in ("-o", "--record"):
        if option in words:
            written = desk / words[words.index(option) + 1]
            assert written.stat().st_size
            written.unlink()


@pytest.mark.parametrize(("name", "capture", "entry"), PICTURES)
def test_gallery_tells_how_a_picture_is_made(name: str, capture: str, entry: str) -> None:
    sections = GALLERY.split("\n## ")
    (section,) = [one for one in sections if f"](images/{name}.png)" in one]
    assert f"    xmppscope report captures/{capture}.pcap " in section
    below = section.partition(f"](images/{name}.png)")[2].split("![")[0]
    assert (f"`#e{entry}`" in below) is (entry != "None")


def test_gallery_has_every_picture() -> None:
    there = {path.stem for path in (DOCS / "images").glob("*.png")}
    assert there == {name for name, _, _ in PICTURES} == set(re.findall(r"\]\(images/([\w-]+)\.png\)", GALLERY))


def capture_of_temperatures(path: Path) -> None:
    """Write a connection on which one temperature is told that can be, and one that cannot."""
    header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'"
    with path.open("wb") as file:
        packets = PacketFile(file, 1_795_000_000_000_000_000)
        connection = flow(packets, 1, 5222)
        connection.data(CLIENT, f"{header} to='example.org'>".encode())
        connection.data(SERVER, f"{header} from='example.org' id='1'><stream:features/>".encode())
        for celsius in (20, 45):
            told = f"<temperature xmlns='urn:example:temperature:0' celsius='{celsius}'/>"
            connection.data(CLIENT, f"<message to='example.org'>{told}</message>".encode())
        connection.close()
        packets.flush()


def test_the_extension_that_is_shown_is_called(tmp_path: Path) -> None:
    page = (DOCS / "how-to" / "add-an-extension.md").read_text()
    (module,), (entry_point,) = blocks(page, "python"), blocks(page, "toml")
    ((group, named),) = tomllib.loads(entry_point)["project"]["entry-points"].items()
    ((name, target),) = named.items()
    package, _, file = target.partition(":")[0].partition(".")
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").touch()
    (tmp_path / package / f"{file}.py").write_text(module)
    info = tmp_path / "shown-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shown\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {target}\n")
    capture_of_temperatures(tmp_path / "told.pcap")
    done = subprocess.run(
        [COMMAND, "read", "--format", "jsonl", str(tmp_path / "told.pcap")],
        env=environment(tmp_path, PYTHONPATH=str(tmp_path)),
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    records = [json.loads(line) for line in done.stdout.splitlines()]
    notes = [note for record in records for note in record.get("annotations", ()) if note.get("spec") == "Example §3"]
    assert [note["text"] for note in notes] == ["45 °C is more than the sensor can measure"]
    assert "warning" not in done.stderr
