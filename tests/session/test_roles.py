"""What an element alone tells about who sent it and on what kind of connection."""

from collections.abc import Callable

import pytest

from xmppscope.model.element import Element
from xmppscope.session.roles import kind_of, sent_by

SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
BIND = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
ROSTER = "<query xmlns='jabber:iq:roster'/>"
HEADER = "http://etherx.jabber.org/streams\nstream"


@pytest.mark.parametrize(
    ("xml", "sender"),
    [
        ("<stream:features/>", "receiving"),
        ("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "initiating"),
        ("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "receiving"),
        (f"<auth {SASL}/>", "initiating"),
        (f"<success {SASL}/>", "receiving"),
        ("<enable xmlns='urn:xmpp:sm:3'/>", "initiating"),
        ("<enabled xmlns='urn:xmpp:sm:3'/>", "receiving"),
        ("<inactive xmlns='urn:xmpp:csi:0'/>", "initiating"),
        ("<handshake>00</handshake>", "initiating"),
        ("<handshake/>", "receiving"),
        (f"<iq type='set'>{BIND}</iq>", "initiating"),
        (f"<iq type='result'>{BIND}</iq>", "receiving"),
        (f"<iq type='get'>{ROSTER}</iq>", "initiating"),
        ("<message to='juliet@a.example'/>", "initiating"),
        # Either end may have sent these.
        (f"<iq type='set'>{ROSTER}</iq>", None),
        ("<iq type='result' id='1'/>", None),
        ("<message from='juliet@a.example' to='romeo@b.example'/>", None),
        ("<presence/>", None),
        ("<r xmlns='urn:xmpp:sm:3'/>", None),
        ("<db:result type='valid'/>", None),
        ("<stream:error/>", None),
        ("<mystery/>", None),
    ],
)
def test_who_sent_it(parse: Callable[..., Element], xml: str, sender: str | None) -> None:
    assert sent_by(parse(xml)) == sender


@pytest.mark.parametrize(
    ("attrs", "sender"),
    [({"to": "a.example"}, "initiating"), ({"id": "s"}, "receiving"), ({"id": "", "to": "a.example"}, None)],
)
def test_a_response_header_has_an_id(attrs: dict[str, str], sender: str | None) -> None:
    assert sent_by(Element(HEADER, attrs, [])) == sender


@pytest.mark.parametrize(
    ("xml", "kind"),
    [
        ("<db:verify id='1'/>", "s2s"),
        ("<handshake/>", "component"),
        ("<active xmlns='urn:xmpp:csi:0'/>", "c2s"),
        (f"<iq type='set'>{BIND}</iq>", "c2s"),
        ("<iq type='set'><bind xmlns='urn:xmpp:component:0'/></iq>", "component"),
        ("<success xmlns='urn:xmpp:sasl:2'><bound xmlns='urn:xmpp:bind:0'/></success>", "c2s"),
        ("<success xmlns='urn:xmpp:sasl:2'/>", "unknown"),
        ("<message to='juliet@a.example'/>", "unknown"),
        ("<iq type='result' id='1'/>", "unknown"),
    ],
)
def test_what_kind_of_connection(parse: Callable[..., Element], xml: str, kind: str) -> None:
    assert kind_of(parse(xml)) == kind
