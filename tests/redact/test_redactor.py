"""Every kind of secret is masked by its position, whatever way it is written, and nothing else changes."""

import base64
import re
from xml.sax.saxutils import escape

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from xmppscope.explain.summary import Context, summarize
from xmppscope.framing.pieces import Item
from xmppscope.framing.splitter import Splitter
from xmppscope.model.element import Element
from xmppscope.redact import SENSITIVE, Redactor

SECRET = "s3cr3t-of-alice"
BASE64 = base64.b64encode(b"\0alice\0" + SECRET.encode()).decode()
XMLNS = {
    "": "jabber:client",
    "stream": "http://etherx.jabber.org/streams",
    "db": "jabber:server:dialback",
}
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
FORM = "<x xmlns='jabber:x:data' type='submit'>{}</x>"


def item(raw: str, ns: str = "jabber:client") -> Item:
    header = f"<stream:stream xmlns='{ns}' xmlns:stream='{XMLNS['stream']}' xmlns:db='{XMLNS['db']}'>"
    piece = Splitter(frozenset(), SENSITIVE).feed((header + raw).encode())[-1]
    assert isinstance(piece, Item)
    return piece


def masked(raw: str, redactor: Redactor | None = None, ns: str = "jabber:client") -> tuple[str, bool]:
    piece = item(raw, ns)
    if not piece.sensitive:
        return raw, False
    out, changed = (redactor or Redactor()).redact("initiating", piece.element, piece.raw, {**XMLNS, "": ns})
    return out.decode(), changed


# {} is where the secret stands; in every line exactly one text or attribute value.
KINDS = {
    "plain": f"<auth xmlns='{SASL}' mechanism='PLAIN'>{{}}</auth>",
    "unknown mechanism": f"<auth xmlns='{SASL}' mechanism='X-NEW'>{{}}</auth>",
    "oauth": f"<auth xmlns='{SASL}' mechanism='X-OAUTH2'>{{}}</auth>",
    "response": f"<response xmlns='{SASL}'>{{}}</response>",
    "challenge": f"<challenge xmlns='{SASL}'>{{}}</challenge>",
    "success": f"<success xmlns='{SASL}'>{{}}</success>",
    "sasl2": "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>{}</initial-response>"
    "<user-agent id='d4565fa7'><software>Lab</software></user-agent></authenticate>",
    "sasl2 response": "<response xmlns='urn:xmpp:sasl:2'>{}</response>",
    "sasl2 challenge": "<challenge xmlns='urn:xmpp:sasl:2'>{}</challenge>",
    "sasl2 success": "<success xmlns='urn:xmpp:sasl:2'><additional-data>{}</additional-data>"
    "<authorization-identifier>alice@prosody.test</authorization-identifier></success>",
    "task": "<task-data xmlns='urn:xmpp:sasl:2'>{}</task-data>",
    "salted password": "<next xmlns='urn:xmpp:sasl:2' task='UPGR-SCRAM-SHA-256'>"
    "<hash xmlns='urn:xmpp:scram-upgrade:0'>{}</hash></next>",
    "fast token": "<success xmlns='urn:xmpp:sasl:2'><token xmlns='urn:xmpp:fast:0' expiry='2026-12-11T09:29:57Z'"
    " token='{}'/></success>",
    "isr": "<success xmlns='urn:xmpp:sasl:2'><isr-enabled xmlns='urn:xmpp:isr:0' key='{}'/></success>",
    "isr token": "<enabled xmlns='urn:xmpp:sm:3'><isr-enabled xmlns='https://xmpp.org/extensions/isr/0' token='{}'/>"
    "</enabled>",
    "legacy password": "<iq type='set' id='1'><query xmlns='jabber:iq:auth'><username>alice</username>"
    "<password>{}</password><resource>r</resource></query></iq>",
    "legacy digest": "<iq type='set' id='1'><query xmlns='jabber:iq:auth'><digest>{}</digest></query></iq>",
    "register": "<iq type='set' id='1'><query xmlns='jabber:iq:register'><username>alice</username>"
    "<password>{}</password></query></iq>",
    "register by form": "<iq type='set' id='1'><query xmlns='jabber:iq:register'>"
    + FORM.format("<field var='username'><value>alice</value></field><field var='password'><value>{}</value></field>")
    + "</query></iq>",
    "register refused": "<iq type='error' id='1'><query xmlns='jabber:iq:register'><password>{}</password></query>"
    "<error type='auth'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    "dialback": "<db:result from='a.test' to='b.test'>{}</db:result>",
    "verify": "<db:verify from='a.test' to='b.test' id='7'>{}</db:verify>",
    "verify answered": "<db:verify from='a.test' to='b.test' id='7' type='valid'>{}</db:verify>",
    "room": "<presence to='r@c.test/n'><x xmlns='http://jabber.org/protocol/muc'><password>{}</password></x></presence>",
    "invitation": "<message to='r@c.test'><x xmlns='http://jabber.org/protocol/muc#user'><invite to='b@b.test'/>"
    "<password>{}</password></x></message>",
    "direct invitation": "<message><x xmlns='jabber:x:conference' jid='r@c.test' password='{}'/></message>",
    "destroyed": "<iq type='set' id='1' to='r@c.test'><query xmlns='http://jabber.org/protocol/muc#owner'>"
    "<destroy jid='n@c.test'><password>{}</password></destroy></query></iq>",
    "room configuration": "<iq type='set' id='1' to='r@c.test'><query xmlns='http://jabber.org/protocol/muc#owner'>"
    + FORM.format("<field var='muc#roomconfig_roomsecret'><value>{}</value></field>")
    + "</query></iq>",
    "bookmark": "<iq type='result' id='1'><query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'>"
    "<conference jid='r@c.test'><password>{}</password></conference></storage></query></iq>",
    "private field": "<iq type='set' id='1'><command xmlns='http://jabber.org/protocol/commands' node='x'>"
    + FORM.format("<field var='pin' type='text-private'><value>{}</value></field>")
    + "</command></iq>",
    "administration": "<iq type='set' id='1'><command xmlns='http://jabber.org/protocol/commands' node='x'>"
    + FORM.format(
        "<field var='accountjid'><value>b@b.test</value></field><field var='password-verify'><value>{}</value></field>"
    )
    + "</command></iq>",
    "push": "<iq type='set' id='1'><enable xmlns='urn:xmpp:push:0' jid='p.test' node='n'>"
    + FORM.format("<field var='secret'><value>{}</value></field>")
    + "</enable></iq>",
    "upload header": "<iq type='result' id='1'><slot xmlns='urn:xmpp:http:upload:0'><put url='https://u.test/a'>"
    "<header name='Authorization'>{}</header></put><get url='https://u.test/a'/></slot></iq>",
    "upload cookie": "<iq type='result' id='1'><slot xmlns='urn:xmpp:http:upload:0'><put url='https://u.test/a'>"
    "<header name='cookie'>{}</header></put></slot></iq>",
    "upload url": "<iq type='result' id='1'><slot xmlns='urn:xmpp:http:upload:0'><put url='https://u.test/a?{}'/>"
    "</slot></iq>",
    "download url": "<iq type='result' id='1'><slot xmlns='urn:xmpp:http:upload:0'><get url='https://{}@u.test/a'/>"
    "</slot></iq>",
    "old upload url": "<iq type='result' id='1'><slot xmlns='urn:xmpp:http:upload'><put>https://u.test/a?{}</put>"
    "</slot></iq>",
    "turn": "<iq type='result' id='1'><services xmlns='urn:xmpp:extdisco:2'><service type='turn' host='t.test'"
    " username='u' password='{}'/></services></iq>",
    "ice": "<iq type='set' id='1'><jingle xmlns='urn:xmpp:jingle:1' action='transport-info' sid='s'><content name='a'>"
    "<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='8hhy' pwd='{}'/></content></jingle></iq>",
    "srtp": "<iq type='set' id='1'><jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='s'><content>"
    "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'><encryption><crypto key-params='{}' tag='1'/>"
    "</encryption></description></content></jingle></iq>",
    "preauth": "<iq type='set' id='1'><preauth xmlns='urn:xmpp:pars:0' token='{}'/></iq>",
    "forwarded": "<message to='b@b.test'><result xmlns='urn:xmpp:mam:2' id='1'><forwarded xmlns='urn:xmpp:forward:0'>"
    "<message from='r@c.test' xmlns='jabber:client'><x xmlns='jabber:x:conference' jid='r@c.test' password='{}'/>"
    "</message></forwarded></result></message>",
}


def leaks(text: str, secret: str) -> bool:
    forms = (secret, escape(secret), base64.b64encode(secret.encode()).decode())
    return any(form in text for form in forms)


@pytest.mark.parametrize("form", [SECRET, BASE64, "a&amp;b&lt;c&gt;", "&#115;3&#x63;r3t", "dots … and ☃"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_is_masked_and_all_else_stays(kind: str, form: str) -> None:
    out, changed = masked(KINDS[kind].format(form))
    assert changed
    if "&#" in form and "url" in kind:
        before, _, behind = KINDS[kind].format("\0").partition("\0")
        assert out.startswith(before.rpartition("://")[0].rpartition("http")[0])
        assert out.endswith(behind[-10:])
    else:
        assert out == KINDS[kind].format("…")
    assert form not in out


def test_a_password_may_be_what_sasl_takes_for_nothing() -> None:
    assert masked(KINDS["register"].format("=")) == (KINDS["register"].format("…"), True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_summary_shows_no_secret_unless_asked_to(kind: str) -> None:
    for form in (SECRET, BASE64):
        text = summarize(item(KINDS[kind].format(form)).element, "initiating", Context())
        assert not leaks(text, SECRET), text
        assert form not in text
        answer = summarize(item(KINDS[kind].format(form)).element, "receiving", Context())
        assert not leaks(answer, SECRET), answer


@pytest.mark.parametrize("kind", [kind for kind in KINDS if ">{}<" in KINDS[kind]])
def test_a_cdata_section_hides_nothing(kind: str) -> None:
    out, changed = masked(KINDS[kind].format(f"<![CDATA[{SECRET}]]>"))
    assert (out, changed) == (KINDS[kind].format("…"), True)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "'{}'" in KINDS[kind]])
def test_quotes_and_spaces_of_an_attribute_stay(kind: str) -> None:
    form = KINDS[kind].replace("='{}'", ' \n= "{}"')
    assert masked(form.format("it's > that")) == (form.format("…"), True)


secrets = st.text(
    st.characters(min_codepoint=0x20, blacklist_categories=("Cs", "Cn"), blacklist_characters="\ufffe\uffff"),
    min_size=6,
    max_size=40,
).filter(lambda text: text.strip() and not re.search(r"[?#@/]", text))
forms = st.sampled_from(
    [
        lambda text: escape(text, {"'": "&apos;"}),
        lambda text: "".join(f"&#{ord(character)};" for character in text),
        lambda text: "".join(f"&#x{ord(character):X};" for character in text),
        lambda text: base64.b64encode(text.encode()).decode(),
    ]
)


@given(st.sampled_from(sorted(KINDS)), secrets, forms)
def test_no_secret_comes_through(kind: str, secret: str, form: "object") -> None:
    written = form(secret)  # type: ignore[operator]
    # RFC 3986 §3.2: "The authority component is preceded by a double slash ("//") and is terminated by the next slash".
    assume(kind != "download url" or "/" not in written)
    out, changed = masked(KINDS[kind].format(written))
    assert changed
    frame = KINDS[kind].format("…")
    assert out == frame or len(out) < len(frame)
    summary = summarize(item(KINDS[kind].format(written)).element, "initiating", Context())
    if not leaks(frame + summarize(item(frame).element, "initiating", Context()), secret):
        assert not leaks(out + summary, secret)


@pytest.mark.parametrize(
    "raw",
    [
        f"<auth xmlns='{SASL}' mechanism='EXTERNAL'>YWxpY2U=</auth>",
        f"<auth xmlns='{SASL}' mechanism='ANONYMOUS'>dHJhY2U=</auth>",
        f"<auth xmlns='{SASL}' mechanism='SCRAM-SHA-1'>=</auth>",
        f"<auth xmlns='{SASL}' mechanism='PLAIN'/>",
        f"<success xmlns='{SASL}'></success>",
        "<iq type='get' id='1'><query xmlns='jabber:iq:register'><password/></query></iq>",
        "<db:result from='a.test' to='b.test' type='valid'/>",
        "<db:result from='a.test' to='b.test' type='error'>\n<error type='cancel'><text>no</text></error></db:result>",
        "<iq type='result' id='1'><slot xmlns='urn:xmpp:http:upload:0'><put url='https://u.test/a/b%20c.jpg'>"
        "<header name='Expires'>soon</header></put><get url='https://u.test/a/b%20c.jpg'/></slot></iq>",
        "<iq type='set' id='1'><query xmlns='urn:xmpp:mam:2'>"
        + FORM.format("<field var='with'><value>b@b.test</value></field>")
        + "</query></iq>",
        "<message to='b@b.test'><body>password: s3cr3t</body><password>p</password></message>",
        "<enabled xmlns='urn:xmpp:sm:3' id='F6fxT1Szelsy' resume='true'/>",
    ],
)
def test_what_is_no_secret_stays(raw: str) -> None:
    assert masked(raw) == (raw, False)


def test_a_response_is_judged_by_the_mechanism_before_it() -> None:
    redactor = Redactor()
    response = f"<response xmlns='{SASL}'>YWxpY2U=</response>"
    assert masked(response, redactor) == (response.replace("YWxpY2U=", "…"), True)
    masked(f"<auth xmlns='{SASL}' mechanism='EXTERNAL'>=</auth>", redactor)
    assert masked(response, redactor) == (response, False)
    masked(f"<auth xmlns='{SASL}' mechanism='PLAIN'/>", redactor)
    assert masked(response, redactor) == (response.replace("YWxpY2U=", "…"), True)


def test_a_component_proves_itself_in_the_namespace_of_its_stream_or_unseen() -> None:
    raw = "<handshake>0123456789abcdef</handshake>"
    assert masked(raw, ns="jabber:component:accept") == ("<handshake>…</handshake>", True)
    assert masked(raw, ns="jabber:component:connect") == ("<handshake>…</handshake>", True)
    assert masked(raw, ns="jabber:client") == ("<handshake>…</handshake>", True)  # the header was not captured
    assert masked("<handshake xmlns=''>0123</handshake>") == ("<handshake xmlns=''>…</handshake>", True)


def test_a_field_once_private_stays_so_when_the_form_comes_back_without_types() -> None:
    redactor = Redactor()
    asked = "<iq type='result' id='1'>" + FORM.format("<field var='pin' type='text-private'/>") + "</iq>"
    sent = (
        "<iq type='set' id='2'>" + FORM.format("<field var='pin'><value>{}</value><value>{}</value></field>") + "</iq>"
    )
    assert masked(sent.format(1, 2), redactor) == (sent.format(1, 2), False)
    assert masked(asked, redactor) == (asked, False)
    assert masked(sent.format(1, 2), redactor) == (sent.format("…", "…"), True)


def test_more_private_fields_than_can_be_remembered_mask_every_untyped_one() -> None:
    redactor = Redactor()
    many = "".join(f"<field var='f{number}' type='text-private'/>" for number in range(300))
    masked("<iq type='result' id='1'>" + FORM.format(many) + "</iq>", redactor)
    sent = "<iq type='set' id='2'>" + FORM.format("<field var='f299'><value>{}</value></field>") + "</iq>"
    assert masked(sent.format("x"), redactor) == (sent.format("…"), True)


def test_a_secret_inside_a_secret_is_masked_once() -> None:
    raw = (
        "<task-data xmlns='urn:xmpp:sasl:2'>x<token xmlns='urn:xmpp:fast:0' token='y'/>"
        "<hash xmlns='urn:xmpp:scram-upgrade:0'>z</hash></task-data>"
    )
    assert masked(raw) == ("<task-data xmlns='urn:xmpp:sasl:2'>…</task-data>", True)


def test_an_element_that_cannot_be_parsed_is_masked_as_a_whole() -> None:
    piece = item("<db:result from='a.test' to='b.test'>key</db:result>")
    assert Redactor().redact("initiating", piece.element, piece.raw, {}) == ("…".encode(), True)


def test_the_prefixes_of_the_header_are_written_safely() -> None:
    raw = "<p:x xmlns='jabber:client'/>"
    piece = item("<iq type='set' id='1'/>")
    out = Redactor().redact("initiating", piece.element, raw.encode(), {"p": "a\"&<'>", "xml": "x", "": ""})
    assert out == (raw.encode(), False)


def test_many_fields_take_time_in_proportion() -> None:
    fields = "<field var='password'><value>x</value></field>" * 20_000
    out, changed = masked("<iq type='set' id='1'>" + FORM.format(fields) + "</iq>")
    assert changed
    assert out.count("…") == 20_000


def test_a_very_long_prefix_takes_time_in_proportion() -> None:
    prefix = "p" * 500_000
    raw = f"<iq type='set' id='1'><{prefix}:preauth xmlns:{prefix}='urn:xmpp:pars:0' token='{{}}'/></iq>"
    assert masked(raw.format(SECRET)) == (raw.format("…"), True)


@pytest.mark.parametrize("local", ["auth", "authenticate", "response", "handshake"])
def test_login_in_a_mistyped_namespace_is_masked(local: str) -> None:
    ns = "urn:ietf:parms:xml:ns:xmpp-sasl"
    raw = f"<{local} xmlns='{ns}' mechanism='PLAIN'>AGFsaWNlAHNlY3JldA==<x>y</x></{local}>".encode()
    element = Element(f"{ns}\n{local}", {"mechanism": "PLAIN"}, [])
    masked, redacted = Redactor().redact("initiating", element, raw, {"": "jabber:client"})
    assert redacted
    assert masked == f"<{local} xmlns='{ns}' mechanism='PLAIN'>…</{local}>".encode()
