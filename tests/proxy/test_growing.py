"""Files that grow: they overwrite nothing by mistake, only their owner reads them, and a full disk raises nothing."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from xmppscope.capture.reader import CaptureReader
from xmppscope.model.errors import XmppscopeError
from xmppscope.model.segment import Segment
from xmppscope.model.wire import Data, Keys, Opened
from xmppscope.proxy.growing import GrowingFile
from xmppscope.proxy.keylog import KeyLogFile
from xmppscope.proxy.record import Recording

resource = pytest.importorskip("resource", reason="limits the size of files where the system can")

SECOND = 1_000_000_000
START = 1_763_990_000 * SECOND
OPENED = Opened(1, START, 0, "127.0.0.1:40000", "127.0.0.1:5322", True)
FULL = Path("/dev/full")
Make = Callable[..., Recording | KeyLogFile]
BOTH = pytest.mark.parametrize("make", [Recording, KeyLogFile])
MODES = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")


@contextmanager
def room(size: int) -> Iterator[None]:
    """Let no file grow beyond *size*, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def segments(path: Path) -> list[Segment]:
    """The segments of a recording that must be whole."""
    reader = CaptureReader()
    events = [*reader.feed(path.read_bytes()), *reader.close()]
    assert all(isinstance(event, Segment) for event in events)
    return [event for event in events if isinstance(event, Segment)]


@BOTH
def test_what_exists_is_not_overwritten_unless_forced(tmp_path: Path, make: Make) -> None:
    path = tmp_path / "trace"
    path.write_bytes(b"precious" * 1000)
    with pytest.raises(XmppscopeError, match=r"trace: exists; add --force to overwrite it$"):
        make(str(path))
    assert path.read_bytes() == b"precious" * 1000
    make(str(path), force=True).close()
    assert b"precious" not in path.read_bytes()


@BOTH
def test_force_creates_what_does_not_exist(tmp_path: Path, make: Make) -> None:
    make(str(tmp_path / "trace"), force=True).close()
    assert (tmp_path / "trace").exists()


@MODES
@BOTH
@pytest.mark.parametrize("existed", [False, True])
def test_only_the_owner_may_read_it(tmp_path: Path, make: Make, existed: bool) -> None:
    path = tmp_path / "trace"
    if existed:
        path.touch(0o644)
    before = os.umask(0)
    try:
        make(str(path), force=existed).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
def test_what_is_no_regular_file_keeps_its_mode() -> None:
    before = FULL.stat().st_mode
    Recording(str(FULL), force=True).close()
    assert FULL.stat().st_mode == before


@pytest.mark.parametrize("force", [False, True])
def test_a_link_to_nowhere_is_not_followed_unless_forced(tmp_path: Path, force: bool) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    if force:
        Recording(str(tmp_path / "link"), force=True).close()
    else:
        with pytest.raises(XmppscopeError, match="exists"):
            Recording(str(tmp_path / "link"))
    assert (tmp_path / "target").exists() == force


@BOTH
@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "a directory; name a file in it"),
        ("absent/trace", "there is no such directory; create it, or choose another name"),
        ("file/trace", "not a directory"),
        ("a\0b", "not a file name; choose another"),
    ],
)
def test_what_cannot_be_had_is_an_error(tmp_path: Path, make: Make, force: bool, name: str, says: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(XmppscopeError, match=f": {says}$"):
        make(f"{tmp_path}/{name}", force=force)


def test_what_was_gathered_is_written_by_flush_and_by_itself_when_it_is_much(tmp_path: Path) -> None:
    path = tmp_path / "trace.pcapng"
    recording = Recording(str(path))
    begun = path.stat().st_size
    assert begun == recording.size > 0
    recording.feed(OPENED)
    recording.feed(Data(1, 0, START, 0, b"<a/>"))
    assert path.stat().st_size == begun
    recording.flush()
    assert [segment.data for segment in segments(path)] == [b"", b"", b"", b"<a/>"]
    for _ in range(5):
        recording.feed(Data(1, 0, START, 0, bytes(60_000)))
    assert len(segments(path)) == 9
    recording.feed(Data(1, 0, START, 0, b"<b/>"))
    recording.close()
    assert segments(path)[-1].data == b"<b/>"
    assert (recording.problem, recording.size) == (None, path.stat().st_size)


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
def test_a_full_disk_is_told_and_troubles_nobody() -> None:
    recording, log = Recording(str(FULL), force=True), KeyLogFile(str(FULL), force=True)
    assert recording.problem == "disk full, recording stopped at 0 bytes; traffic goes on unrecorded"
    for event in (OPENED, Data(1, 0, START, 0, bytes(1 << 20))):
        recording.feed(event)
        recording.flush()
    recording.close()
    assert log.problem is None
    for _ in range(2):
        log.feed(Keys(b"CLIENT_RANDOM 00 11\n", "client"))
    assert log.problem == "disk full, key log stopped at 0 bytes; traffic goes on unrecorded"
    log.close()


@pytest.mark.parametrize("limit", [*range(100_000, 100_020), 1_000_000])
def test_a_recording_stops_behind_the_last_packet_there_was_room_for(tmp_path: Path, limit: int) -> None:
    path = tmp_path / "trace.pcapng"
    recording = Recording(str(path))
    with room(limit):
        recording.feed(OPENED)
        for number in range(2000):
            recording.feed(Data(1, 0, START, 0, b"%0800d" % number))
        recording.flush()
    size = path.stat().st_size
    assert limit - 72 - 800 < size == recording.size <= limit
    amount = "1.0 MB" if size >= 10**6 else f"{size / 1000:.{size < 100_000:d}f} kB"
    assert recording.problem == (f"{path}: file too large, recording stopped at {amount}; traffic goes on unrecorded")
    recording.feed(Data(1, 0, START, 0, b"afterwards"))
    recording.close()
    assert path.stat().st_size == size
    written = [segment.data for segment in segments(path)[3:]]
    assert written == [b"%0800d" % number for number in range(len(written))]


def test_a_key_log_stops_behind_the_last_line_there_was_room_for(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    log = KeyLogFile(str(path))
    with room(100):
        log.feed(Keys(b"CLIENT_RANDOM 00 11\n" * 4, "client"))
        log.feed(Keys(b"CLIENT_RANDOM 00 11\n", "client"))
    log.close()
    assert path.read_bytes() == b"# client leg\nCLIENT_RANDOM 00 11\n" * 3
    assert log.problem == f"{path}: file too large, key log stopped at 99 bytes; traffic goes on unrecorded"


def test_a_pipe_that_nobody_reads_any_more_is_a_problem_like_others(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    recording = Recording(str(path), force=True)
    assert CaptureReader().feed(os.read(reader, 1 << 16)) == []
    os.close(reader)
    recording.feed(OPENED)
    recording.feed(Data(1, 0, START, 0, b"x"))
    recording.flush()
    assert recording.problem is not None
    assert "broken pipe, recording stopped at" in recording.problem
    recording.close()


def test_after_a_kill_what_was_flushed_is_there(tmp_path: Path) -> None:
    path = tmp_path / "trace.pcapng"
    program = f"""
import os, signal
from xmppscope.model.wire import Data, Opened
from xmppscope.proxy.record import Recording
recording = Recording({str(path)!r})
recording.feed(Opened(1, {START}, 0, "127.0.0.1:40000", "127.0.0.1:5322", True))
recording.feed(Data(1, 0, {START}, 0, b"before"))
recording.flush()
recording.feed(Data(1, 0, {START}, 0, b"after"))
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    assert done.returncode == -9
    assert [segment.data for segment in segments(path)] == [b"", b"", b"", b"before"]


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (99_949, "99.9 kB"),
        (100_000, "100 kB"),
        (812_400_000, "812 MB"),
        (4_295_000_000, "4.3 GB"),
    ],
)
def test_sizes_in_words(tmp_path: Path, size: int, shown: str) -> None:
    file = GrowingFile(str(tmp_path / "x"), "recording", lambda data, end: size)
    file._file.close()
    file._file = open(tmp_path / "x", "rb", buffering=0)  # noqa: SIM115, PTH123
    file.write(bytearray(b"x"))
    assert file.problem is not None
    assert f"stopped at {shown};" in file.problem
    file.close()
