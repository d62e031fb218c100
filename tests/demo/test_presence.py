import pytest


@pytest.fixture
def friends(verona):
    juliet, romeo = verona.client("juliet").comes(), verona.client("romeo").comes()
    for one, other in ((juliet, "romeo"), (romeo, "juliet")):
        one.says(f"<presence type='subscribe' to='{other}@verona.example'/>")
    for one, other in ((juliet, "romeo"), (romeo, "juliet")):
        one.says(f"<presence type='subscribed' to='{other}@verona.example'/>")
    juliet.got.clear()
    romeo.got.clear()
    return juliet, romeo


def test_contacts_and_the_own_resources_are_told(verona, friends) -> None:
    juliet, romeo = friends
    chamber = verona.client("juliet", "chamber")
    chamber.says("<presence/>")
    assert romeo.take() == ["presence juliet/chamber"]
    assert juliet.take() == ["presence juliet/chamber"]
    assert chamber.take() == ["presence juliet/chamber", "presence juliet/x", "presence romeo/x"]
    chamber.says("<presence><show>away</show></presence>")
    assert (juliet.got, romeo.got) == (
        ['<presence from="juliet@verona.example/chamber" to="juliet@verona.example"><show>away</show></presence>'],
        ['<presence from="juliet@verona.example/chamber" to="romeo@verona.example"><show>away</show></presence>'],
    )


def test_a_contact_who_is_away_is_said_to_be(verona, friends) -> None:
    _, romeo = friends
    romeo.ends()
    chamber = verona.client("juliet", "chamber")
    chamber.says("<presence/>")
    assert chamber.take()[-1] == "presence unavailable romeo"


@pytest.mark.parametrize("says_so", [True, False])
def test_leaving_is_told_once(friends, says_so: bool) -> None:
    juliet, romeo = friends
    if says_so:
        romeo.says("<presence type='unavailable'><status>banished</status></presence>")
        assert romeo.take() == ["presence unavailable romeo/x"]
    romeo.ends()
    assert juliet.take() == ["presence unavailable romeo/x"]
    assert romeo.got == []


def test_directed_presence_is_taken_back_at_the_end(verona, friends) -> None:
    juliet, romeo = friends
    nurse, laurence = verona.client("nurse").comes(), verona.client("nurse", "laurence").comes()
    nurse.got.clear()
    for to in ("nurse@verona.example/x", "juliet@verona.example/x", "paris@mantua.example"):
        romeo.says(f"<presence to='{to}'/>")
    assert (nurse.take(), laurence.take(), juliet.take()) == (["presence romeo/x"], [], ["presence romeo/x"])
    romeo.ends()
    assert (nurse.take(), laurence.take()) == (["presence unavailable romeo/x"], [])
    assert juliet.take() == ["presence unavailable romeo/x"]


def test_directed_presence_that_was_taken_back_already(verona, friends) -> None:
    _, romeo = friends
    nurse = verona.client("nurse").comes()
    romeo.says("<presence to='nurse@verona.example'/>")
    romeo.says("<presence to='nurse@verona.example' type='unavailable'/>")
    romeo.ends()
    assert nurse.take() == ["presence romeo/x", "presence unavailable romeo/x"]


def test_probes_are_answered_to_those_who_may_know(verona, friends) -> None:
    juliet, _ = friends
    nurse = verona.client("nurse").comes()
    for asks in (juliet, nurse):
        asks.says("<presence type='probe' to='romeo@verona.example'/>")
    assert juliet.take() == ["presence romeo/x"]
    assert nurse.take() == ["presence unsubscribed romeo"]


@pytest.mark.parametrize(
    "presence", ["<presence type='available'/>", "<presence><priority>128</priority></presence>",
                 "<presence><priority>high</priority></presence>", "<presence><priority>-129</priority></presence>"]
)  # fmt: skip
def test_presence_that_is_wrong_is_refused(verona, presence: str) -> None:
    juliet = verona.client("juliet")
    juliet.says(presence)
    assert juliet.take() == ["presence error bad-request"]
    assert juliet.session.presence is None
