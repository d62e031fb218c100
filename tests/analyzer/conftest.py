"""Conversations to write tests with: readable lines in, the timeline that the analyzer makes of them out."""

import contextlib
import re
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from xmppscope.analyzer import Analyzer
from xmppscope.model.timeline import INITIATING, Connection, Entry, Record, Summary
from xmppscope.model.wire import Data, Ended, Lost, Opened, Released, WireEvent
from xmppscope.render.jsonl import JsonLines
from xmppscope.tls.keylog import KeyStore

MILLISECOND = 1_000_000
START = 1_700_000_000_000 * MILLISECOND
SIDES = {"C": 0, "S": 1}
STREAM = "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'"
SERVERS = (
    "xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' "
    "version='1.0'"
)
SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
TLS = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'"
COMPRESS = "xmlns='http://jabber.org/protocol/compress'"
BIND = "xmlns='urn:ietf:params:xml:ns:xmpp-bind'"
WORDS = {
    "header": f"<?xml version='1.0'?><stream:stream to='a.example' {STREAM}>",
    "response": f"<?xml version='1.0'?><stream:stream from='a.example' id='s1' {STREAM}>",
    "s2s-header": f"<stream:stream from='b.example' to='a.example' {SERVERS}>",
    "s2s-response": f"<stream:stream from='a.example' to='b.example' id='s1' {SERVERS}>",
    "close": "</stream:stream>",
    "features": "<stream:features/>",
    "starttls": f"<starttls {TLS}/>",
    "proceed": f"<proceed {TLS}/>",
    "tls-failure": f"<failure {TLS}/>",
    "compress": f"<compress {COMPRESS}><method>zlib</method></compress>",
    "compressed": f"<compressed {COMPRESS}/>",
    "compress-failure": f"<failure {COMPRESS}><setup-failed/></failure>",
    "auth": f"<auth {SASL} mechanism='PLAIN'>AGEAc2VjcmV0</auth>",
    "success": f"<success {SASL}/>",
    "bind": f"<iq type='set' id='b1'><bind {BIND}><resource>r</resource></bind></iq>",
    "bound": f"<iq type='result' id='b1'><bind {BIND}><jid>a@a.example/r</jid></bind></iq>",
}
LINE = re.compile(r"\s*([CS])(\d*)(\+?) (.*)")

# A conversation is one line per segment:
#
#   C: <presence/>       the initiating side's next segment: XML, or a {word} from WORDS or from the arguments
#   S+: <r/>             more bytes in the same segment as the line before
#   C gap 20             20 bytes are missing
#   S fin, C rst         the end of one side
#   C2: …, open 2        another flow; the first one, 1, opens by itself


class Timeline:
    """What an analyzer told."""

    def __init__(self, records: list[Record], summary: Summary, ignored: list[int]) -> None:
        self.records = records
        self.summary = summary
        self.ignored = ignored

    @property
    def entries(self) -> list[Entry]:
        return [record for record in self.records if isinstance(record, Entry)]

    @property
    def connections(self) -> list[Connection]:
        return [record for record in self.records if isinstance(record, Connection)]

    @property
    def lines(self) -> bytes:
        """The JSON Lines."""
        return JsonLines().render([*self.records, self.summary])

    def rows(self, *fields: str) -> list[tuple[object, ...]]:
        """The named fields of all entries; `sender` is C or S."""
        return [tuple(sender(e) if f == "sender" else getattr(e, f) for f in fields) for e in self.entries]

    @property
    def told(self) -> list[str]:
        """One line for each entry: who sent what, and the state after it."""
        return [f"{sender(entry)} {what(entry)}, {entry.state}" for entry in self.entries]


def sender(entry: Entry) -> str:
    return "C" if entry.sender == INITIATING else "S"


def what(entry: Entry) -> str:
    if entry.kind in ("stanza", "nonza"):
        return str(entry.name)
    return entry.kind


class Talk:
    """Feeds wire events into one analyzer, a packet each, one millisecond apart."""

    def __init__(self, keys: KeyStore | None = None, *, show_secrets: bool = False, files: int = 1) -> None:
        self.keys = keys or KeyStore()
        self.analyzer = Analyzer(self.keys, show_secrets=show_secrets, files=files)
        self.records: list[Record] = []
        self.ignored: list[int] = []
        self.packet = 0
        self.now = START
        self.flows: set[int] = set()

    def feed(self, event: WireEvent) -> list[Record]:
        made = self.analyzer.feed(event)
        self.records += made
        self.ignored += self.analyzer.ignored
        self.analyzer.ignored.clear()
        return made

    def tick(self) -> None:
        self.packet += 1
        self.now += MILLISECOND

    def open(self, flow: int = 1, *, syn: bool = True, port: int = 5222) -> None:
        self.flows.add(flow)
        self.feed(Opened(flow, self.now, self.packet, f"192.0.2.1:{40000 + flow}", f"192.0.2.2:{port}", syn))

    def send(self, who: str, data: bytes, flow: int = 1) -> list[Record]:
        self.tick()
        return self.feed(Data(flow, SIDES[who], self.now, self.packet, data))

    def lose(self, who: str, length: int, flow: int = 1) -> list[Record]:
        self.tick()
        return self.feed(Lost(flow, SIDES[who], self.now, self.packet, length))

    def end(self, who: str, flow: int = 1, *, reset: bool = False) -> list[Record]:
        self.tick()
        return self.feed(Ended(flow, SIDES[who], self.now, self.packet, reset))

    def close(self) -> Timeline:
        for flow in sorted(self.flows):
            self.feed(Released(flow, self.now, "end"))
        self.records += self.analyzer.close()
        summary = self.analyzer.summary(self.packet, len(self.flows))
        return Timeline(self.records, summary, self.ignored)


def segments(script: str, words: dict[str, bytes]) -> Iterator[tuple[str, int, str | bytes]]:
    """Yield who, on which flow, and either bytes or an event in words."""
    waiting: tuple[str, int, bytes] | None = None
    for line in filter(None, map(str.strip, script.splitlines())):
        head, _, rest = line.partition(" ")
        who, flow = head[0], int(head[1:].rstrip("+:") or 1)
        if not head.endswith(":"):
            if waiting is not None:
                yield waiting
            waiting = None
            yield who, flow, rest
            continue
        data = filled(rest, words)
        if "+" in head and waiting is not None:
            waiting = (*waiting[:2], waiting[2] + data)
            continue
        if waiting is not None:
            yield waiting
        waiting = who, flow, data
    if waiting is not None:
        yield waiting


def filled(text: str, words: dict[str, bytes]) -> bytes:
    """Replace {words}; what is no word stays."""
    parts = re.split(rb"\{([a-z0-9-]+)\}", text.encode())
    return b"".join(words.get(part.decode(), b"{%s}" % part) if at % 2 else part for at, part in enumerate(parts))


@pytest.fixture(scope="session")
def words() -> dict[str, bytes]:
    """The bytes that a script calls by a name."""
    return {name: text.encode() for name, text in WORDS.items()}


@pytest.fixture(scope="session")
def fill(words: dict[str, bytes]) -> Callable[..., bytes]:
    """Turn a line of a script into its bytes."""
    return lambda text, **own: filled(text, words | own)


@pytest.fixture(scope="session")
def talk() -> type[Talk]:
    return Talk


@pytest.fixture(scope="session")
def play(words: dict[str, bytes]) -> Callable[..., Timeline]:
    """Play a script; `syn` tells whether the beginning was captured, `split` cuts segments to that many bytes."""

    def run(
        script: str,
        *,
        syn: bool = True,
        port: int = 5222,
        split: int = 0,
        keys: KeyStore | None = None,
        show_secrets: bool = False,
        **own: bytes,
    ) -> Timeline:
        talk = Talk(keys, show_secrets=show_secrets)
        for who, flow, step in segments(script, words | own):
            if flow not in talk.flows:
                talk.open(flow, syn=syn, port=port)
            if isinstance(step, bytes):
                for at in range(0, len(step), split or len(step) or 1):
                    talk.send(who, step[at : at + split] if split else step, flow)
            elif step.startswith("gap "):
                talk.lose(who, int(step[4:]), flow)
            else:
                talk.end(who, flow, reset=step == "rst")
        return talk.close()

    return run


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for a.example and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a.example")])
    began = datetime(2023, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(began)
        .not_valid_after(began + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("a.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    chain, private = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return chain, private


class TlsPair:
    """Both ends of one real TLS connection; `keylog` holds its secrets once the handshake is done."""

    def __init__(self, client: ssl.SSLContext, server: ssl.SSLContext, keylog: Path) -> None:
        self._keylog = keylog
        self._client_in, self._client_out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._server_in, self._server_out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._ends = {
            "C": client.wrap_bio(self._client_in, self._client_out, server_hostname="a.example"),
            "S": server.wrap_bio(self._server_in, self._server_out, server_side=True),
        }

    @property
    def keys(self) -> KeyStore:
        store = KeyStore()
        store.add(self._keylog.read_bytes(), "keys.log")
        return store

    def flights(self) -> list[tuple[str, bytes]]:
        """Shake hands; return who sent what."""
        sent: list[tuple[str, bytes]] = []
        done: set[str] = set()
        while len(done) < 2:
            for who in "CS":
                try:
                    self._ends[who].do_handshake()
                    done.add(who)
                except ssl.SSLWantReadError:
                    pass
                sent += self._carry(who)
        self._read("C")
        return [*sent, *self._carry("C")]

    def send(self, who: str, data: bytes) -> bytes:
        """Return the records that carry *data*."""
        self._ends[who].write(data)
        sent = b"".join(part for _, part in self._carry(who))
        self._read("S" if who == "C" else "C")
        return sent

    def bye(self, who: str) -> bytes:
        """Return a close_notify."""
        with contextlib.suppress(ssl.SSLWantReadError):
            self._ends[who].unwrap()
        return b"".join(part for _, part in self._carry(who))

    def _carry(self, who: str) -> list[tuple[str, bytes]]:
        data = (self._client_out if who == "C" else self._server_out).read()
        (self._server_in if who == "C" else self._client_in).write(data)
        return [(who, data)] if data else []

    def _read(self, who: str) -> None:
        try:
            while self._ends[who].read(65536):
                pass
        except ssl.SSLError:
            pass


@pytest.fixture(scope="session")
def tls_ends() -> type[TlsPair]:
    """Make both ends of a TLS connection of these contexts, the first of which writes the key log."""
    return TlsPair


@pytest.fixture(scope="session")
def tls_pair(certificate: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., TlsPair]:
    """Make both ends of a TLS connection."""

    def make(*, alpn: list[str] | None = None, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> TlsPair:
        keylog = tmp_path_factory.mktemp("keys") / "keys.log"
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.load_verify_locations(certificate[0])
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(*certificate)
        for context in (client, server):
            context.minimum_version = context.maximum_version = version
            if alpn:
                context.set_alpn_protocols(alpn)
        client.keylog_filename = str(keylog)
        return TlsPair(client, server, keylog)

    return make


@pytest.fixture(scope="session")
def decode() -> Callable[[bytes], list[Record]]:
    """Read JSON Lines back into records."""
    decoder = msgspec.json.Decoder(Record)
    return decoder.decode_lines
