"""Real recordings, in every form that editcap can give them, against what tshark reads in the same file."""

import shutil
import subprocess

import pytest

from xmppscope.capture.reader import CaptureReader
from xmppscope.model.segment import Segment

pytestmark = pytest.mark.real

FIELDS = ("frame.number", "frame.time_epoch", "tcp.len", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags")
PREFERENCES = ("tcp.desegment_tcp_streams:FALSE", "tcp.try_heuristic_first:FALSE")
NAMES = (
    "any-sll-nano-prosody.pcap",
    "c2s-basic-prosody.pcap",
    "cut-mid-packet.pcap",
    "dmg-snaplen200.pcap",
    "fmt-dsb.pcapng",
    "fmt-nsec.pcap",
    "fmt-pcapng.pcapng",
    "ipv6-c2s-prosody.pcap",
    "link-vlan.pcap",
)


def by_tshark(tshark, path):
    command = [tshark, "-r", path, "-Y", "tcp", "-T", "fields"]
    command += [word for preference in PREFERENCES for word in ("-o", preference)]
    command += [word for field in FIELDS for word in ("-e", field)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    rows = []
    for line in done.stdout.splitlines():
        packet, moment, length, seq, ack, flags = line.split("\t")
        second, _, fraction = moment.partition(".")
        rows.append((int(packet), int(second + fraction), int(length), int(seq), int(ack), int(flags, 16) & 255))
    return rows


def by_us(path):
    reader = CaptureReader()
    events = reader.feed(path.read_bytes()) + reader.close()
    return [
        (event.packet, event.time, len(event.data) + event.missing, event.seq, event.ack, event.flags)
        for event in events
        if isinstance(event, Segment)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_reads_as_tshark_reads_it(captures, tshark, name):
    path = captures / name
    rows = by_us(path)
    assert rows == by_tshark(tshark, path)
    assert rows


@pytest.mark.parametrize(
    "options",
    [
        ["-F", "pcapng"],
        ["-F", "nsecpcap"],
        ["-F", "modpcap"],
        ["-F", "nseclibpcap"],
        ["-F", "pcapng", "-s", "70"],
        ["-F", "pcap", "-s", "100"],
        ["-F", "pcap", "-C", "14", "-T", "rawip"],
        ["-F", "pcapng", "-D", "1000"],
        ["-F", "pcap", "-t", "-3600.5"],
    ],
    ids=" ".join,
)
def test_a_recording_converted_by_editcap_reads_as_tshark_reads_it(captures, tshark, tmp_path, options):
    editcap = shutil.which("editcap")
    if editcap is None:
        pytest.skip("editcap is not installed")
    path = tmp_path / "converted"
    command = [editcap, *options, captures / "c2s-basic-prosody.pcap", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        pytest.skip(f"this editcap refuses {' '.join(options)}: {done.stderr.strip().splitlines()[0]}")
    rows = by_us(path)
    assert rows == by_tshark(tshark, path)
    assert rows


def test_a_merged_recording_with_several_interfaces(captures, tshark, tmp_path):
    mergecap = shutil.which("mergecap")
    if mergecap is None:
        pytest.skip("mergecap is not installed")
    path = tmp_path / "merged.pcapng"
    names = ("c2s-basic-prosody.pcap", "any-sll-nano-prosody.pcap", "ipv6-c2s-prosody.pcap")
    subprocess.run([mergecap, "-w", path, *(captures / name for name in names)], check=True, timeout=60)
    rows = by_us(path)
    assert rows == by_tshark(tshark, path)
    assert rows
