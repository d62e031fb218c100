import pytest


def sets(client, *items: str) -> None:
    client.says(f"<iq type='set' id='1'><query xmlns='jabber:iq:roster'>{''.join(items)}</query></iq>")


def test_changes_are_pushed_to_all_who_have_asked_for_the_roster(verona) -> None:
    juliet, chamber = verona.client("juliet").comes(), verona.client("juliet", "chamber").comes()
    silent = verona.client("juliet", "silent")
    juliet.got.clear()
    sets(juliet, "<item jid='romeo@verona.example' name='Romeo'><group>Friends</group></item>")
    assert (juliet.take(), chamber.take(), silent.take()) == (
        ["iq set item romeo none", "iq result"],
        ["iq set item romeo none"],
        [],
    )
    juliet.says("<iq type='get' id='2'><query xmlns='jabber:iq:roster'/></iq>")
    assert juliet.got == [
        '<iq type="result" id="2" to="juliet@verona.example/x"><query xmlns="jabber:iq:roster">'
        '<item jid="romeo@verona.example" name="Romeo" subscription="none"><group>Friends</group></item></query></iq>'
    ]


def test_a_request_is_no_item_of_the_roster(verona) -> None:
    verona.client("juliet").says("<presence type='subscribe' to='romeo@verona.example'/>")
    romeo = verona.client("romeo")
    romeo.says("<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>")
    assert romeo.take() == ["iq result"]


@pytest.mark.parametrize(
    ("items", "condition"),
    [
        ((), "bad-request"),
        (("<item jid='a@b'/>", "<item jid='c@d'/>"), "bad-request"),
        (("<item/>",), "bad-request"),
        (("<item jid='@'/>",), "bad-request"),
        (("<item jid='a@b'><group>c</group><group>c</group></item>",), "bad-request"),
        (("<item jid='a@b'><group/></item>",), "not-acceptable"),
        (("<item jid='a@b' subscription='remove'/>",), "item-not-found"),
    ],
)
def test_a_change_that_is_wrong_is_refused(verona, items: tuple[str, ...], condition: str) -> None:
    juliet = verona.client("juliet").comes()
    sets(juliet, *items)
    assert juliet.take() == [f"iq error {condition}"]
    assert not any(contact.listed for contact in verona.accounts.named("juliet").contacts.values())


def test_a_roster_has_a_bound(verona, monkeypatch) -> None:
    monkeypatch.setattr("xmppscope.demo.roster.CONTACTS_BOUND", 1)
    juliet = verona.client("juliet")
    sets(juliet, "<item jid='a@b'/>")
    sets(juliet, "<item jid='a@b' name='again'/>")
    sets(juliet, "<item jid='c@d'/>")
    assert juliet.take() == ["iq result", "iq result", "iq error resource-constraint"]
