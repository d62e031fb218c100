import pytest

EXI = "xmlns='http://jabber.org/protocol/compress/exi'"


@pytest.mark.parametrize(
    ("who", "said", "note"),
    [
        (
            "C",
            f"<setup {EXI} strict='true'><schema ns='a'/><schema ns='b'/></setup>",
            "wants EXI by 2 schemas, strictly",
        ),
        ("C", f"<setup {EXI}><schema ns='a'/></setup>", "wants EXI by 1 schema"),
        (
            "S",
            f"<setupResponse {EXI} agreement='true' configurationId='c'/>",
            "EXI is agreed on: behind <compressed/> nothing can be read any more",
        ),
        ("S", f"<setupResponse {EXI}><missingSchema ns='a'/></setupResponse>", "no agreement yet: 1 schema missing"),
    ],
)
def test_what_is_agreed_on(play, who: str, said: str, note: str) -> None:
    assert play(f"open 1\n{who}: {said}").notes == [note]
