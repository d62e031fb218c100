"""What the client and the server of the load say to each other up to the point where messages can pass.

Both know the script, so neither parses XML: an end knows by the last bytes that the other one has finished. SASL is
PLAIN; whoever logs in is let in. Once a resource is bound the server sends back every byte it gets, except that `sink`
has it swallow the number of bytes that are named there.
"""

import base64
import re
from typing import Final, NamedTuple

from benchmarks.conversation import DOMAIN

_SPACES: Final = "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'"
_TLS: Final = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'"
_SASL: Final = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
_BIND: Final = "xmlns='urn:ietf:params:xml:ns:xmpp-bind'"
_PLAIN: Final = base64.b64encode(b"\0load\0no secret").decode()
_WORDS: Final = "The release is built, two tests are still to pass, and then it goes out: "
SINK: Final = "urn:xmppscope:benchmarks:sink"
SUNK: Final = b"<iq type='result' id='sink'/>"
CLOSE: Final = b"</stream:stream>"


class Exchange(NamedTuple):
    """What the client says, the last bytes of it, what the server answers, and the last bytes of that."""

    question: bytes
    question_end: bytes
    answer: bytes
    answer_end: bytes


def _headers(features: str) -> Exchange:
    to = f"to='{DOMAIN}'>".encode()
    end = b"</stream:features>"
    opened = f"<?xml version='1.0'?><stream:stream {_SPACES} from='{DOMAIN}' id='load' xml:lang='en'>"
    answer = f"{opened}<stream:features>{features}".encode() + end
    return Exchange(f"<?xml version='1.0'?><stream:stream {_SPACES} ".encode() + to, to, answer, end)


def _said(question: str, answer: str) -> Exchange:
    """Return an exchange of one element each, whose last tag tells the end."""
    ends = [text[text.rindex("<") :].encode() for text in (question, answer)]
    return Exchange(question.encode(), ends[0], answer.encode(), ends[1])


STARTTLS: Final = (
    _headers(f"<starttls {_TLS}><required/></starttls>"),
    _said(f"<starttls {_TLS}/>", f"<proceed {_TLS}/>"),
)
LOGIN: Final = (
    _headers(f"<mechanisms {_SASL}><mechanism>PLAIN</mechanism></mechanisms>"),
    _said(f"<auth {_SASL} mechanism='PLAIN'>{_PLAIN}</auth>", f"<success {_SASL}/>"),
    _headers(f"<bind {_BIND}/>"),
    # The server fills in the resource: the number of the connection.
    _said(
        f"<iq type='set' id='bind'><bind {_BIND}/></iq>",
        f"<iq type='result' id='bind'><bind {_BIND}><jid>load@{DOMAIN}/%d</jid></bind></iq>",
    ),
)


def message(connection: int, length: int = 80) -> bytes:
    """Return a message with a body of *length* characters; it has a `%d` where its number goes."""
    body = (_WORDS * (length // len(_WORDS) + 1))[:length]
    head = f"<message type='chat' id='{connection}-%d' to='load@{DOMAIN}/{connection}'>"
    return f"{head}<body>{body}</body></message>".encode()


def sink(size: int) -> bytes:
    """Return the request to swallow the next *size* bytes and then to answer."""
    return f"<iq type='set' id='sink'><sink xmlns='{SINK}' bytes='{size}'/></iq>".encode()


def sunk(data: bytes) -> int | None:
    """Return how many bytes behind *data*, if that begins with such a request, are to be swallowed."""
    if not data.startswith(b"<iq type='set' id='sink'>"):
        return None
    found = re.search(rb" bytes='(\d+)'/></iq>", data)
    # A proxy may send what followed the request in one record with it.
    return int(found[1]) - (len(data) - found.end()) if found else None
