"""What the explanations say of an entry, for the steps and questions that have no words of their own."""

from xmppscope.explain.library import Text, translated
from xmppscope.explain.voice import voices
from xmppscope.model.timeline import Entry


def voice(entry: Entry, language: str) -> Text | None:
    """Return the text about *entry* in *language*, or in English where there is no other."""
    found = voices(entry)
    return translated(found[0], language) if found else None


def says(entry: Entry, language: str) -> str:
    """Return in a sentence what *entry* means; empty where nothing is said."""
    text = voice(entry, language)
    return "" if text is None else text.says


def comes_next(entry: Entry, language: str) -> str:
    """Return who may speak next and what; empty where nothing is said."""
    text = voice(entry, language)
    return "" if text is None or not text.next else text.next[:1].upper() + text.next[1:]


def named(entry: Entry) -> str:
    """Return *entry* as a word: its tag, else its kind."""
    if entry.kind == "stream-close":
        return f"</{entry.name or 'stream'}>"
    if entry.name is None:
        return entry.kind
    return f'<{entry.name} type="{entry.type}">' if entry.name == "iq" else f"<{entry.name}>"
