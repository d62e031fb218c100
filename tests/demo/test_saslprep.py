import pytest

from xmppscope.demo.saslprep import saslprep


# RFC 4013 §3.
@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u00a0b", "a b"),
        ("\u0627\u0031\u0628", "\u0627\u0031\u0628"),
        ("", ""),
    ],
)
def test_the_examples_of_the_specification(text: str, prepared: str) -> None:
    assert saslprep(text) == prepared


@pytest.mark.parametrize("text", ["\u0007", "\u0627\u0031", "\u0627a\u0628", "\ufffd", "\U000e0001"])
def test_what_is_prohibited(text: str) -> None:
    with pytest.raises(ValueError, match="it "):
        saslprep(text)
