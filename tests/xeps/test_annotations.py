"""What extensions say: conversations.txt holds what is said, and all annotations that come of it."""

from pathlib import Path

import pytest

HEAD, *CONVERSATIONS = (Path(__file__).parent / "conversations.txt").read_text().split("\n\n")


def parts(conversation: str) -> tuple[str, list[str]]:
    lines = conversation.splitlines()
    script = [line for line in lines if not line.startswith("= ")]
    return "\n".join(script), [line[2:] for line in lines if line.startswith("= ")]


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda one: (parts(one)[1] or ["nothing"])[0])
def test_what_is_said(play, conversation: str) -> None:
    script, notes = parts(conversation)
    played = play("open 1 alice@a.example/desk\n" + script)
    assert played.notes == notes
    assert all(note.spec for entry in played.entries for note in entry.annotations or ())
    assert "tulip" not in " ".join(played.notes), "it stands for every secret"
