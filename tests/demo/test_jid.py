import pytest

from xmppscope.demo.jid import Jid, JidError


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("juliet@verona.example/balcony", ("juliet", "verona.example", "balcony")),
        ("Juliet@Verona.Example./A/b@c", ("juliet", "verona.example", "A/b@c")),
        ("verona.example", ("", "verona.example", "")),
        ("verona.example/x", ("", "verona.example", "x")),
    ],
)
def test_an_address_has_three_parts(text: str, parts: tuple[str, str, str]) -> None:
    jid = Jid.parse(text)
    assert (jid.localpart, jid.domainpart, jid.resourcepart) == parts


@pytest.mark.parametrize(
    "text", ["", "@a", "a@", "a@b/", "a@b@c", "a b@c", "a'b@c", "a@b\n", "a" * 1024 + "@b", "a@b/" + "é" * 512, "/a"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(JidError):
        Jid.parse(text)


def test_an_address_as_text() -> None:
    jid = Jid("juliet", "verona.example", "balcony")
    assert (jid.bare, str(jid), str(Jid("", "verona.example"))) == (
        "juliet@verona.example",
        "juliet@verona.example/balcony",
        "verona.example",
    )
