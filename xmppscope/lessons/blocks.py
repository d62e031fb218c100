"""The form of the files of lessons: a head, then blocks, each of lines `key: value`.

`[name]` begins a block. A key may come several times. A line that begins with a blank goes on with the value above it,
and a line that begins with # is a remark.
"""

import re
from typing import Final

from xmppscope.explain.languages import joined

Block = dict[str, list[str]]

_TITLE: Final = re.compile(r"\[([a-z][a-z0-9-]*)\]")
_FIELD: Final = re.compile(r"([a-z0-9]+):(?: (.*))?")


def parse(source: str) -> tuple[Block, dict[str, Block]]:
    """Return the head and the blocks by name, in their order; raise `ValueError` for a line that is neither."""
    head: Block = {}
    blocks: dict[str, Block] = {}
    block, values = head, [""]
    for line in source.split("\n"):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] == " ":
            values[-1] = joined((values[-1], line.strip()))
        elif title := _TITLE.fullmatch(line):
            if title[1] in blocks:
                raise ValueError(f"there are two blocks called {title[1]}")
            block = blocks[title[1]] = {}
        elif field := _FIELD.fullmatch(line):
            values = block.setdefault(field[1], [])
            values.append(field[2] or "")
        else:
            raise ValueError(f"{line!r} is neither a title nor a field")
    return head, blocks


def one(block: Block, key: str, otherwise: str = "") -> str:
    """Return the only value of *key*."""
    found = block.get(key, [otherwise])
    if len(found) > 1:
        raise ValueError(f"{key} is there {len(found)} times")
    return found[0]
