"""Conversations for trackers: readable lines in; the entries, the trackers and the report that come of them out."""

import re
from collections.abc import Callable

import pytest

from xmppscope.analyzer import Analyzer
from xmppscope.model.timeline import Entry, Record
from xmppscope.model.wire import Data, Ended, Opened, Released
from xmppscope.stats.figures import Statistics
from xmppscope.stats.report import ConnectionReport, Report
from xmppscope.tls.keylog import KeyStore
from xmppscope.xeps.trackers import Trackers

MILLISECOND = 1_000_000
START = 1_700_000_000_000 * MILLISECOND
STREAM = "xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' version='1.0'"
SM = "xmlns='urn:xmpp:sm:3'"
WORDS = {
    "sasl": "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'",
    "sasl2": "xmlns='urn:xmpp:sasl:2'",
    "s2s": STREAM,
    "sm": SM,
    "gateway": "xmlns='jabber:iq:gateway'",
    "register": "xmlns='jabber:iq:register'",
    "errors": "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'",
    "roster": "xmlns='jabber:iq:roster'",
    "muc": "<x xmlns='http://jabber.org/protocol/muc'/>",
    "user": "xmlns='http://jabber.org/protocol/muc#user'",
    "enabled": f"<enabled {SM} id='s1' resume='true'/>",
    "resumable": f"<enable {SM} resume='true'/>",
}

# open 1 alice@a.example/desk   a client's stream, bound; without a JID only the headers
# s2s 1                         a stream between servers; component 1 x.example: one of a component; bare 1: none yet
# C: …, S2: …                   XML from the initiating entity, from the receiving one on flow 2; {words} are replaced
# end 1, cut 1                  nothing more comes on a flow; the initiating entity resets it


class Played:
    """What came of a conversation."""

    def __init__(self, records: list[Record], report: Report, trackers: Trackers) -> None:
        self.entries = [record for record in records if isinstance(record, Entry)]
        self.report = report
        self.trackers = trackers

    @property
    def connection(self) -> ConnectionReport:
        return self.report.connections[0]

    @property
    def links(self) -> list[tuple[str, str, str]]:
        """Each link as (what it is on, its relation, what it leads to); elements by id, or by name."""
        by = {entry.entry: entry for entry in self.entries}
        return [(label(entry), link.rel, label(by[link.entry])) for entry in self.entries for link in entry.links or ()]

    @property
    def notes(self) -> list[str]:
        return [note.text for entry in self.entries if entry.kind != "tls" for note in entry.annotations or ()]


def label(entry: Entry) -> str:
    return entry.id or str(entry.name)


class Stage:
    def __init__(self) -> None:
        self.trackers = Trackers()
        self.statistics = Statistics(self.trackers)
        self.analyzer = Analyzer(KeyStore(), observers=[self.statistics, self.trackers])
        self.records: list[Record] = []
        self.now = START
        self.flows: set[int] = set()

    def play(self, script: str) -> Played:
        for line in filter(None, map(str.strip, script.splitlines())):
            self.line(line)
        for flow in sorted(self.flows):
            self.direct("end", str(flow))
        self.records += self.analyzer.close()
        self.records.append(self.analyzer.summary(0, len(self.flows)))
        self.statistics.records(self.records)
        return Played(self.records, self.statistics.report("test"), self.trackers)

    def line(self, line: str) -> None:
        said = re.match(r"([CS])(\d*): (.*)", line)
        if said:
            self.say(said[1], int(said[2] or 1), said[3])
        else:
            self.direct(*line.split())

    def say(self, who: str, flow: int, xml: str) -> None:
        self.now += MILLISECOND
        text = re.sub(r"\{([a-z0-9]+)\}", lambda found: WORDS[found[1]], xml)
        self.records += self.analyzer.feed(Data(flow, 0 if who == "C" else 1, self.now, 0, text.encode()))

    def direct(self, what: str, flow: str, jid: str = "") -> None:
        number = int(flow)
        if what == "end":
            self.records += self.analyzer.feed(Released(number, self.now, "end"))
            self.flows.discard(number)
        elif what == "cut":
            self.records += self.analyzer.feed(Ended(number, 0, self.now, 0, True))
        elif what == "wait":
            self.now += number * 1000 * MILLISECOND
        else:
            self.flows.add(number)
            self.analyzer.feed(Opened(number, self.now, 0, f"192.0.2.1:{40000 + number}", "192.0.2.2:5222", True))
            getattr(self, what)(number, jid)

    def open(self, flow: int, jid: str) -> None:
        self.say("C", flow, f"<stream:stream to='a.example' xmlns='jabber:client' {STREAM}>")
        self.say("S", flow, f"<stream:stream from='a.example' id='i' xmlns='jabber:client' {STREAM}>")
        if jid:
            bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
            self.say("C", flow, f"<iq type='set' id='bind'>{bind}</bind></iq>")
            self.say("S", flow, f"<iq type='result' id='bind'>{bind}<jid>{jid}</jid></bind></iq>")

    def s2s(self, flow: int, _jid: str) -> None:
        self.say("C", flow, f"<stream:stream from='b.example' to='a.example' xmlns='jabber:server' {STREAM}>")
        self.say("S", flow, f"<stream:stream from='a.example' id='i' xmlns='jabber:server' {STREAM}>")

    def bare(self, flow: int, _jid: str) -> None:
        """Leave the headers to the script."""

    def component(self, flow: int, jid: str) -> None:
        self.say("C", flow, f"<stream:stream to='{jid}' xmlns='jabber:component:accept' {STREAM}>")
        self.say("S", flow, f"<stream:stream from='{jid}' id='i' xmlns='jabber:component:accept' {STREAM}>")


@pytest.fixture
def stage() -> type[Stage]:
    """What conversations are played on."""
    return Stage


@pytest.fixture
def watch() -> Callable[[str], Stage]:
    """Play a conversation that does not end: what is known of its connections can be asked."""

    def run(script: str) -> Stage:
        stage = Stage()
        for line in filter(None, map(str.strip, script.splitlines())):
            stage.line(line)
        return stage

    return run


@pytest.fixture
def play() -> Callable[[str], Played]:
    """Play a conversation with trackers and statistics looking on."""
    return lambda script: Stage().play(script)
