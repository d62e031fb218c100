import pytest

from xmppscope.xeps.xep_0100 import Gateways
from xmppscope.xeps.xep_0106 import unescaped

INFO = "xmlns='http://jabber.org/protocol/disco#info'"


def identity(category: str, network: str) -> str:
    return (
        f"S: <iq type='result' id='d1' from='aim.a.example' to='juliet@a.example/r'><query {INFO}>"
        f"<identity category='{category}' type='{network}'/></query></iq>"
    )


def test_a_user_at_a_gateway(play) -> None:
    played = play(
        f"""
        open 1 juliet@a.example/r
        C: <presence to='aim.a.example'/>
        C: <iq type='get' id='d1' to='aim.a.example'><query {INFO}/></iq>
        {identity("gateway", "aim")}
        C: <iq type='get' id='r1' to='aim.a.example'><query xmlns='jabber:iq:register'/></iq>
        C: <iq type='set' id='r2' to='aim.a.example'><query {{register}}><username>j</username></query></iq>
        S: <presence type='subscribe' from='aim.a.example' to='juliet@a.example'/>
        C: <presence type='subscribed' to='aim.a.example'/>
        C: <presence to='aim.a.example'/>
        S: <presence from='aim.a.example' to='juliet@a.example/r'/>
        C: <presence type='unavailable' to='aim.a.example'/>
        S: <presence type='unavailable' from='aim.a.example' to='juliet@a.example/r'/>
        C: <iq type='set' id='r3' to='aim.a.example'><query xmlns='jabber:iq:register'><remove/></query></iq>
        """
    )
    assert [note for note in played.notes if "gateway" in note] == [
        "a gateway to aim",
        "tells the gateway the user's account on the other network",
        "the gateway wants to know when the user is there",
        "logs the user in at the gateway",
        "the gateway has logged the user in",
        "logs the user out at the gateway",
        "the gateway has logged the user out",
        "the gateway shall forget the user",
    ]


def test_the_address_of_a_contact_is_asked_for(play) -> None:
    played = play(
        """
        open 1 juliet@a.example/r
        C: <iq type='get' id='g1' to='aim.a.example'><query {gateway}/></iq>
        S: <iq type='result' id='g1' from='aim.a.example'><query {gateway}><prompt>ID</prompt></query></iq>
        C: <iq type='set' id='g2' to='aim.a.example'><query {gateway}><prompt>F b</prompt></query></iq>
        S: <iq type='result' id='g2' from='aim.a.example'><query {gateway}><jid>Fb@aim.a.example</jid></query></iq>
        C: <presence to='aim.a.example'/>
        """
    )
    assert played.notes == [
        "asks what the other network's addresses are called",
        "asks for the JID of F b",
        "the contact's JID is Fb@aim.a.example",
        "logs the user in at the gateway",
    ]


@pytest.mark.parametrize(
    ("localpart", "category", "network", "note"),
    [
        ("nurse%capulet.example", "gateway", "xmpp", "nurse@capulet.example, behind the gateway aim.a.example"),
        ("#room%irc.example", "conference", "irc", "#room@irc.example, behind the gateway aim.a.example"),
        ("50%off%capulet.example", "conference", "text", "50%off@capulet.example, if aim.a.example is a gateway"),
        (r"nurse\40capulet.example", "gateway", "xmpp", "nurse@capulet.example, behind the gateway aim.a.example"),
        (r"d\27artagnan", "server", "im", "d'artagnan"),
    ],
)
def test_whom_an_address_stands_for(play, localpart: str, category: str, network: str, note: str) -> None:
    played = play(
        f"""
        open 1 juliet@a.example/r
        {identity(category, network)}
        C: <message to='{localpart}@aim.a.example'><body>Nurse?</body></message>
        S: <message from='{localpart}@aim.a.example' to='juliet@a.example/r'><body>Yes</body></message>
        C: <message to='{localpart}@aim.a.example'><body>Ah</body></message>
        """
    )
    assert [text for text in played.notes if "stands for" in text] == [f"the recipient stands for {note}"]


@pytest.mark.parametrize("localpart", ["juliet", r"a\zz", ""])
def test_addresses_that_stand_for_themselves(play, localpart: str) -> None:
    address = f"{localpart}@b.example" if localpart else "b.example"
    played = play(f"open 1 juliet@a.example/r\nC: <message to='{address}'><body>hi</body></message>")
    assert played.notes == []


@pytest.mark.parametrize(
    ("escaped", "plain"),
    [
        (r"space\20cadet", "space cadet"),
        (r"call\20me\20\22ishmael\22", 'call me "ishmael"'),
        (r"at\26t\20guy", "at&t guy"),
        (r"\2fd\27artagnan\3a\3C\3e\40", "/d'artagnan:<>@"),
        (r"c\3a\5c5commas", r"c:\5commas"),
        (r"treeville\21", r"treeville\21"),
    ],
)
def test_escapes(escaped: str, plain: str) -> None:
    assert unescaped(escaped) == plain


def test_gateways_and_addresses_are_bounded() -> None:
    gateways = Gateways()
    for number in range(300):
        gateways.learn(f"g{number}.example")
    for number in range(5000):
        assert not gateways.addresses[f"u{number}@a.example"]
    assert len(gateways.known) == 256
    assert gateways.forgotten == 44
    assert len(gateways.addresses) <= 4096
