"""The hashes of Entity Capabilities: of an answer to disco#info, by XEP-0115 §5.1 and by XEP-0390 §4.1.

Both order and join what the answer says, and hash it. XEP-0115 §5.4 names answers that must not be hashed at all, since
one hash could stand for different ones.
"""

import base64
import hashlib
from collections.abc import Callable
from typing import Any, Final

from xmppscope.model.element import SEPARATOR, Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.xep_0004 import FORM
from xmppscope.xeps.xep_0030 import FEATURE, IDENTITY

_FIELD: Final = expanded("jabber:x:data", "field")
_VALUE: Final = expanded("jabber:x:data", "value")
_LANG: Final = f"http://www.w3.org/XML/1998/namespace{SEPARATOR}lang"

ALGORITHMS: Final[dict[str, Callable[[bytes], Any]]] = {
    "sha-1": hashlib.sha1,
    "sha-224": hashlib.sha224,
    "sha-256": hashlib.sha256,
    "sha-384": hashlib.sha384,
    "sha-512": hashlib.sha512,
    "sha3-256": hashlib.sha3_256,
    "sha3-512": hashlib.sha3_512,
    "blake2b-256": lambda data: hashlib.blake2b(data, digest_size=32),
    "blake2b-512": lambda data: hashlib.blake2b(data, digest_size=64),
    "md5": hashlib.md5,
}
"""By the names of the IANA registry and of XEP-0300."""

_FORM_TYPE: Final = "FORM_TYPE"
_UNIT, _RECORD, _GROUP, _FILE = "\x1f", "\x1e", "\x1d", "\x1c"


class Answer:
    """An answer, read for hashing; `fault` tells why XEP-0115 §5.4 forbids it."""

    def __init__(self, query: Element) -> None:
        children = query.children
        self.identities = [_identity(child) for child in children if child.name == IDENTITY]
        self.features = [child.attrs.get("var", "") for child in children if child.name == FEATURE]
        self.forms = [_Form(child) for child in children if child.name == FORM]
        self.fault = self._fault()

    def _fault(self) -> str:
        """§5.4 step 3: what makes the whole answer ill-formed."""
        if len(set(self.identities)) != len(self.identities):
            return "an identity is there twice"
        if len(set(self.features)) != len(self.features):
            return "a feature is there twice"
        types = [one for form in self.forms for one in set(form.types)]
        if len(set(types)) != len(types):
            return "two forms have the same FORM_TYPE"
        if any(len(set(form.types)) > 1 for form in self.forms):
            return "a FORM_TYPE has different values"
        return ""

    def caps(self, algorithm: str) -> str | None:
        """Return the hash of XEP-0115, None where the algorithm is not known."""
        identities = sorted("/".join(identity) for identity in self.identities)
        parts = [*identities, *sorted(self.features)]
        # §5.4: forms whose FORM_TYPE is missing or not hidden are ignored.
        for form in sorted((one for one in self.forms if one.hidden), key=lambda one: one.types[0]):
            parts.append(form.types[0])
            for name, values in sorted(form.fields, key=lambda field: field[0]):
                if name != _FORM_TYPE:
                    parts += [name, *sorted(values)]
        return _digest(algorithm, "".join(f"{part}<" for part in parts))

    def caps2(self, algorithm: str) -> str | None:
        """Return the hash of XEP-0390, None where the algorithm is not known."""
        features = _joined([f"{name}{_UNIT}" for name in self.features])
        identities = _joined([_joined_in_order((c, t, lang, name)) + _RECORD for c, t, lang, name in self.identities])
        forms = _joined(
            [
                _joined(
                    [f"{name}{_UNIT}" + _joined([f"{one}{_UNIT}" for one in values]) + _RECORD for name, values in f]
                )
                + _GROUP
                for f in (form.fields for form in self.forms)
            ]
        )
        return _digest(algorithm, f"{features}{_FILE}{identities}{_FILE}{forms}{_FILE}")


class _Form:
    def __init__(self, form: Element) -> None:
        fields = [child for child in form.children if child.name == _FIELD]
        self.fields = [
            (field.attrs.get("var", ""), [one.text for one in field.children if one.name == _VALUE]) for field in fields
        ]
        self.types = next((values for name, values in self.fields if name == _FORM_TYPE), [])
        kinds = [field.attrs.get("type") for field in fields if field.attrs.get("var") == _FORM_TYPE]
        self.hidden = bool(self.types) and kinds[:1] == ["hidden"]


def _identity(child: Element) -> tuple[str, str, str, str]:
    attrs = child.attrs
    return attrs.get("category", ""), attrs.get("type", ""), attrs.get(_LANG, ""), attrs.get("name", "")


def _joined(parts: list[str]) -> str:
    return "".join(sorted(parts, key=str.encode))


def _joined_in_order(parts: tuple[str, ...]) -> str:
    return "".join(f"{part}{_UNIT}" for part in parts)


def _digest(algorithm: str, text: str) -> str | None:
    make = ALGORITHMS.get(algorithm.lower())
    return None if make is None else base64.b64encode(make(text.encode(errors="replace")).digest()).decode()
