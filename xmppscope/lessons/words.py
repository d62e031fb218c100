"""Words of a lesson that every step and question needs, in each language: labels, questions, verdicts."""

import pkgutil
from functools import cache

from xmppscope.explain.languages import ENGLISH
from xmppscope.lessons.blocks import one, parse


class Words(dict[str, str]):
    """The words of one language by name; calling one by name fills its gaps."""

    def __call__(self, name: str, /, **gaps: object) -> str:
        """Return the words called *name* with *gaps* filled."""
        return self[name].format(**gaps)


@cache
def words(language: str = ENGLISH) -> Words:
    """Return the words of *language*."""
    data = pkgutil.get_data(__package__, f"texts/{language}/words.txt")
    if data is None:
        raise FileNotFoundError(f"the package's words in {language}")
    _, blocks = parse(data.decode())
    return Words({key: one(block, key) for block in blocks.values() for key in block})
