"""The page of the viewer, put together from its static files.

`view` and `proxy --web` serve the ES modules as they are. A report has to be one file, and an inline module can import
no other, so there each module becomes a function that returns what it exports: the same code in the same order, in one
script whose hash the page's policy names. Only lines of comment are left out, and nothing is fetched from anywhere.
"""

import base64
import hashlib
import pkgutil
import re
from functools import cache
from typing import Final

SUFFIXES: Final = {".js": "text/javascript", ".css": "text/css"}
"""What may be served of the static files, with its media type."""

_IMPORT: Final = re.compile(r'^import (\{[^}]*\}) from "\./([a-z]+)\.js";$', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export ((?:async )?(?:function\*?|class|const) (\w+))", re.MULTILINE)
_COMMENT: Final = re.compile(r"^ *(?://.*|/\*\*.*\*/)\n", re.MULTILINE)
_POLICY: Final = "default-src 'none'; script-src {script}; style-src {style}; base-uri 'none'; form-action 'none'"


def static(name: str) -> bytes:
    """Return a static file of the page; raises `FileNotFoundError` where there is none of this name."""
    data = pkgutil.get_data(__package__, f"static/{name}")
    if data is None:
        raise FileNotFoundError(name)
    return data


@cache
def bundle(main: str) -> str:
    """Return the module *main* and all that it imports as one script."""
    made: dict[str, str] = {}
    _add(main, made)
    return "\n".join(['"use strict";', *made.values(), ""])


def _add(name: str, made: dict[str, str]) -> None:
    """Add a module behind those that it imports."""
    source = static(f"{name}.js").decode()
    for _, other in _IMPORT.findall(source):
        if other not in made:
            _add(other, made)
    body = _COMMENT.sub("", source)
    body = _IMPORT.sub(lambda found: f"const {found[1].replace(' as ', ': ')} = m_{found[2]};", body)
    names = ", ".join(found[1] for found in _EXPORT.findall(source))
    made[name] = (
        f"const m_{name} = (() => {{\n{_EXPORT.sub(lambda found: found[1], body)}\nreturn {{ {names} }};\n}})();"
    )


def head(script: str, style: str) -> str:
    """Return the page up to its data, with a policy that lets run *script* and apply *style*, and nothing else."""
    policy = _POLICY.format(script=_hash(script), style=_hash(style))
    return _page(f'<meta http-equiv="Content-Security-Policy" content="{policy}">', f"<style>{style}</style>")


def linked(folder: str) -> str:
    """Return the page that takes its style and its script from *folder*; its policy comes with the answer."""
    script = f'<script type="module" src="{folder}/served.js"></script>\n</body>\n</html>\n'
    return _page("", f'<link rel="stylesheet" href="{folder}/style.css">') + script


def style() -> str:
    """Return the style sheet."""
    return static("style.css").decode()


def _page(policy: str, styled: str) -> str:
    text = static("page.html").decode()
    return text.replace("{policy}", policy).replace("{style}", styled).partition("{data}")[0]


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
