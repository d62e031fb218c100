"""Data Forms (XEP-0004): what kind of form it is, what must be filled in, what was.

Only names of fields are told: values may be anything, secrets too. Other extensions read the values that they know by
`values`. Left out: media, validation, layout.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import address, children, listed, word

DATA: Final = "jabber:x:data"
FORM: Final = expanded(DATA, "x")
_FIELD: Final = expanded(DATA, "field")
_VALUE: Final = expanded(DATA, "value")
_REQUIRED: Final = expanded(DATA, "required")
_ITEM: Final = expanded(DATA, "item")

MOST_FIELDS: Final = 256
"""How many fields of a form are read."""


def values(form: Element | None) -> dict[str, list[str]]:
    """Return the values of each field, as they stand there."""
    fields = [] if form is None else children(form, _FIELD)
    return {
        field.attrs.get("var", ""): [value.text for value in children(field, _VALUE)] for field in fields[:MOST_FIELDS]
    }


def first(form: Element | None, kind: str | None = None) -> dict[str, str]:
    """Return the first value of each field that has one; with *kind* only if that is the form's FORM_TYPE."""
    found = {name: texts[0] for name, texts in values(form).items() if texts}
    return found if kind is None or found.get("FORM_TYPE") == kind else {}


def form(met: Met, element: Element) -> None:
    """Tell what a form asks for or gives; it may stand in any payload."""
    kind = element.attrs.get("type")
    fields = children(element, _FIELD)[:MOST_FIELDS]
    names = [field.attrs.get("var", "") for field in fields if field.attrs.get("type") != "hidden"]
    names = [name for name in names if name and name != "FORM_TYPE"]
    if kind == "form":
        needed = [field.attrs.get("var", "") for field in fields if field.child(_REQUIRED) is not None]
        if needed:
            met.note(f"must be filled in: {listed(needed)}", "XEP-0004 §3.2")
    elif kind == "submit" and names:
        met.note(f"fills in {listed(names)}", "XEP-0004 §3.1")
    elif kind == "cancel":
        met.note("the form is not filled in: cancelled", "XEP-0004 §3.1")
    elif kind == "result":
        rows = len(children(element, _ITEM))
        if rows:
            met.note(f"result of {rows} row{'s' if rows != 1 else ''}", "XEP-0004 §3.4")


def changed(submitted: dict[str, str], words: dict[str, dict[str, str]]) -> list[str]:
    """Return what *words* has for the values of a form, by field and value; true and 1 are the same."""
    same = {"true": "1", "false": "0"}
    found = []
    for name, texts in words.items():
        value = submitted.get(name)
        if value is not None:
            value = value.strip()
            text = texts.get(same.get(value, value)) or texts.get("")
            if text:
                found.append(text.format(word(value), address(value)))
    return found


def _in_message(met: Met, element: Element) -> None:
    if met.entry.name == "message":
        form(met, element)


EXTENSION: Final = Extension(number="0004", title="Data Forms", namespaces=(DATA,), elements={FORM: _in_message})
