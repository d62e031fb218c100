"""What one client and its server say to each other: a seeded, endless supply of realistic XMPP.

Each conversation logs in (SCRAM, bind, roster, disco, presence of the contacts), goes on with chat, presence, room
traffic, pings and archive pages, and closes in order. The mixture is that of a busy server seen on one port: most
bytes come from the server, often several stanzas in one write. SCRAM messages have their form and random content.
"""

import base64
import random
from collections.abc import Iterator
from typing import Final, NamedTuple

CLIENT: Final = 0
SERVER: Final = 1
DOMAIN: Final = "bench.example"
# Some of the words are longer on the wire than they look, and some are escaped.
TEXT: Final = (
    "the and you that was for are with have this from they will one about there when your can what said each which "
    "their time how other out many then them these some her would make like him into has look more write go see "
    "number way could people than first water been call who oil its now find long down day did get come made may "
    "build broken release server tomorrow lunch meeting deploy ticket review train coffee Grüße naïve 東京 👍 &lt;3"
)
WORDS: Final = TEXT.split()


class Write(NamedTuple):
    """What one end hands to its socket at once, `pause` seconds after what came before."""

    pause: float
    side: int
    data: bytes
    stanzas: int = 0


class Secure(NamedTuple):
    """The place where both ends turn to TLS."""


Step = Write | Secure


class Conversation:
    """One client's whole connection as a series of writes; `stanzas` is how many message, presence and iq to make."""

    def __init__(self, number: int, stanzas: int, seed: int, *, tls: bool) -> None:
        self._random = random.Random(f"{seed}/{number}")
        self._user = f"user{number}"
        self._full = f"{self._user}@{DOMAIN}/{self._random.getrandbits(40):010x}"
        self._contacts = [f"user{self._random.randrange(5000)}@{DOMAIN}" for _ in range(self._random.randint(4, 24))]
        self._rooms = [f"room{self._random.randrange(300)}@rooms.{DOMAIN}" for _ in range(2)]
        self._left = stanzas
        self._tls = tls

    def __iter__(self) -> Iterator[Step]:
        """Yield everything that both ends write, in order."""
        for step in self._all():
            if isinstance(step, Write):
                self._left -= step.stanzas
            yield step

    def _all(self) -> Iterator[Step]:
        if self._tls:
            yield from self._headers("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>")
            yield Write(0.001, CLIENT, b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
            yield Write(0.001, SERVER, b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
            yield Secure()
        yield from self._login()
        acts = (self._hear, self._say, self._ping, self._room, self._presences, self._disco, self._archive, self._idle)
        weights = (16, 12, 7, 33, 23, 3, 4, 2)
        while self._left > 0:
            yield from self._random.choices(acts, weights)[0]()
        yield Write(0.5, CLIENT, b"</stream:stream>")
        yield Write(0.001, SERVER, b"</stream:stream>")

    def _headers(self, features: str) -> Iterator[Step]:
        space = "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'"
        yield Write(0.001, CLIENT, f"<?xml version='1.0'?><stream:stream {space} to='{DOMAIN}'>".encode())
        header = f"<?xml version='1.0'?><stream:stream {space} from='{DOMAIN}' id='{self._id()}' xml:lang='en'>"
        yield Write(0.001, SERVER, f"{header}<stream:features>{features}</stream:features>".encode())

    def _login(self) -> Iterator[Step]:
        sasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
        mechanisms = "<mechanism>SCRAM-SHA-256</mechanism><mechanism>SCRAM-SHA-1</mechanism>"
        yield from self._headers(f"<mechanisms {sasl}>{mechanisms}</mechanisms>")
        nonce, more, proof = self._secret(18), self._secret(18), self._secret(32)
        first = _base64(f"n,,n={self._user},r={nonce}")
        challenge = _base64(f"r={nonce}{more},s={self._secret(16)},i=10000")
        response = _base64(f"c=biws,r={nonce}{more},p={proof}")
        yield Write(0.002, CLIENT, f"<auth {sasl} mechanism='SCRAM-SHA-256'>{first}</auth>".encode())
        yield Write(0.003, SERVER, f"<challenge {sasl}>{challenge}</challenge>".encode())
        yield Write(0.020, CLIENT, f"<response {sasl}>{response}</response>".encode())
        yield Write(0.002, SERVER, f"<success {sasl}>{_base64('v=' + self._secret(32))}</success>".encode())
        yield from self._headers("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/>")
        bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
        resource = self._full.rpartition("/")[2]
        yield from self._ask(
            "set", f"{bind}<resource>{resource}</resource></bind>", f"{bind}<jid>{self._full}</jid></bind>"
        )
        items = "".join(f"<item jid='{jid}' subscription='both' name='{jid[:8]}'/>" for jid in self._contacts)
        roster = "<query xmlns='jabber:iq:roster'"
        yield from self._ask("get", f"{roster}/>", f"{roster} ver='{self._id()}'>{items}</query>")
        yield from self._disco()
        yield Write(0.001, CLIENT, f"<presence>{self._caps()}</presence>".encode(), 1)
        yield self._many(0.004, [self._presence(jid) for jid in self._contacts])

    def _ask(self, kind: str, request: str, result: str, to: str = "") -> Iterator[Step]:
        id_ = self._id()
        target, source = (f" to='{to}'", f" from='{to}'") if to else ("", "")
        yield Write(0.002, CLIENT, f"<iq type='{kind}' id='{id_}'{target}>{request}</iq>".encode(), 1)
        answer = f"<iq type='result' id='{id_}'{source} to='{self._full}'>{result}</iq>"
        yield Write(self._random.uniform(0.0003, 0.02), SERVER, answer.encode(), 1)

    def _say(self) -> Iterator[Step]:
        to, id_ = self._contact(), self._id()
        state = "<active xmlns='http://jabber.org/protocol/chatstates'/>"
        extra = f"{state}<request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>"
        text = f"<message type='chat' to='{to}' id='{id_}'><body>{self._text()}</body>{extra}</message>"
        yield Write(self._random.expovariate(0.5), CLIENT, text.encode(), 1)
        if self._random.random() < 0.6:
            received = f"<received xmlns='urn:xmpp:receipts' id='{id_}'/>"
            back = f"<message from='{to}/phone' to='{self._full}' id='{self._id()}'>{received}</message>"
            yield Write(self._random.uniform(0.01, 0.3), SERVER, back.encode(), 1)

    def _hear(self) -> Iterator[Step]:
        count = 1 if self._random.random() < 0.7 else self._random.randint(2, 6)
        yield self._many(self._random.expovariate(0.5), [self._message(self._contact()) for _ in range(count)])

    def _room(self) -> Iterator[Step]:
        room = self._random.choice(self._rooms)
        texts = []
        for _ in range(self._random.randint(1, 12)):
            nick = self._contact().partition("@")[0]
            stanza = f"<stanza-id xmlns='urn:xmpp:sid:0' by='{room}' id='{self._id()}'/>"
            head = f"<message type='groupchat' from='{room}/{nick}' to='{self._full}' id='{self._id()}'>"
            texts.append(f"{head}<body>{self._text()}</body>{stanza}</message>")
        yield self._many(self._random.expovariate(0.5), texts)

    def _presences(self) -> Iterator[Step]:
        count = self._random.randint(1, 9)
        yield self._many(self._random.expovariate(0.5), [self._presence(self._contact()) for _ in range(count)])

    def _ping(self) -> Iterator[Step]:
        yield from self._ask("get", "<ping xmlns='urn:xmpp:ping'/>", "", DOMAIN)

    def _disco(self) -> Iterator[Step]:
        space = "xmlns='http://jabber.org/protocol/disco#info'"
        names = ("disco#items", "muc", "pubsub", "caps", "commands", "rsm", "bytestreams", "chatstates")
        features = "".join(f"<feature var='http://jabber.org/protocol/{name}'/>" for name in names)
        identity = "<identity category='server' type='im' name='bench'/>"
        yield from self._ask("get", f"<query {space}/>", f"<query {space}>{identity}{features}</query>", DOMAIN)

    def _archive(self) -> Iterator[Step]:
        id_, query, to = self._id(), self._id(), self._full
        mam = f"xmlns='urn:xmpp:mam:2' queryid='{query}'"
        page = "<set xmlns='http://jabber.org/protocol/rsm'><max>20</max></set>"
        ask = f"<iq type='set' id='{id_}'><query {mam}>{page}</query></iq>"
        yield Write(0.1, CLIENT, ask.encode(), 1)
        found = []
        for _ in range(self._random.randint(4, 20)):
            delay = f"<delay xmlns='urn:xmpp:delay' stamp='2026-11-{self._random.randint(1, 19):02d}T10:00:00Z'/>"
            forwarded = (
                f"<forwarded xmlns='urn:xmpp:forward:0'>{delay}{self._message(self._contact(), True)}</forwarded>"
            )
            result = f"<result {mam} id='{self._id()}'>{forwarded}</result>"
            found.append(f"<message to='{to}'>{result}</message>")
        end = "<fin xmlns='urn:xmpp:mam:2' complete='true'><set xmlns='http://jabber.org/protocol/rsm'/></fin>"
        found.append(f"<iq type='result' id='{id_}' to='{to}'>{end}</iq>")
        yield self._many(0.005, found)

    def _idle(self) -> Iterator[Step]:
        yield Write(30.0, CLIENT, b" ")

    def _many(self, pause: float, stanzas: list[str]) -> Write:
        return Write(pause, SERVER, "".join(stanzas).encode(), len(stanzas))

    def _message(self, sender: str, client: bool = False) -> str:
        space = " xmlns='jabber:client'" if client else ""
        state = "<active xmlns='http://jabber.org/protocol/chatstates'/>"
        extra = f"{state}<origin-id xmlns='urn:xmpp:sid:0' id='{self._id()}'/>"
        head = f"<message{space} type='chat' from='{sender}/desk' to='{self._full}' id='{self._id()}'>"
        return f"{head}<body>{self._text()}</body>{extra}</message>"

    def _presence(self, jid: str) -> str:
        show = self._random.choice(("", "<show>away</show>", "<show>dnd</show><status>in a meeting</status>"))
        return f"<presence from='{jid}/phone' to='{self._full}'>{show}{self._caps()}</presence>"

    def _caps(self) -> str:
        space = "xmlns='http://jabber.org/protocol/caps'"
        return f"<c {space} hash='sha-1' node='https://client.example' ver='{self._secret(20)}'/>"

    def _contact(self) -> str:
        return self._random.choice(self._contacts)

    def _text(self) -> str:
        return " ".join(self._random.choices(WORDS, k=min(int(self._random.lognormvariate(2.2, 0.9)) + 1, 400)))

    def _id(self) -> str:
        return f"{self._random.getrandbits(64):016x}"

    def _secret(self, length: int) -> str:
        return base64.b64encode(self._random.randbytes(length)).decode()


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
