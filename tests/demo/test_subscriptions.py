import pytest


def sends(client, kind: str, contact: str) -> None:
    client.says(f"<presence type='{kind}' to='{contact}@verona.example'/>")


def befriend(juliet, romeo) -> None:
    for one, other, name, other_name in ((juliet, romeo, "juliet", "romeo"), (romeo, juliet, "romeo", "juliet")):
        sends(one, "subscribe", other_name)
        sends(other, "subscribed", name)
    juliet.got.clear()
    romeo.got.clear()


@pytest.fixture
def juliet(verona):
    return verona.client("juliet").comes()


@pytest.fixture
def romeo(verona):
    return verona.client("romeo").comes()


# In the order that RFC 6121 §3.1.2 to §3.1.6 prescribe.
def test_asking_and_allowing(verona, juliet, romeo) -> None:
    sends(juliet, "subscribe", "romeo")
    assert juliet.take() == ["iq set item romeo none subscribe"]
    assert romeo.take() == ["presence subscribe juliet"]
    assert (verona.state("juliet", "romeo"), verona.state("romeo", "juliet")) == ("NONE_OUT", "NONE_IN")
    sends(romeo, "subscribed", "juliet")
    assert romeo.take() == ["iq set item juliet from"]
    assert juliet.take() == ["presence subscribed romeo", "iq set item romeo to", "presence romeo/x"]
    sends(romeo, "subscribe", "juliet")
    sends(juliet, "subscribed", "romeo")
    assert romeo.take() == [
        "iq set item juliet from subscribe",
        "presence subscribed juliet",
        "iq set item juliet both",
        "presence juliet/x",
    ]
    assert juliet.take() == ["presence subscribe romeo", "iq set item romeo both"]


def test_both_may_ask_at_once(verona, juliet, romeo) -> None:
    sends(juliet, "subscribe", "romeo")
    sends(romeo, "subscribe", "juliet")
    assert (verona.state("juliet", "romeo"), verona.state("romeo", "juliet")) == ("NONE_OUT_IN", "NONE_OUT_IN")
    sends(juliet, "subscribed", "romeo")
    sends(romeo, "subscribed", "juliet")
    assert (verona.state("juliet", "romeo"), verona.state("romeo", "juliet")) == ("BOTH", "BOTH")


def test_denying(verona, juliet, romeo) -> None:
    sends(juliet, "subscribe", "romeo")
    juliet.got.clear()
    sends(romeo, "unsubscribed", "juliet")
    assert juliet.take() == ["presence unsubscribed romeo", "iq set item romeo none"]
    assert romeo.take() == ["presence subscribe juliet"]
    assert (verona.state("juliet", "romeo"), verona.state("romeo", "juliet")) == ("NONE", "NONE")


def test_cancelling_what_was_allowed(verona, juliet, romeo) -> None:
    befriend(juliet, romeo)
    sends(juliet, "unsubscribed", "romeo")
    assert romeo.take() == ["presence unavailable juliet/x", "presence unsubscribed juliet", "iq set item juliet from"]
    assert juliet.take() == ["iq set item romeo to"]
    assert (verona.state("juliet", "romeo"), verona.state("romeo", "juliet")) == ("TO", "FROM")


def test_unsubscribing(verona, juliet, romeo) -> None:
    befriend(juliet, romeo)
    sends(juliet, "unsubscribe", "romeo")
    assert romeo.take() == ["presence unsubscribe juliet", "iq set item juliet to"]
    assert juliet.take() == ["iq set item romeo from", "presence unavailable romeo/x"]
    assert (verona.state("juliet", "romeo"), verona.state("romeo", "juliet")) == ("FROM", "TO")


def test_what_is_allowed_already_is_allowed_by_the_server(verona, juliet, romeo) -> None:
    befriend(juliet, romeo)
    verona.accounts.named("juliet").contacts.clear()
    sends(juliet, "subscribe", "romeo")
    assert romeo.take() == []
    assert juliet.take() == [
        "iq set item romeo none subscribe",
        "presence subscribed romeo",
        "iq set item romeo to",
    ]


@pytest.mark.parametrize("kind", ["subscribed", "unsubscribed", "unsubscribe"])
def test_what_nobody_asked_for_changes_nothing(verona, juliet, romeo, kind: str) -> None:
    sends(juliet, kind, "romeo")
    assert (juliet.take(), romeo.take()) == ([], [])
    assert (verona.state("juliet", "romeo"), verona.state("romeo", "juliet")) == ("NONE", "NONE")


def test_a_request_waits_until_the_contact_comes(verona, juliet) -> None:
    sends(juliet, "subscribe", "romeo")
    romeo = verona.client("romeo")
    romeo.says("<presence/>")
    assert romeo.take() == ["presence romeo/x", "presence subscribe juliet"]
    assert "item" not in "".join(romeo.take())


def test_removing_a_contact_cancels_both_directions(verona, juliet, romeo) -> None:
    befriend(juliet, romeo)
    item = "<item jid='romeo@verona.example' subscription='remove'/>"
    juliet.says(f"<iq type='set' id='1'><query xmlns='jabber:iq:roster'>{item}</query></iq>")
    assert juliet.take() == ["presence unavailable romeo/x", "iq set item romeo remove", "iq result"]
    assert romeo.take() == [
        "presence unsubscribe juliet",
        "iq set item juliet to",
        "presence unavailable juliet/x",
        "presence unsubscribed juliet",
        "iq set item juliet none",
    ]
    assert (verona.state("juliet", "romeo"), verona.state("romeo", "juliet")) == ("NONE", "NONE")


@pytest.mark.parametrize(
    ("contact", "error"),
    [
        ("paris@verona.example", "presence error paris item-not-found"),
        ("romeo@mantua.example", "presence error romeo@mantua.example remote-server-not-found"),
    ],
)
def test_nobody_to_ask(verona, juliet, contact: str, error: str) -> None:
    juliet.says(f"<presence type='subscribe' to='{contact}'/>")
    assert juliet.take() == [error]
    assert verona.state("juliet", "paris") == "NONE"


def test_nobody_subscribes_to_oneself(juliet) -> None:
    sends(juliet, "subscribe", "juliet")
    assert juliet.take() == []


def test_a_stranger_cannot_fill_the_list_of_contacts(verona, juliet, romeo, monkeypatch) -> None:
    monkeypatch.setattr("xmppscope.demo.subscriptions.CONTACTS_BOUND", 0)
    sends(juliet, "subscribe", "romeo")
    assert romeo.take() == []
    assert verona.accounts.named("romeo").contacts == {}
