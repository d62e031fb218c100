"""Texts that a stanza may hold once, or once in each language (RFC 6121 §4.7.2, §5.2)."""

from collections import Counter
from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, table
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.element import Element
from xmppscope.model.namespaces import CONTENT
from xmppscope.session.seen import Seen

_LANG: Final = "http://www.w3.org/XML/1998/namespace\nlang"
_MESSAGE: Final = frozenset(names.expanded(ns, local) for ns in CONTENT for local in ("body", "subject"))
_STATUS: Final = frozenset(names.expanded(ns, "status") for ns in CONTENT)
_THREADS: Final = frozenset(names.expanded(ns, "thread") for ns in CONTENT)
_TO: Final = "to='romeo@montague.example'"

LANGUAGES: Final = Rule(
    "duplicate-lang", "stanza", "error", "RFC 6121 §5.2.3",
    what="Two <body/>, two <subject/> or two <status/> in the same language, their own (xml:lang) or the one that they "
    "inherit from the stanza.",
    why="Each stands for the same text in another language; of two in one language a client shows either.",
    wrong=talk(f"C: <message {_TO}><body>Hark!</body><body>Listen!</body></message>"),
    right=talk(f"C: <message {_TO} xml:lang='en'><body>Hark!</body><body xml:lang='de'>Horch!</body></message>"),
)  # fmt: skip
THREADS: Final = Rule(
    "message-threads", "stanza", "error", "RFC 6121 §5.2.5",
    what="More than one <thread/> in one message.",
    why="A message belongs to one conversation; clients sort it into either, or none.",
    wrong=talk(f"C: <message {_TO}><body>Hark!</body><thread>a</thread><thread>b</thread></message>"),
    right=talk(f"C: <message {_TO}><body>Hark!</body><thread parent='a'>b</thread></message>"),
)  # fmt: skip


class TextChecker(Checker):
    """Looks at stanzas that hold several texts."""

    RULES = (LANGUAGES, THREADS)

    def message(self, seen: Seen) -> None:
        """Take a message."""
        element = seen.element
        if element is not None and _repeats(element):
            self._languages(element, _MESSAGE)
            threads = [child for child in element.children if child.name in _THREADS]
            if len(threads) > 1:
                self.report(THREADS, f"{len(threads)} <thread/> in one message")

    def presence(self, seen: Seen) -> None:
        """Take a presence."""
        element = seen.element
        if element is not None and _repeats(element):
            self._languages(element, _STATUS)

    def _languages(self, stanza: Element, texts: frozenset[str]) -> None:
        found = [child for child in stanza.children if child.name in texts]
        if len(found) < 2:
            return
        inherited = stanza.attrs.get(_LANG, "")
        said = Counter((child.local, child.attrs.get(_LANG, inherited).lower()) for child in found)
        for (local, language), count in sorted(said.items()):
            if count > 1:
                where = f'in "{language[:20]}"' if language else "without a language"
                self.report(LANGUAGES, f"{count} <{local}/> {where}")

    ELEMENTS = table({**dict.fromkeys(names.MESSAGES, message), **dict.fromkeys(names.PRESENCES, presence)})


def _repeats(stanza: Element) -> bool:
    """Tell whether two children bear the same name, which few stanzas have."""
    children = stanza.children
    return len(children) > 1 and len({child.name for child in children}) < len(children)
