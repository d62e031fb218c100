"""What iq stanzas ask, set and answer, in the words that a reader sees."""

from collections.abc import Callable

import pytest

from xmppscope.explain.context import Context
from xmppscope.explain.summary import summarize
from xmppscope.model.element import Element

Parse = Callable[..., Element]
ERRORS = "urn:ietf:params:xml:ns:xmpp-stanzas"
DISCO = "http://jabber.org/protocol/disco"
MUC = "http://jabber.org/protocol/muc"
PUBSUB = "http://jabber.org/protocol/pubsub"
FORM = "<x xmlns='jabber:x:data' type='submit'>{}</x>"
FIELD = "<field var='{}'><value>{}</value></field>"

GETS = [
    ("", "<query xmlns='jabber:iq:roster'/>", "get the roster"),
    ("prosody.test", f"<query xmlns='{DISCO}#info'/>", "ask prosody.test what it can do"),
    ("", f"<query xmlns='{DISCO}#info' node='n'/>", 'ask the own account what it can do, node "n"'),
    ("c.test", f"<query xmlns='{DISCO}#items'/>", "ask c.test what belongs to it"),
    (
        "c.test",
        f"<query xmlns='{DISCO}#items' node='http://jabber.org/protocol/commands'/>",
        "ask c.test which commands it has",
    ),
    ("prosody.test", "<ping xmlns='urn:xmpp:ping'/>", "ping prosody.test"),
    ("", "<ping xmlns='urn:xmpp:ping'/>", "ping the server"),
    ("bob@prosody.test/a", "<query xmlns='jabber:iq:version'/>", "ask bob@…/a which software it runs"),
    ("b@x.test", "<time xmlns='urn:xmpp:time'/>", "ask b@x.test for its time"),
    ("", "<query xmlns='jabber:iq:register'/>", "ask the server how to register"),
    ("", "<query xmlns='jabber:iq:auth'><username>al</username></query>", "ask the server how to log in (legacy)"),
    ("", "<blocklist xmlns='urn:xmpp:blocking'/>", "get the blocklist"),
    ("", "<query xmlns='urn:xmpp:mam:2'/>", "ask how the archive can be searched"),
    ("", "<vCard xmlns='vcard-temp'/>", "get the own vCard"),
    ("bob@prosody.test", "<vCard xmlns='vcard-temp'/>", "get the vCard of bob@…"),
    (
        "",
        "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>",
        "get private data: storage:bookmarks",
    ),
    ("", f"<pubsub xmlns='{PUBSUB}'><items node='urn:xmpp:bookmarks:1'/></pubsub>", "get the items of bookmarks"),
    ("p.test", f"<pubsub xmlns='{PUBSUB}'><subscriptions/></pubsub>", "get the subscriptions to all nodes at p.test"),
    ("r@c.test", f"<query xmlns='{MUC}#owner'/>", "ask for the configuration of r@c.test"),
    ("r@c.test", f"<query xmlns='{MUC}#admin'><item affiliation='owner'/></query>", "list who is owner in r@c.test"),
    ("", "<services xmlns='urn:xmpp:extdisco:2'/>", "ask the server for STUN and TURN servers"),
    (
        "u.test",
        "<request xmlns='urn:xmpp:http:upload:0' filename='a.jpg' size='23456'/>",
        'ask u.test for a place to upload "a.jpg", 23456 bytes',
    ),
    ("x.test", "<query xmlns='urn:example:x'/>", "get urn:example:x from x.test"),
    ("", "", "ask nothing"),
    ("x.test", "", "ask nothing of x.test"),
]
SETS = [
    (
        "",
        "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>tls-a</resource></bind>",
        'bind resource "tls-a"',
    ),
    ("", "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>", "bind a resource of the server's choice"),
    ("", "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>", "start the session"),
    (
        "",
        "<query xmlns='jabber:iq:roster'><item jid='bob@prosody.test' name='Bob'><group>Friends</group></item></query>",
        'change the roster: bob@…, named "Bob", in "Friends"',
    ),
    ("", "<enable xmlns='urn:xmpp:carbons:2'/>", "turn carbons on"),
    ("", "<disable xmlns='urn:xmpp:carbons:2'/>", "turn carbons off"),
    ("", "<block xmlns='urn:xmpp:blocking'><item jid='b@x.test'/></block>", "block b@x.test"),
    ("", "<unblock xmlns='urn:xmpp:blocking'/>", "unblock everybody"),
    (
        "",
        "<query xmlns='jabber:iq:register'><username>al</username><password>s</password></query>",
        'register "al", password masked',
    ),
    ("x.test", "<query xmlns='jabber:iq:register'><remove/></query>", "delete the account at x.test"),
    (
        "",
        "<query xmlns='jabber:iq:register'>"
        + FORM.format(FIELD.format("username", "al") + FIELD.format("password", "s"))
        + "</query>",
        'register "al", password masked',
    ),
    (
        "",
        "<query xmlns='jabber:iq:auth'><username>al</username><digest>s</digest></query>",
        "log in as al (legacy), digest masked",
    ),
    ("", "<preauth xmlns='urn:xmpp:pars:0' token='s'/>", "register by invitation, token masked"),
    (
        "",
        "<query xmlns='urn:xmpp:mam:2'>"
        + FORM.format(FIELD.format("with", "bob@prosody.test") + FIELD.format("start", "2026-11-20T09:21:24Z"))
        + "<set xmlns='http://jabber.org/protocol/rsm'><max>5</max><after>1795166382554324</after></set></query>",
        "search the archive: with bob@…, since 2026-11-20T09:21:24Z, after 17951663…, at most 5",
    ),
    (
        "",
        "<query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><before/></set></query>",
        "search the archive: the last ones",
    ),
    (
        "",
        "<enable xmlns='urn:xmpp:push:0' jid='p.test'>" + FORM.format(FIELD.format("secret", "s")) + "</enable>",
        "send push notifications through p.test, secret masked",
    ),
    (
        "",
        f"<pubsub xmlns='{PUBSUB}'><publish node='http://jabber.org/protocol/tune'><item/></publish></pubsub>",
        "publish tune",
    ),
    ("p.test", f"<pubsub xmlns='{PUBSUB}'><create node='news'/></pubsub>", 'create "news" at p.test'),
    ("p.test", f"<pubsub xmlns='{PUBSUB}'><create/></pubsub>", "create a node of any name at p.test"),
    ("p.test", f"<pubsub xmlns='{PUBSUB}#owner'><delete node='news'/></pubsub>", 'delete "news" at p.test'),
    (
        "r@c.test",
        f"<query xmlns='{MUC}#admin'><item nick='carol' role='none'><reason>noise</reason></item></query>",
        'kick "carol" from r@c.test: "noise"',
    ),
    (
        "r@c.test",
        f"<query xmlns='{MUC}#admin'><item jid='b@x.test' affiliation='outcast'/></query>",
        "ban b@x.test from r@c.test",
    ),
    (
        "r@c.test",
        f"<query xmlns='{MUC}#admin'><item nick='b' role='moderator'/></query>",
        'make "b" moderator in r@c.test',
    ),
    ("r@c.test", f"<query xmlns='{MUC}#owner'>{FORM.format('')}</query>", "open r@c.test with the usual configuration"),
    ("r@c.test", f"<query xmlns='{MUC}#owner'><destroy/></query>", "destroy r@c.test"),
    (
        "b@x.test/r",
        "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='1'><content>"
        "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></content></jingle>",
        "offer a session: audio",
    ),
    (
        "b@x.test/r",
        "<jingle xmlns='urn:xmpp:jingle:1' action='session-terminate' sid='1'><reason><success/><text>bye</text>"
        "</reason></jingle>",
        'end the session, success: "bye"',
    ),
    (
        "x.test",
        "<command xmlns='http://jabber.org/protocol/commands' node='n' action='cancel'/>",
        'cancel command "n" at x.test',
    ),
    ("b@x.test", "<close xmlns='http://jabber.org/protocol/ibb'/>", "close the byte stream with b@x.test"),
    ("x.test", "<query xmlns='urn:example:x'/>", "set urn:example:x at x.test"),
]


def prosody() -> Context:
    context = Context()
    context.domain = "prosody.test"
    return context


@pytest.mark.parametrize(
    ("kind", "to", "payload", "text"),
    [("get", *line) for line in GETS] + [("set", *line) for line in SETS],
)
def test_requests(element: Parse, kind: str, to: str, payload: str, text: str) -> None:
    address = f"to='{to}'" if to else ""
    xml = f"<iq type='{kind}' id='1' {address}>{payload}</iq>"
    assert summarize(element(xml), "initiating", prosody()) == text


RESULTS = [
    (
        "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>alice@prosody.test/tls-a</jid></bind>",
        "bound alice@prosody.test/tls-a",
    ),
    ("<query xmlns='jabber:iq:roster'><item jid='a@x'/></query>", "roster: 1 contact"),
    (
        f"<query xmlns='{DISCO}#info'><identity category='server' type='im' name='Prosody'/><feature var='a'/></query>",
        'server/im "Prosody"; 1 feature',
    ),
    (f"<query xmlns='{DISCO}#items'/>", "nothing belongs to it"),
    (f"<query xmlns='{DISCO}#items'>" + "<item jid='a.test'/>" * 6 + "</query>", "6 items: " + "a.test, " * 5 + "…"),
    (
        "<query xmlns='jabber:iq:version'><name>Prosody</name><version>0.12</version><os>Linux</os></query>",
        'runs "Prosody" "0.12" on "Linux"',
    ),
    (
        "<time xmlns='urn:xmpp:time'><tzo>+02:00</tzo><utc>2026-11-20T09:24:12Z</utc></time>",
        "it is 2026-11-20T09:24:12Z, zone +02:00",
    ),
    ("<query xmlns='jabber:iq:last' seconds='75'/>", "idle for 1 min 15 s"),
    ("<query xmlns='jabber:iq:last' seconds='-1'>x</query>", 'idle for an unknown time: "x"'),
    (
        "<query xmlns='jabber:iq:register'><username/><password/><instructions>x</instructions></query>",
        "registration needs username, password",
    ),
    ("<query xmlns='jabber:iq:register'><registered/><username>al</username></query>", 'registered as "al"'),
    ("<blocklist xmlns='urn:xmpp:blocking'><item jid='b@x.test'/></blocklist>", "1 address blocked: b@x.test"),
    (
        "<fin xmlns='urn:xmpp:mam:2' complete='true'><set xmlns='http://jabber.org/protocol/rsm'><count>20</count></set>"
        "</fin>",
        "archive searched, complete: 20 in all",
    ),
    ("<fin xmlns='urn:xmpp:mam:2'/>", "archive searched, more follow"),
    ("<vCard xmlns='vcard-temp'><NICKNAME>Ally</NICKNAME></vCard>", 'vCard of "Ally"'),
    (f"<pubsub xmlns='{PUBSUB}'><items node='news'><item/><item/></items></pubsub>", '2 items of "news"'),
    (
        "<services xmlns='urn:xmpp:extdisco:2'><service type='turn' host='t' password='s'/></services>",
        "1 service: turn, credentials masked",
    ),
    (
        "<slot xmlns='urn:xmpp:http:upload:0'><put url='https://a:b@u.test:5281/x?y=z'/></slot>",
        "upload to u.test:5281, secrets masked",
    ),
    ("<query xmlns='urn:example:x'/>", "answer of urn:example:x"),
    ("<ping xmlns='urn:xmpp:ping'/>", "pong"),
]


@pytest.mark.parametrize(("payload", "text"), RESULTS)
def test_results(element: Parse, payload: str, text: str) -> None:
    assert summarize(element(f"<iq type='result' id='1'>{payload}</iq>"), "receiving", prosody()) == text


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (None, "done"),
        ("urn:xmpp:ping\nping", "pong"),
        ("jabber:iq:roster\nquery", "roster up to date"),
        ("urn:ietf:params:xml:ns:xmpp-session\nsession", "session started"),
        ("urn:xmpp:carbons:2\nenable", "carbons are on"),
        ("jabber:iq:register\nquery", "registration done"),
        ("urn:example:x\nquery", "done"),
    ],
)
def test_an_empty_result_is_told_by_its_request(element: Parse, request_: str | None, text: str) -> None:
    assert summarize(element("<iq type='result' id='1'/>"), "receiving", prosody(), request_) == text


def test_pushes_and_requests_to_the_client(element: Parse) -> None:
    context = prosody()
    context.jid = "alice@prosody.test/tls-a"

    def told(xml: str) -> str:
        return summarize(element(xml), "receiving", context)

    item = "<item jid='bob@prosody.test' subscription='{}' {}/>"
    push = "<iq type='set' id='1' {}><query xmlns='jabber:iq:roster'>{}</query></iq>"
    assert told(push.format("", item.format("from", "ask='subscribe'"))) == "roster push: bob@… now from, ask subscribe"
    assert told(push.format("from='alice@prosody.test'", item.format("remove", ""))) == "roster push: bob@… removed"
    assert told("<iq type='set' id='1'><block xmlns='urn:xmpp:blocking'><item jid='b@x.test'/></block></iq>") == (
        "blocklist push: block b@x.test"
    )
    assert told("<iq type='get' id='1' from='bob@prosody.test/p'><query xmlns='jabber:iq:version'/></iq>") == (
        "from bob@…/p: ask the client which software it runs"
    )
    answer = element("<iq type='result' id='1'/>")
    assert summarize(answer, "initiating", context, "jabber:iq:roster\nquery") == "roster push accepted"


def test_between_servers_the_sender_is_named(element: Parse) -> None:
    def told(xml: str) -> str:
        return summarize(element(xml, "jabber:server"), "initiating", prosody())

    ping = "<iq type='get' id='1' from='a@prosody.test/x' to='b.test'><ping xmlns='urn:xmpp:ping'/></iq>"
    assert told(ping) == "from a@…/x: ping b.test"
    assert told("<iq type='result' id='1' from='b.test' to='a@prosody.test/x'/>") == "from b.test: done"


def test_errors(element: Parse) -> None:
    def told(xml: str) -> str:
        return summarize(element(xml), "receiving", prosody())

    error = "<iq type='error' id='1'><error type='modify'>{}</error></iq>"
    assert told(error.format(f"<item-not-found xmlns='{ERRORS}'/>")) == "item-not-found"
    text = f"<bad-request xmlns='{ERRORS}'/><text xmlns='{ERRORS}'>No\nway</text><own xmlns='urn:example:x'/>"
    assert told(error.format(text)) == 'bad-request (own): "No\\nway"'
    assert told("<iq type='error' id='1'/>") == "an error without a condition"
    assert told("<iq type='nonsense' id='1'><ping xmlns='urn:xmpp:ping'/></iq>") == "of no known type, with ping"
    assert told("<iq id='1'/>") == "of no known type, with nothing in it"


def test_text_of_others_cannot_steer_the_line(element: Parse) -> None:
    xml = "<iq type='get' id='1' to='a&#10;{{who}}@x.test/&#x202e;r'><ping xmlns='urn:xmpp:ping'/></iq>"
    assert summarize(element(xml.replace("{{", "{").replace("}}", "}")), "initiating", prosody()) == (
        "ping a\\n{who}@x.test/\\u202er"
    )


def test_a_context_remembers_within_bounds(element: Parse) -> None:
    context = prosody()
    for number in range(10_000):
        context.short(f"user{number}@x.test")
        context.enter(f"room{number}@c.test", False)
    assert len(context._short) <= 4096
    assert len(context._rooms) <= 4096
    assert context.short("bob@prosody.test") == "bob@…"
    context.domain = "other.test"
    assert context.short("bob@prosody.test") == "bob@prosody.test"
