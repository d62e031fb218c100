"""What the elements of a negotiation do, in the words that a reader sees; a conversation is summarised in its order."""

import base64
from collections.abc import Callable

import pytest

from xmppscope.explain.summary import Context, summarize, summarize_header
from xmppscope.model.element import Element

Parse = Callable[..., Element]
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
SASL2 = "urn:xmpp:sasl:2"
FEATURES = (
    "<stream:features><authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism></authentication>{}"
    "<register xmlns='http://jabber.org/features/iq-register'/>"
    f"<mechanisms xmlns='{SASL}'><mechanism>SCRAM-SHA-256</mechanism><mechanism>PLAIN</mechanism></mechanisms>"
    "</stream:features>"
)
STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def talk(parse: Parse, context: Context, *lines: tuple[str, str]) -> list[str]:
    """Summarise the elements; ``>`` is sent by the initiating entity, ``<`` by the receiving one."""
    sides = {">": "initiating", "<": "receiving"}
    return [summarize(parse(xml), sides[side], context) for side, xml in lines]


LOGIN = (
    (">", "<stream:stream to='prosody.test' version='1.0'>"),
    ("<", "<stream:stream from='prosody.test' id='c2229e66-b721-45aa' version='1.0'>"),
    ("<", FEATURES.format(STARTTLS)),
    (">", STARTTLS),
    ("<", "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
    (">", "<stream:stream to='prosody.test' version='1.0'>"),
    ("<", "<stream:stream from='prosody.test' id='abc' version='1.0'>"),
    ("<", FEATURES.format("")),
    (">", f"<auth xmlns='{SASL}' mechanism='SCRAM-SHA-256'>{b64('n,,n=alice,r=1')}</auth>"),
    ("<", f"<challenge xmlns='{SASL}'>{b64('r=12,s=c2FsdA==,i=10000')}</challenge>"),
    (">", f"<response xmlns='{SASL}'>{b64('c=biws,r=12,p=cHJvb2Y=')}</response>"),
    ("<", f"<success xmlns='{SASL}'>{b64('v=c2lnbmF0dXJl')}</success>"),
    (">", "<stream:stream to='prosody.test' version='1.0'>"),
    (
        ">",
        "<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>tls-a</resource></bind></iq>",
    ),
    (
        "<",
        "<iq type='result' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>alice@prosody.test/tls-a</jid>"
        "</bind></iq>",
    ),
    (">", "<presence/>"),
    (">", "<iq type='get' id='2'><query xmlns='jabber:iq:roster'/></iq>"),
    (">", "<message to='bob@prosody.test/tls-b' type='chat'><body>Hello Bob</body></message>"),
)


def test_a_login(element: Parse) -> None:
    assert talk(element, Context(), *LOGIN) == [
        "open a stream to prosody.test",
        "stream open, id c2229e66…",
        "offers STARTTLS, SASL, SASL2, registration",
        "ask for TLS",
        "go ahead: TLS begins with the next byte",
        "open a stream to prosody.test (after TLS)",
        "stream open, id abc",
        "offers SASL, SASL2, registration",
        "SCRAM-SHA-256 client-first as alice",
        "SCRAM server-first: 10000 iterations",
        "SCRAM client-final, proof masked",
        "alice is logged in, signature masked",
        "open a stream to prosody.test (after login)",
        'bind resource "tls-a"',
        "bound alice@prosody.test/tls-a",
        "available",
        "get the roster",
        'to bob@…/tls-b: "Hello Bob"',
    ]


def test_a_login_with_its_secrets(element: Parse) -> None:
    shown = talk(element, Context(show_secrets=True), *LOGIN)
    assert shown[10] == 'SCRAM client-final, proof "c=biws,r=12,p=cHJvb2Y="'
    assert shown[11] == 'alice is logged in, SCRAM server-final, signature "v=c2lnbmF0dXJl"'
    plain = f"<auth xmlns='{SASL}' mechanism='PLAIN'>{b64(chr(0) + 'alice' + chr(0) + 's3cret')}</auth>"
    assert talk(element, Context(show_secrets=True), (">", plain)) == ['PLAIN as alice, password "s3cret"']


def test_a_login_that_fails(element: Parse) -> None:
    denied = f"<failure xmlns='{SASL}'><not-authorized/><text>Unable to authorize you</text></failure>"
    lines = (
        ("<", FEATURES.format("")),
        (">", f"<auth xmlns='{SASL}' mechanism='PLAIN'>{b64(chr(0) + 'alice' + chr(0) + 'x')}</auth>"),
        ("<", denied),
        (">", f"<auth xmlns='{SASL}' mechanism='X-UNHEARD-OF'/>"),
        ("<", f"<failure xmlns='{SASL}'><invalid-mechanism/></failure>"),
        (">", f"<auth xmlns='{SASL}' mechanism='DIGEST-MD5'>{b64('data')}</auth>"),
        (">", f"<abort xmlns='{SASL}'/>"),
        ("<", f"<failure xmlns='{SASL}'/>"),
    )
    assert talk(element, Context(), *lines) == [
        "offers SASL, SASL2, registration",
        "PLAIN as alice, password masked",
        'not-authorized: "Unable to authorize you"',
        "X-UNHEARD-OF, which was not offered",
        "invalid-mechanism",
        "DIGEST-MD5, data masked; not offered",
        "give up this attempt",
        "no condition given",
    ]


def test_sasl2(element: Parse) -> None:
    token = "<token xmlns='urn:xmpp:fast:0' token='secret'/>"
    lines = (
        (
            ">",
            f"<authenticate xmlns='{SASL2}' mechanism='PLAIN'><initial-response>{b64(chr(0) + 'alice' + chr(0) + 'x')}"
            "</initial-response><bind xmlns='urn:xmpp:bind:0'><tag>Lab</tag></bind>"
            "<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/></authenticate>",
        ),
        (
            "<",
            f"<success xmlns='{SASL2}'><authorization-identifier>alice@prosody.test/Lab~1</authorization-identifier>"
            f"<bound xmlns='urn:xmpp:bind:0'/>{token}</success>",
        ),
        (
            ">",
            f"<authenticate xmlns='{SASL2}' mechanism='HT-SHA-256-NONE'><initial-response>{b64('alice' + chr(0) + 'x')}"
            "</initial-response><resume xmlns='urn:xmpp:sm:3' previd='1' h='3'/></authenticate>",
        ),
        (
            "<",
            f"<success xmlns='{SASL2}'><authorization-identifier>alice@prosody.test/Lab~1</authorization-identifier>"
            "<resumed xmlns='urn:xmpp:sm:3' previd='1' h='5'/></success>",
        ),
        ("<", f"<continue xmlns='{SASL2}'><tasks><task>TOTP</task></tasks></continue>"),
        (">", f"<next xmlns='{SASL2}' task='TOTP'/>"),
        (">", f"<task-data xmlns='{SASL2}'>123456</task-data>"),
        ("<", f"<failure xmlns='{SASL2}'><aborted xmlns='{SASL}'/><text>no</text></failure>"),
        (">", f"<authenticate xmlns='{SASL2}' mechanism='SCRAM-SHA-1'/>"),
        ("<", f"<challenge xmlns='{SASL2}'/>"),
        (">", f"<response xmlns='{SASL2}'>{b64('n,,n=bob,r=1')}</response>"),
    )
    context = Context()
    assert talk(element, context, *lines) == [
        'PLAIN as alice, password masked; bind "Lab", ask for a token',
        "logged in as alice@prosody.test/Lab~1; bound; token masked",
        "HT-SHA-256-NONE as alice, token masked; resume the session",
        "logged in as alice@prosody.test/Lab~1; session resumed, received 5",
        "more is needed: TOTP",
        "begin the task TOTP",
        "data of the task, masked",
        'aborted: "no"',
        "SCRAM-SHA-1, without initial response",
        "go on, no data",
        "SCRAM client-first as bob",
    ]
    assert context.jid == "alice@prosody.test/Lab~1"


@pytest.mark.parametrize(
    ("side", "xml", "text"),
    [
        (">", "<stream:stream version='1.0'>", "open a stream, naming no domain"),
        ("<", "<stream:stream from='x.test'>", "stream open, without an id"),
        (">", "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='x.test'/>", "open a stream to x.test"),
        ("<", "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' id='0123456789'/>", "stream open, id 01234567…"),
        ("<", "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>", "close the stream"),
        ("<", "<stream:features/>", "offers nothing"),
        ("<", f"<stream:features><mechanisms xmlns='{SASL}'/></stream:features>", "offers SASL without mechanisms"),
        (
            "<",
            f"<stream:features><x xmlns='urn:example:x'/><mechanisms xmlns='{SASL}'>"
            "<mechanism>SCRAM-SHA-1-PLUS</mechanism></mechanisms>"
            "<c xmlns='http://jabber.org/protocol/caps' ver='x'/></stream:features>",
            "offers SASL with -PLUS, urn:example:x",
        ),
        (
            "<",
            "<stream:features><sm xmlns='urn:xmpp:sm:2'/><sm xmlns='urn:xmpp:sm:3'/><csi xmlns='urn:xmpp:csi:0'/>"
            "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>",
            "offers bind, stream management, client state",
        ),
        ("<", "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "TLS is refused"),
        (
            "<",
            "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
            "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>Replaced by new connection</text></stream:error>",
            'conflict: "Replaced by new connection"',
        ),
        (
            "<",
            "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>b.test:5222</see-other-host>"
            "</stream:error>",
            'see-other-host "b.test:5222"',
        ),
        (
            ">",
            "<compress xmlns='http://jabber.org/protocol/compress'><method>zlib</method></compress>",
            "ask for zlib compression",
        ),
        (
            "<",
            "<compressed xmlns='http://jabber.org/protocol/compress'/>",
            "go ahead: compression begins with the next byte",
        ),
        (
            "<",
            "<failure xmlns='http://jabber.org/protocol/compress'><setup-failed/></failure>",
            "setup-failed",
        ),
        (">", "<enable xmlns='urn:xmpp:sm:3'/>", "turn stream management on"),
        (">", "<enable xmlns='urn:xmpp:sm:3' resume='1'/>", "turn stream management on, resumable"),
        ("<", "<enabled xmlns='urn:xmpp:sm:3'/>", "stream management is on"),
        (
            "<",
            "<enabled xmlns='urn:xmpp:sm:3' resume='true' id='x' max='300'/>",
            "stream management is on, resumable within 300 s",
        ),
        (">", "<r xmlns='urn:xmpp:sm:3'/>", "ask for an acknowledgement"),
        (">", "<a xmlns='urn:xmpp:sm:3' h='2'/>", "has received 2"),
        (">", "<a xmlns='urn:xmpp:sm:3'/>", "has received ?"),
        (">", "<resume xmlns='urn:xmpp:sm:3' h='3' previd='F6fxT1Szelsy'/>", "resume session F6fxT1Sz…; received 3"),
        ("<", "<resumed xmlns='urn:xmpp:sm:3' h='5' previd='F6fxT1Szelsy'/>", "resumed session F6fxT1Sz…; received 5"),
        (
            "<",
            "<failed xmlns='urn:xmpp:sm:3' h='4'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
            "</failed>",
            "item-not-found; received 4",
        ),
        (">", "<inactive xmlns='urn:xmpp:csi:0'/>", "the client is idle: what can wait may wait"),
        (">", "<active xmlns='urn:xmpp:csi:0'/>", "the client is in use"),
        (">", "<db:result from='a.test' to='b.test'>0123</db:result>", "claim to be a.test, key masked"),
        ("<", "<db:result from='b.test' to='a.test' type='valid'/>", "a.test is accepted"),
        ("<", "<db:result from='b.test' to='a.test' type='invalid'/>", "a.test is refused"),
        (
            "<",
            "<db:result from='b.test' to='a.test' type='error'><error type='cancel'>"
            "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>",
            "a.test is refused: item-not-found",
        ),
        (
            ">",
            "<db:verify from='b.test' to='a.test' id='1'>0123</db:verify>",
            "ask whether a key is from a.test, key masked",
        ),
        ("<", "<db:verify from='a.test' to='b.test' id='1' type='valid'>0123</db:verify>", "the key is from a.test"),
        ("<", "<db:verify from='a.test' to='b.test' id='1' type='invalid'/>", "the key is not from a.test"),
        (">", "<bidi xmlns='urn:xmpp:bidi'/>", "let stanzas go both ways on this stream"),
        (
            ">",
            "<handshake xmlns='jabber:component:accept'>0123</handshake>",
            "prove to know the shared secret, digest masked",
        ),
        ("<", "<handshake xmlns='jabber:component:accept'/>", "the component is accepted"),
        (">", "<what xmlns='urn:example:x'><ever/><it/><it/></what>", "of urn:example:x, with ever, it"),
        (">", "<what xmlns=''/>", "of no namespace"),
    ],
)
def test_single_elements(element: Parse, side: str, xml: str, text: str) -> None:
    assert talk(element, Context(), (side, xml)) == [text]


def test_a_header_has_a_function_of_its_own(element: Parse) -> None:
    header = element("<stream:stream to='prosody.test'>")
    assert summarize_header(header, "initiating", Context()) == "open a stream to prosody.test"
