"""What stanzas do, in the words that a reader sees."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.explain import summary, summary_iq
from xmppscope.explain.context import Context, duration
from xmppscope.explain.message_parts import PARTS
from xmppscope.explain.summary import summarize
from xmppscope.model.element import Element

Parse = Callable[..., Element]
ERRORS = "urn:ietf:params:xml:ns:xmpp-stanzas"
MUC = "http://jabber.org/protocol/muc"
PUBSUB = "http://jabber.org/protocol/pubsub"
FORWARDED = "<forwarded xmlns='urn:xmpp:forward:0'>{}</forwarded>"
INNER = (
    "<message xmlns='jabber:client' from='alice@prosody.test/a' to='bob@x.test/b' type='chat'><body>Hi</body></message>"
)


def prosody(jid: str = "") -> Context:
    context = Context()
    context.domain = "prosody.test"
    context.jid = jid
    return context


MESSAGES = [
    (">", "<message to='bob@prosody.test/tls-b'><body>Hello Bob</body></message>", 'to bob@…/tls-b: "Hello Bob"'),
    ("<", "<message from='bob@x.test/b'><body>Hello</body></message>", 'from bob@x.test/b: "Hello"'),
    ("<", "<message from='bob@prosody.test/phone.4f9c1b77'><body>x</body></message>", 'from bob@…/phone.4f9c1b…: "x"'),
    (">", "<message><body>note</body></message>", 'to the own account: "note"'),
    ("<", "<message><body>maintenance</body></message>", 'from the server: "maintenance"'),
    (">", "<message to='b@x.test'><body>a&#10;b\\</body></message>", 'to b@x.test: "a\\nb\\\\"'),
    (">", "<message to='b@x.test'><body/></message>", 'to b@x.test: ""'),
    (">", "<message to='b@x.test'/>", "to b@x.test: nothing in it"),
    (
        ">",
        "<message to='b@x.test'><body>x</body><active xmlns='http://jabber.org/protocol/chatstates'/>"
        "<request xmlns='urn:xmpp:receipts'/></message>",
        'to b@x.test: "x"',
    ),
    (
        ">",
        "<message to='b@x.test'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
        "to b@x.test: is typing",
    ),
    (
        ">",
        "<message to='b@x.test'><active xmlns='http://jabber.org/protocol/chatstates'/>"
        "<received xmlns='urn:xmpp:receipts' id='13a3fe7ff22b'/></message>",
        "to b@x.test: has received 13a3fe7f…",
    ),
    (
        "<",
        "<message from='b@x.test'><displayed xmlns='urn:xmpp:chat-markers:0' id='1'/></message>",
        "from b@x.test: has read 1",
    ),
    (
        ">",
        "<message to='b@x.test'><body>where</body><replace xmlns='urn:xmpp:message-correct:0' id='bad1'/></message>",
        'to b@x.test, correcting bad1: "where"',
    ),
    (
        "<",
        "<message from='b@x.test'><body>fallback</body><encrypted xmlns='urn:xmpp:omemo:2'/></message>",
        "from b@x.test: encrypted (OMEMO)",
    ),
    (
        "<",
        "<message from='b@x.test'><body>x</body><delay xmlns='urn:xmpp:delay' stamp='2026-11-20T09:21:24Z'/>"
        "<delay xmlns='urn:xmpp:delay' stamp='2026-11-20T09:21:26Z'/></message>",
        'from b@x.test, sent 2026-11-20T09:21:24Z: "x"',
    ),
    (
        "<",
        "<message from='b@x.test'><body>x</body><delay xmlns='urn:xmpp:delay' stamp='noon'/></message>",
        'from b@x.test, delayed since "noon": "x"',
    ),
    (
        "<",
        "<message from='alice@prosody.test'><received xmlns='urn:xmpp:carbons:2'>"
        + FORWARDED.format(INNER)
        + "</received></message>",
        'carbon: from alice@…/a: "Hi"',
    ),
    (
        "<",
        "<message from='alice@prosody.test'><sent xmlns='urn:xmpp:carbons:2'>"
        + FORWARDED.format(INNER)
        + "</sent></message>",
        'carbon: to bob@x.test/b: "Hi"',
    ),
    (
        "<",
        "<message from='alice@prosody.test'><result xmlns='urn:xmpp:mam:2' id='1'>"
        + FORWARDED.format(INNER)
        + "</result></message>",
        'archived: alice@…/a to bob@x.test/b: "Hi"',
    ),
    ("<", "<message><result xmlns='urn:xmpp:mam:2' id='1'/></message>", "archived: no message"),
    ("<", "<message><sent xmlns='urn:xmpp:carbons:2'/></message>", "carbon of nothing"),
    (
        "<",
        f"<message from='alice@prosody.test'><event xmlns='{PUBSUB}#event'>"
        "<items node='http://jabber.org/protocol/nick'><item id='current'/></items></event></message>",
        "from alice@…: published nick",
    ),
    (
        "<",
        f"<message from='p.test'><event xmlns='{PUBSUB}#event'><items node='news'><retract id='1'/></items></event>"
        "</message>",
        'from p.test: took back 1 item of "news"',
    ),
    (
        "<",
        f"<message from='p.test'><event xmlns='{PUBSUB}#event'><delete node='news'/></event></message>",
        'from p.test: deleted the node "news"',
    ),
    (
        "<",
        "<message from='r@c.test' type='groupchat'><subject>Today</subject></message>",
        'from r@c.test: subject "Today"',
    ),
    ("<", "<message from='r@c.test' type='groupchat'><subject/></message>", "from r@c.test: no subject"),
    (
        "<",
        f"<message from='r@c.test'><x xmlns='{MUC}#user'><status code='104'/><status code='999'/></x></message>",
        "from r@c.test: the configuration changed, status 999",
    ),
    (
        "<",
        f"<message from='r@c.test'><x xmlns='{MUC}#user'><invite from='b@x.test'><reason>come</reason></invite>"
        "<password>s</password></x></message>",
        'from r@c.test: b@x.test invites to this room: "come", password masked',
    ),
    (
        ">",
        f"<message to='r@c.test'><x xmlns='{MUC}#user'><invite to='b@x.test'/></x></message>",
        "to r@c.test: invite b@x.test",
    ),
    (
        ">",
        "<message to='b@x.test'><x xmlns='jabber:x:conference' jid='r@c.test' password='s' reason='come'/></message>",
        'to b@x.test: invites to r@c.test, password masked: "come"',
    ),
    (
        ">",
        "<message to='b@x.test'><reactions xmlns='urn:xmpp:reactions:0' id='744f6e18-a57a'><reaction>👋</reaction>"
        "</reactions></message>",
        'to b@x.test: reacts "👋" to 744f6e18…',
    ),
    (
        ">",
        "<message to='b@x.test'><propose xmlns='urn:xmpp:jingle-message:0' id='1'>"
        "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></propose></message>",
        "to b@x.test: proposes a call (audio)",
    ),
    (
        "<",
        f"<message from='b@x.test' type='error'><body>x</body><error type='cancel'><gone xmlns='{ERRORS}'>xmpp:c@x.test"
        f"</gone><text xmlns='{ERRORS}'>moved</text></error></message>",
        'from b@x.test: gone "xmpp:c@x.test": "moved"',
    ),
    ("<", "<message from='b@x.test' type='error'/>", "from b@x.test: an error without a condition"),
    (">", "<message to='b@x.test'><x xmlns='urn:example:x'/></message>", "to b@x.test: urn:example:x"),
]


@pytest.mark.parametrize(("side", "xml", "text"), MESSAGES)
def test_messages(element: Parse, side: str, xml: str, text: str) -> None:
    assert summarize(element(xml), "initiating" if side == ">" else "receiving", prosody()) == text


def test_messages_between_servers_have_both_addresses(element: Parse) -> None:
    xml = "<message from='a@prosody.test/x' to='b@y.test'><body>Hi</body></message>"
    for ns in ("jabber:server", "jabber:component:accept"):
        assert summarize(element(xml, ns), "receiving", prosody()) == 'a@…/x to b@y.test: "Hi"'
    assert summarize(element("<message/>", "jabber:server"), "receiving", prosody()) == (
        "from nobody to nobody: nothing in it"
    )


def test_addresses_below_the_domain_of_the_connection_are_short_too() -> None:
    context = prosody()
    assert context.short("room@rooms.prosody.test/nick") == "room@rooms.…/nick"
    assert context.short("room@notprosody.test") == "room@notprosody.test"
    assert context.short("rooms.prosody.test") == "rooms.prosody.test"
    assert Context().short("a@prosody.test") == "a@prosody.test"


def test_a_long_body_is_cut_within_its_quotes(element: Parse) -> None:
    text = summarize(element(f"<message to='b@x.test'><body>{'a' * 70_000}</body></message>"), "initiating", prosody())
    assert text == f'to b@x.test: "{"a" * 200}…"'


@pytest.mark.parametrize(
    ("seconds", "fraction", "said"),
    [("2.6", ".000", ", after 0.6 s"), ("2.04", ".0", ""), ("92", ".0", ", after 1 min 30 s"),
     ("7202", "", ", after 2 h 0 min"), ("864002", "", ", after 10 days"), ("0", "", ""), ("0", ".0", ""),
     ("2.6", "", ""), ("3.6", "", ", after 1 s"), ("33.2", "", ", after 31 s")],
)  # fmt: skip
def test_a_delay_is_told_as_exactly_as_it_is_known(element: Parse, seconds: str, fraction: str, said: str) -> None:
    context = prosody()
    context.time = 1_795_166_484_000_000_000 + int(float(seconds) * 1e9)
    delay = f"<delay xmlns='urn:xmpp:delay' stamp='2026-11-20T09:21:26{fraction}Z'/>"
    xml = f"<message from='b@x.test'><body>x</body>{delay}</message>"
    assert summarize(element(xml), "receiving", context) == f'from b@x.test{said}: "x"'


def test_durations() -> None:
    assert [duration(0.04), duration(59.94), duration(60), duration(86_400 * 3)] == [
        "0.0 s", "59.9 s", "1 min 0 s", "3 days",
    ]  # fmt: skip


PRESENCES = [
    (">", "<presence/>", "available"),
    (">", "<presence><show>away</show><status>lunch</status></presence>", 'away: "lunch"'),
    (">", "<presence><priority>5</priority></presence>", "available, priority 5"),
    (">", "<presence type='unavailable'><status>bye</status></presence>", 'unavailable: "bye"'),
    (">", "<presence type='odd'/>", 'of no known type "odd"'),
    (">", "<presence><show>odd</show></presence>", '"odd"'),
    (">", "<presence to='bob@prosody.test'/>", "to bob@…: available"),
    ("<", "<presence from='bob@prosody.test/a'/>", "bob@…/a is available"),
    ("<", "<presence from='bob@prosody.test/a'><show>dnd</show></presence>", "bob@…/a is busy"),
    ("<", "<presence from='bob@prosody.test' type='unavailable'/>", "bob@… is unavailable"),
    (">", "<presence type='subscribe' to='bob@prosody.test'/>", "ask bob@… for a subscription"),
    ("<", "<presence type='subscribe' from='bob@prosody.test'/>", "bob@… asks for a subscription"),
    (">", "<presence type='subscribed' to='bob@prosody.test'/>", "accept the subscription of bob@…"),
    ("<", "<presence type='subscribed' from='bob@prosody.test'/>", "bob@… accepted the subscription"),
    ("<", "<presence type='unsubscribed' from='bob@prosody.test'/>", "bob@… refused or ended the subscription"),
    (">", "<presence type='unsubscribe' to='bob@prosody.test'/>", "end the subscription to bob@…"),
    ("<", "<presence type='probe' from='bob@prosody.test'/>", "bob@… asks for the presence"),
    (
        "<",
        f"<presence type='error' from='r@c.test/n'><error><conflict xmlns='{ERRORS}'/></error></presence>",
        "from r@c.test/n: conflict",
    ),
]


@pytest.mark.parametrize(("side", "xml", "text"), PRESENCES)
def test_presence(element: Parse, side: str, xml: str, text: str) -> None:
    assert summarize(element(xml), "initiating" if side == ">" else "receiving", prosody()) == text


def room(nick: str, attrs: str = "", *, kind: str = "", codes: tuple[int, ...] = (), reason: str = "") -> str:
    status = "".join(f"<status code='{code}'/>" for code in codes)
    why = f"<reason>{reason}</reason>" if reason else ""
    inside = f"<x xmlns='{MUC}#user'><item {attrs}>{why}</item>{status}</x>"
    return f"<presence from='r@c.test/{nick}' {kind}>{inside}</presence>"


def test_a_visit_to_a_room(element: Parse) -> None:
    context = prosody()
    gone = "type='unavailable'"
    lines = [
        (">", f"<presence to='r@c.test/al'><x xmlns='{MUC}'><password>s</password></x></presence>"),
        ("<", room("bob", "affiliation='none' role='participant'")),
        ("<", room("al", "affiliation='owner' role='moderator'", codes=(110, 201))),
        ("<", room("al", "affiliation='owner' role='moderator'", codes=(110,))),
        (">", "<presence to='r@c.test/al'><show>away</show></presence>"),
        ("<", room("bob", "nick='bob2'", kind=gone, codes=(303,))),
        ("<", room("bob2", "role='none'", kind=gone, codes=(307,), reason="noise")),
        ("<", room("eve", kind=gone, codes=(301,))),
        ("<", room("carl", kind=gone)),
        (">", f"<presence to='r@c.test/al' {gone}/>"),
        ("<", room("al", kind=gone, codes=(110,))),
        (">", f"<presence to='r@c.test/al' {gone}/>"),
    ]
    assert [summarize(element(xml), "initiating" if side == ">" else "receiving", context) for side, xml in lines] == [
        'join r@c.test as "al", password masked',
        "r@c.test/bob is in the room: participant",
        "joined r@c.test/al, a new room: owner, moderator",
        "r@c.test/al is in the room: owner, moderator",
        'in r@c.test as "al": away',
        'r@c.test/bob is now "bob2"',
        'r@c.test/bob2 was kicked: "noise"',
        "r@c.test/eve was banned",
        "r@c.test/carl left the room",
        "leave r@c.test",
        "r@c.test/al left the room",
        "to r@c.test/al: unavailable",
    ]


def test_presence_between_servers(element: Parse) -> None:
    def told(xml: str) -> str:
        return summarize(element(xml, "jabber:server"), "initiating", prosody())

    addresses = "from='a@prosody.test' to='b@y.test'"
    assert told(f"<presence {addresses}/>") == "a@… to b@y.test: available"
    assert told(f"<presence {addresses} type='probe'/>") == "a@… to b@y.test: ask for the presence"
    assert told(f"<presence {addresses}><x xmlns='{MUC}'/></presence>") == "a@… to b@y.test: join the room"
    assert told(f"<presence {addresses} type='error'/>") == "a@… to b@y.test: an error without a condition"


any_name = st.sampled_from(
    sorted(
        {*summary._HANDLERS, *PARTS, *summary_iq._RESULTS, *summary_iq._ASKED["get"], *summary_iq._ASKED["set"]}
        | {f"{MUC}#user\nx", f"{MUC}\nx", "jabber:x:data\nx", "urn:xmpp:forward:0\nforwarded", "item", "error"}
        | {f"jabber:client\n{local}" for local in ("error", "body", "show", "status")}
    )
)
any_attrs = st.dictionaries(
    st.sampled_from(["type", "to", "from", "id", "node", "jid", "h", "action", "seconds", "stamp", "code", "nick"]),
    st.sampled_from(
        ["get", "set", "result", "error", "unavailable", "subscribe", "{}", "{who}", "/", "@", "\x1b", "9" * 30]
    )
    | st.text(max_size=5),
    max_size=4,
)
any_element = st.recursive(
    st.builds(Element, any_name, any_attrs, st.just([]), st.text(max_size=5)),
    lambda children: st.builds(Element, any_name, any_attrs, st.lists(children, max_size=3), st.text(max_size=5)),
    max_leaves=8,
)


@given(any_element, st.sampled_from(["initiating", "receiving"]), any_name)
def test_no_element_raises_and_nothing_invisible_comes_out(told: Element, sender: str, request: str) -> None:
    text = summarize(told, sender, prosody("al@prosody.test/x"), request)  # type: ignore[arg-type]
    assert text
    assert "\n" not in text
    assert "\x1b" not in text
