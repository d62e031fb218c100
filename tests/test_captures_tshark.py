"""tshark as oracle: it finds the same number of stanzas in every recording that it can read.

Left out: direct TLS, compression, WebSocket and BOSH, which tshark does not read as XMPP by itself; c2s-errors, where
it counts a stanza that is not well-formed; damaged files, where it loses more than is missing.
"""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

RECORDINGS = [
    "any-sll-nano-prosody.pcap",
    "c2s-basic-prosody.pcap",
    "component-prosody.pcap",
    "fmt-dsb.pcapng",
    "fmt-pcapng.pcapng",
    "interleaved-prosody.pcap",
    "ipv6-c2s-prosody.pcap",
    "link-vlan.pcap",
    "muc-prosody.pcap",
    "node-sm-resume-prosody.pcap",
    "profanity-prosody.pcap",
    "register-ejabberd.pcap",
    "s2s-plain-prosody-ejabberd.pcap",
    "s2s-tls-prosody-ejabberd.pcap",
    "sasl2-prosody.pcap",
    "sm-resume-prosody.pcap",
    "tls12-cbc-sha-ejabberd.pcap",
    "tls12-resumption-prosody.pcap",
    "tls12-rsa-kx-cbc-prosody.pcap",
    "tls12-starttls-chacha-prosody.pcap",
    "tls12-starttls-gcm-ejabberd.pcap",
    "tls13-resumption-ejabberd.pcap",
    "tls13-starttls-prosody.pcap",
    "unicode-prosody.pcap",
]


# By itself tshark takes only port 5222 for XMPP.
OTHER_PORTS = [word for port in (5269, 5347, 15222) for word in ("-d", f"tcp.port=={port},xmpp")]


def stanzas_by_tshark(tshark: str, capture: Path, keys: list[object]) -> int:
    """Count the message, presence and iq items of tshark's dissection: each shows as one "1" of its field."""
    fields = ["-e", "xmpp.message", "-e", "xmpp.presence", "-e", "xmpp.iq", "-E", "occurrence=a", "-E", "aggregator=,"]
    preferences = [word for key in keys for word in ("-o", f"tls.keylog_file:{key}")]
    command = [tshark, "-r", str(capture), *OTHER_PORTS, *preferences, "-Y", "xmpp", "-T", "fields", *fields]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.replace(",", "\t").split().count("1")


@pytest.mark.parametrize("name", RECORDINGS)
def test_as_many_stanzas_as_tshark(
    name: str, captures: Path, tshark: str, xmppscope: Callable[..., subprocess.CompletedProcess[bytes]]
) -> None:
    capture = captures / name
    keys: list[object] = [path for path in [capture.with_suffix(".keys")] if path.exists()]
    done = xmppscope("read", "--format", "jsonl", *(["--keylog", *keys] if keys else []), capture)
    assert done.returncode == 0, done.stderr.decode()
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["stanzas"] == stanzas_by_tshark(tshark, capture, keys) > 0
