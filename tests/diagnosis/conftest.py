"""Conversations that end badly: readable lines in, diagnoses out."""

import re
from collections.abc import Callable, Mapping

import pytest

from xmppscope.analyzer import Analyzer
from xmppscope.diagnosis import Diagnoses
from xmppscope.model.timeline import Diagnosis, Entry, Record
from xmppscope.model.wire import Data, Ended, Lost, Opened
from xmppscope.tls.keylog import KeyStore

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
STREAM = "xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' version='1.0'"
NAMESPACE = {
    "sasl": "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'",
    "bind": "xmlns='urn:ietf:params:xml:ns:xmpp-bind'",
    "tls": "xmlns='urn:ietf:params:xml:ns:xmpp-tls'",
    "sm": "xmlns='urn:xmpp:sm:3'",
    "errors": "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'",
    "streams": "xmlns='urn:ietf:params:xml:ns:xmpp-streams'",
    "register": "xmlns='jabber:iq:register'",
    "ping": "<ping xmlns='urn:xmpp:ping'/>",
    "close": "</stream:stream>",
}
LINE = re.compile(r"([CS])(\d*)(?:: (.*)| (fin|rst|gap))", re.DOTALL)

# header, offer, in           a client's stream: both headers, then the features, then everything up to a bound resource
# offer 2                     the same on flow 2; without a number it is flow 1
# C: …, S2: …                 XML from the client, from the server on flow 2; {words} are replaced
# C fin, S rst, C gap         the end of a direction, or bytes that were not captured
# wait 5                      seconds pass


def header(kind: str = "client") -> list[str]:
    return [
        f"C: <stream:stream to='a.example' xmlns='jabber:{kind}' {STREAM}>",
        f"S: <stream:stream from='a.example' id='s' xmlns='jabber:{kind}' {STREAM}>",
    ]


MECHANISMS = "<mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism>"
OFFER = [*header(), f"S: <stream:features><mechanisms {{sasl}}>{MECHANISMS}</mechanisms></stream:features>"]
LOGIN = [
    *OFFER,
    "C: <auth {sasl} mechanism='PLAIN'>AGFsaWNlAHB3</auth>",
    "S: <success {sasl}/>",
    *header(),
    "S: <stream:features><bind {bind}/></stream:features>",
]
BEGINNINGS = {
    "header": header(),
    "offer": OFFER,
    "login": LOGIN,
    "in": [
        *LOGIN,
        "C: <iq type='set' id='b'><bind {bind}/></iq>",
        "S: <iq type='result' id='b'><bind {bind}><jid>alice@a.example/desk</jid></bind></iq>",
    ],
    "servers": header("server"),
    "component": [one.replace("a.example", "echo.a.example") for one in header("component:accept")],
}


class Told:
    """What came of a conversation."""

    def __init__(self, records: list[Record]) -> None:
        self.diagnoses = [record for record in records if isinstance(record, Diagnosis)]
        self.entries = [record for record in records if isinstance(record, Entry)]

    @property
    def texts(self) -> list[str]:
        return [diagnosis.text for diagnosis in self.diagnoses]

    @property
    def shows(self) -> list[list[str]]:
        """What the entries of each diagnosis are: their names, or kinds."""
        by = {entry.entry: entry for entry in self.entries}
        return [[by[one].name or by[one].kind for one in diagnosis.entries] for diagnosis in self.diagnoses]


@pytest.fixture
def tell() -> Callable[..., Told]:
    """Play lines and return the diagnoses."""

    def run(*lines: str, syn: bool = True, passwords: Mapping[str, str] | None = None) -> Told:
        analyzer = Analyzer(KeyStore(), observers=[Diagnoses(passwords)])
        time, flows = START, set[int]()
        records: list[Record] = []
        for number, line in enumerate(expanded(lines), 1):
            time += SECOND // 1000
            word, _, value = line.partition(" ")
            if word == "wait":
                time += int(value) * SECOND
                continue
            found = LINE.fullmatch(line)
            assert found is not None, line
            who, flow, xml, event = found[1], int(found[2] or 1), found[3], found[4]
            if flow not in flows:
                flows.add(flow)
                opened = Opened(flow, time, 0, f"192.0.2.1:{40000 + flow}", "192.0.2.2:5222", syn)
                records += analyzer.feed(opened)
            side = "CS".index(who)
            if event is None:
                data = NAMESPACES.sub(lambda word: NAMESPACE[word[1]], xml).encode()
                records += analyzer.feed(Data(flow, side, time, number, data))  # type: ignore[arg-type]
            elif event == "gap":
                records += analyzer.feed(Lost(flow, side, time, number, 20))  # type: ignore[arg-type]
            else:
                records += analyzer.feed(Ended(flow, side, time, number, event == "rst"))  # type: ignore[arg-type]
        return Told([*records, *analyzer.close()])

    return run


NAMESPACES = re.compile("{(" + "|".join(NAMESPACE) + ")}")


def expanded(lines: tuple[str, ...]) -> list[str]:
    """Replace beginnings by their lines."""
    out: list[str] = []
    for line in lines:
        word, _, flow = line.partition(" ")
        if word in BEGINNINGS:
            out += [one[0] + flow + one[1:] for one in BEGINNINGS[word]]
        else:
            out.append(line)
    return out
