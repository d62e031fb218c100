import pytest


@pytest.mark.parametrize(
    ("said", "note"),
    [
        ("<iq type='get' id='1'><query xmlns='google:jingleinfo'/></iq>", "Google Talk: servers for voice calls"),
        ("<iq type='get' id='1'><query xmlns='google:mail:notify'/></iq>", "Google Talk: mail notification"),
        (
            "<message to='x'><body>a</body><x xmlns='google:nosave' value='enabled'/></message>",
            "Google Talk: off the record",
        ),
        (
            "<iq type='set' id='1' to='x'><session xmlns='http://www.google.com/session' type='initiate'/></iq>",
            "Google Talk: voice call, before Jingle",
        ),
        (
            "<message to='x'><body>a</body><tid xmlns='http://www.facebook.com/xmpp/messages'>1</tid></message>",
            "Facebook Chat: thread of messages",
        ),
        ("<auth {sasl} mechanism='X-FACEBOOK-PLATFORM'/>", "Facebook Chat: login by a token of an application"),
        (
            "<auth {sasl} mechanism='X-GOOGLE-TOKEN'>AGEAYg==</auth>",
            "Google Talk: login by a token of the Google account",
        ),
    ],
)
def test_extensions_by_name(play, said: str, note: str) -> None:
    assert note in play(f"open 1 a@a.example/r\nC: {said}").notes


def test_what_is_not_theirs(play) -> None:
    assert play("open 1 a@a.example/r\nC: <iq type='get' id='1'><query xmlns='google:unheard-of'/></iq>").notes == []
