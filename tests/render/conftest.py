"""Records made by hand: what the renderers get from the analyzer, without the analyzer."""

from collections.abc import Callable
from typing import Any

import pytest

from xmppscope.model.timeline import Annotation, Connection, Diagnosis, Entry, Finding, Record

INI, REC = "initiating", "receiving"


def at(seconds: float) -> str:
    return f"2026-11-20T09:24:{56.436 + seconds:09.6f}Z"


def entry(number: int, seconds: float, connection: int, sender: str, what: str, summary: str, **more: Any) -> Entry:
    """An element's entry, or with ``kind:`` in front of *what* another one's."""
    kind, _, name = what.rpartition(":")
    fields: dict[str, Any] = {
        "stream": 1,
        "kind": kind or "nonza",
        "time": at(seconds),
        "end_time": at(seconds),
        "state": "open",
        "protection": "none",
        "name": name or None,
    }
    return Entry(entry=number, connection=connection, sender=sender, summary=summary, **(fields | more))


def opening(number: int, seconds: float, port: int, **more: Any) -> Connection:
    fields: dict[str, Any] = {
        "initiating": f"127.0.0.1:{port}",
        "receiving": "127.0.0.1:5222",
        "kind": "c2s",
        "transport": "tcp",
    }
    return Connection(connection=number, time=at(seconds), **(fields | more))


@pytest.fixture
def make() -> Callable[..., Entry]:
    return entry


@pytest.fixture
def connect() -> Callable[..., Connection]:
    return opening


@pytest.fixture
def login() -> list[Record]:
    """Two interleaved connections that log in under TLS, and talk."""
    tls: dict[str, Any] = {"protection": "TLSv1.3"}
    sasl = '<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="SCRAM-SHA-256">…</auth>'
    chat = (
        '<message type="chat" to="bob@prosody.test/tls-b" id="e542edfa2c3c40948af5f1ae6ffd341e" xml:lang="en">'
        "<body>Hello Bob, is the release ready? [tls13-starttls]</body></message>"
    )
    sm = {"ns": "urn:xmpp:sm:3"}
    return [
        opening(1, 0, 44420),
        entry(1, 0.001, 1, INI, "stream-open:stream", "open a stream to prosody.test", size=131, state="header-sent"),
        entry(2, 0.006, 1, REC, "stream-open:stream", "stream open, id c2229e66…", size=196, state="header-both"),
        entry(
            3, 0.006, 1, REC, "features", "offers STARTTLS, SASL, SASL2, registration", size=762, state="negotiating"
        ),
        Finding(
            rule="sasl2-in-clear",
            severity="error",
            time=at(0.006),
            connection=1,
            entries=[3],
            text="SASL2 is offered before TLS",
            spec="XEP-0388 §3",
        ),
        entry(4, 0.007, 1, INI, "starttls", "ask for TLS", size=52, state="tls"),
        entry(6, 0.009, 1, INI, "tls:", "offers TLS 1.3 for prosody.test, no ALPN", state="tls"),
        entry(
            11, 0.054, 1, INI, "auth", "SCRAM-SHA-256 client-first as alice", size=120, xml=sasl, redacted=True, **tls
        ),
        opening(2, 0.088, 44436),
        entry(
            19,
            0.083,
            1,
            REC,
            "stanza:iq",
            "bound alice@prosody.test/tls-a",
            type="result",
            answers=18,
            latency=0.0043,
            size=150,
            annotations=[Annotation("the server chose the resource", "RFC 6120 §7.6")],
            packets=(37, 37),
            **tls,
        ),
        entry(
            64,
            0.173,
            1,
            INI,
            "stanza:message",
            'to bob@…/tls-b: "Hello Bob, is the release ready? [tls13-starttls]"',
            size=173,
            xml=chat,
            packets=(81, 82),
            **tls,
        ),
        entry(65, 0.206, 2, REC, "stanza:presence", "from alice@…/tls-a: away", size=292, **tls),
        entry(68, 0.849, 2, REC, "a", "has received 5 of 6 · #65", size=32, **sm, **tls),
    ]


@pytest.fixture
def trouble() -> list[Record]:
    """A login that fails, missing bytes, a cut and a resumption, keepalives, and text that means harm."""
    return [
        opening(1, 0, 47606),
        entry(21, 0.219, 1, INI, "auth", "PLAIN as alice, password masked", size=88, state="sasl"),
        Finding(
            rule="sasl-mechanism-not-offered",
            severity="warning",
            time=at(0.22),
            connection=1,
            entries=[21],
            text="offered: SCRAM-SHA-1, SCRAM-SHA-256, PLAIN (#20)",
            spec="RFC 6120 §6.5.7",
        ),
        entry(22, 0.22, 1, REC, "failure", 'not-authorized: "Unable to authorize you with this password"', size=167),
        entry(23, 0.3, 1, REC, "stream-error:error", "host-unknown", size=90, state="closing"),
        entry(24, 0.31, 1, REC, "stream-close:stream", "stream closed", size=16, state="closed"),
        Diagnosis(
            connection=1,
            entries=[22, 26],
            text=(
                "alice did not get in: the server refused the password (PLAIN) and the proof made from it (SCRAM-SHA-1)"
                ": it is wrong, or there is no such account."
            ),
            advice="check the password; with --password alice@prosody.test:SECRET the proof in #25 is recomputed",
        ),
        opening(2, 0.4, 47610, kind="unknown"),
        entry(100, 0.576, 2, REC, "gap:", "bytes 3450–3578 are not in the capture", size=128),
        entry(101, 0.5, 2, REC, "opaque:", "no key for client random 4ea6a521…", protection="TLSv1.3", state="broken"),
        opening(2, 0.4, 47610, kind="c2s"),
        entry(102, 0.6, 2, INI, "malformed:", "mismatched tag, at byte 556", size=43),
        entry(103, 0.7, 2, INI, "keepalive:", "one white space character", size=1),
        entry(104, 1.7, 2, INI, "keepalive:", "one white space character", size=1),
        entry(105, 2.7, 2, INI, "keepalive:", "one white space character", size=1),
        entry(106, 2.8, 2, INI, "closed:", "reset by the client; the session can resume", state="broken"),
        entry(107, 2.9, 2, REC, "resumed", "resumed alice@prosody.test/sm; received 5", size=60),
        entry(
            10108,
            3.0,
            2,
            REC,
            "stanza:message",
            r'to bob@…: "\x1b[2Jgone \\o/ 日本語のとても長いテキストがここにあります"',
            size=4500,
        ),
        entry(10109, 3.1, 2, REC, "stanza:message", "from \x1b]0;owned\x07 \u202etxt", type="error", size=1_700_000),
    ]
