"""No secret in any output: whole, malformed, torn, behind a hole or beside a fault; and all of it when asked for."""

import base64
import re

import pytest

from xmppscope.render.terminal.timeline import Style, TextTimeline

SECRET = "Tr0ub4dor&3"
ESCAPED = SECRET.replace("&", "&amp;")
ENCODED = base64.b64encode(f"\0user\0{SECRET}".encode()).decode()
SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
START = "C: {header}\nS: {response}{features}\n"
ELEMENTS = {
    "sasl auth": ("C", f"<auth {SASL} mechanism='PLAIN'>{ENCODED}</auth>"),
    "sasl response": ("C", f"<response {SASL}>{ENCODED}</response>"),
    "sasl challenge": ("S", f"<challenge {SASL}>{ENCODED}</challenge>"),
    "sasl success": ("S", f"<success {SASL}>{ENCODED}</success>"),
    "sasl2": (
        "C",
        "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'>"
        f"<initial-response>{ENCODED}</initial-response></authenticate>",
    ),
    "sasl2 success": (
        "S",
        "<success xmlns='urn:xmpp:sasl:2'>"
        f"<token xmlns='urn:xmpp:fast:0' token='{ESCAPED}' expiry='2026-01-01T00:00:00Z'/></success>",
    ),
    "legacy authentication": (
        "C",
        "<iq type='set' id='1'><query xmlns='jabber:iq:auth'><username>u</username>"
        f"<password>{ESCAPED}</password></query></iq>",
    ),
    "registration": (
        "C",
        f"<iq type='set' id='1'><query xmlns='jabber:iq:register'><password>{ESCAPED}</password></query></iq>",
    ),
    "character references": (
        "C",
        "<iq type='set' id='1'><query xmlns='jabber:iq:register'><password>"
        + "".join(f"&#{ord(c)};" for c in SECRET)
        + "</password></query></iq>",
    ),
    "section of character data": (
        "C",
        "<iq type='set' id='1'><query xmlns='jabber:iq:register'>"
        f"<password><![CDATA[{SECRET}]]></password></query></iq>",
    ),
    "component handshake": ("C", f"<handshake xmlns='jabber:component:accept'>{ESCAPED}</handshake>"),
    "dialback": (
        "C",
        f"<db:result xmlns:db='jabber:server:dialback' from='a' to='b'>{ESCAPED}</db:result>",
    ),
    "room": (
        "C",
        "<presence to='r@m.example/n'><x xmlns='http://jabber.org/protocol/muc'>"
        f"<password>{ESCAPED}</password></x></presence>",
    ),
    "direct invitation": (
        "C",
        f"<message to='b@b.example'><x xmlns='jabber:x:conference' password='{ESCAPED}' jid='r@m.example'/></message>",
    ),
    "bookmark": (
        "C",
        "<iq type='set' id='1'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:bookmarks:1'>"
        "<item id='r@m.example'><conference xmlns='urn:xmpp:bookmarks:1'>"
        f"<password>{ESCAPED}</password></conference></item></publish></pubsub></iq>",
    ),
    "private form field": (
        "C",
        "<iq type='set' id='1'><command xmlns='http://jabber.org/protocol/commands' node='n'>"
        "<x xmlns='jabber:x:data' type='submit'><field var='f' type='text-private'>"
        f"<value>{ESCAPED}</value></field></x></command></iq>",
    ),
    "turn credentials": (
        "S",
        "<iq type='result' id='1'><services xmlns='urn:xmpp:extdisco:2'>"
        f"<service type='turn' host='t.example' username='u' password='{ESCAPED}'/></services></iq>",
    ),
    "ice": (
        "C",
        "<iq type='set' id='1'><jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='1'>"
        f"<content name='a'><transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' pwd='{ESCAPED}' ufrag='u'/>"
        "</content></jingle></iq>",
    ),
    "push": (
        "C",
        "<iq type='set' id='1'><enable xmlns='urn:xmpp:push:0' jid='p.example' node='n'>"
        "<x xmlns='jabber:x:data' type='submit'><field var='secret'>"
        f"<value>{ESCAPED}</value></field></x></enable></iq>",
    ),
    "upload slot": (
        "S",
        "<iq type='result' id='1'><slot xmlns='urn:xmpp:http:upload:0'><put url='https://u.example/f'>"
        f"<header name='Authorization'>Basic {ENCODED}</header><header name='Cookie'>{ESCAPED}</header></put>"
        f"<get url='https://u.example/f?token={ESCAPED}'/></slot></iq>",
    ),
}


def forms(text: str) -> list[bytes]:
    """The secret as it could show: plain, escaped, base64 and hex, and what of it a cut may leave."""
    plain = SECRET.encode()
    return [
        plain,
        plain[:6],
        ESCAPED.encode(),
        ENCODED.encode()[:12],
        ENCODED.encode()[8:20],
        base64.b64encode(plain)[:8],
        plain.hex()[:12].encode(),
        ENCODED.encode().hex()[:16].encode(),
        "".join(f"&#{ord(c)};" for c in SECRET)[:20].encode(),
    ]


def outputs(timeline) -> bytes:
    """All that is ever shown of a timeline."""
    shown = timeline.lines
    for xml in ("", "raw", "pretty"):
        text = TextTimeline(Style(width=4000, xml=xml, packets=True, details=True))
        shown += text.render([*timeline.records, timeline.summary]) + text.close()
    return shown


def leaks(timeline) -> list[bytes]:
    shown = outputs(timeline)
    return [form for form in forms(SECRET) if form.lower() in shown.lower()]


# Each takes the sender and an element with a secret, and returns a script.
WAYS = {
    "whole": lambda who, xml: f"{who}: {xml}\n{who}: <presence/>",
    "in two segments": lambda who, xml: f"{who}: {xml[:-12]}\n{who}: {xml[-12:]}",
    "torn by the end": lambda who, xml: f"{who}: {xml[:-3]}\n{who} fin",
    "torn by a hole": lambda who, xml: f"{who}: {xml[:-3]}\n{who} gap 20\n{who}: <presence/><presence/>",
    "tail behind a hole": lambda who, xml: f"{who} gap 20\n{who}: {xml[len(xml) // 3 :]}<presence/><presence/>",
    "whole behind a hole": lambda who, xml: f"{who} gap 20\n{who}: {xml}<presence/><presence/>",
    "refused for a comment": lambda who, xml: f"{who}: {xml.replace('>', '><!-- x -->', 1)}<presence/>",
    "not well-formed behind": lambda who, xml: f"{who}: {xml[: xml.rindex('</')]}</wrong><presence/><presence/>",
    "not well-formed before": lambda who, xml: f"{who}: <a></b>{xml}<presence/>",
    "with an entity": lambda who, xml: f"{who}: {xml.replace('</', '&no;</', 1)}<presence/>",
    "behind a declaration": lambda who, xml: f"{who}: <?xml version='1.1'?>{xml}<presence/>",
    "behind a byte order mark": lambda who, xml: f"{who}: \ufeff{xml}<presence/>",
    "as text": lambda who, xml: f"{who}: {re.sub('<[^>]*>', '', xml)}<presence/>\n{who} fin",
    "behind the close": lambda who, xml: f"{who}: {{close}}{xml}\n{who} fin",
}


@pytest.mark.parametrize("name", ELEMENTS)
@pytest.mark.parametrize("way", WAYS)
def test_secrets_are_nowhere(play, name, way) -> None:
    timeline = play(START + WAYS[way](*ELEMENTS[name]))
    assert leaks(timeline) == []
    assert timeline.entries[3:]


@pytest.mark.parametrize("name", ELEMENTS)
@pytest.mark.parametrize("way", WAYS)
def test_secrets_are_nowhere_in_mid_stream(play, name, way) -> None:
    assert leaks(play("C: {auth}\nS: {features}\n" + WAYS[way](*ELEMENTS[name]), syn=False)) == []


@pytest.mark.parametrize("name", ELEMENTS)
def test_secrets_are_nowhere_without_a_header(play, name) -> None:
    """First bytes that are no stream header, on a connection that the other side proves to be XMPP."""
    who, xml = ELEMENTS[name]
    other = {"C": "S: {response}", "S": "C: {header}"}[who]
    text = re.sub("<[^>]*>", "", xml)
    for first in (xml, text, f"é{text}"):
        for before in (b"", b"\xff", b"\x05\x01", b"\x16\x02"):
            assert leaks(play(f"{other}\n{who}: {{first}}\n{who} fin", first=before + first.encode())) == []


@pytest.mark.parametrize("name", ELEMENTS)
def test_marked_as_redacted(play, name) -> None:
    who, xml = ELEMENTS[name]
    entry = play(START + f"{who}: {xml}").entries[3]
    assert entry.redacted
    assert "…" in entry.xml
    assert entry.size == len(xml.encode())


@pytest.mark.parametrize("name", ELEMENTS)
def test_shown_when_asked_for(play, name) -> None:
    who, xml = ELEMENTS[name]
    timeline = play(START + f"{who}: {xml}", show_secrets=True)
    entry = timeline.entries[3]
    assert leaks(timeline)
    assert (entry.xml, entry.redacted) == (xml, False)
    torn = play(START + f"{who}: {xml[:-3]}\n{who} fin", show_secrets=True).entries[3]
    assert bytes.fromhex(torn.bytes) == xml.encode()[:64]


def test_what_is_harmless_in_broken_xml_is_shown(play) -> None:
    timeline = play(START + "C: <message to='b@b.example'><x><y></x></message><presence/><presence/>")
    broken = next(entry for entry in timeline.entries if entry.kind == "malformed")
    assert bytes.fromhex(broken.bytes) == b"<message to='b@b.example'>"


def test_secrets_in_http(play) -> None:
    request = f"GET /?token={SECRET} HTTP/1.1\r\nCookie: {SECRET}\r\nAuthorization: Basic {ENCODED}\r\n\r\n".encode()
    assert leaks(play("C: {request}\nS: {response}", request=request)) == []
    request = request[:-2] + b"Sec-WebSocket-Protocol: xmpp\r\n\r\n"
    assert leaks(play("C: {request}", request=request)) == []
