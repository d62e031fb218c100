"""Every installed runtime dependency may be distributed with scapy, which is GPL-2.0-only (CONTRIBUTING.md)."""

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution

import pytest

# Licences that do not go together with version 2 of the GPL, in the spellings that metadata has for them.
BARRED = re.compile(r"apache|gpl-?v?3|general public license v?(ersion )?3|agpl|affero", re.IGNORECASE)
# What the metadata says in its own words, read by a person: one of these may be chosen.
ALTERNATIVES = re.compile(r"\s+or\s+|\s*/\s*|\s*;\s*", re.IGNORECASE)


def runtime_dependencies() -> dict[str, Distribution]:
    """The distributions that `pip install xmppscope` brings, by name; extras are left out."""
    found: dict[str, Distribution] = {}
    waiting = ["xmppscope"]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            # A requirement for another platform or another version of Python.
            continue
        wanted = (requirement for requirement in found[name].requires or [] if "extra ==" not in requirement)
        waiting += (re.split(r"[\s<>=!~;\[(]", text, maxsplit=1)[0].lower().replace("_", "-") for text in wanted)
    return found


def licence(metadata: Distribution) -> str:
    """What the metadata says: the SPDX expression, else the classifiers, else the free text."""
    fields = metadata.metadata
    classifiers = [text.rpartition(" :: ")[2] for text in fields.get_all("Classifier") or [] if "License ::" in text]
    return fields.get("License-Expression") or "; ".join(classifiers) or (fields.get("License") or "").split("\n")[0]


def may_be_combined(expression: str) -> bool:
    return bool(expression) and any(not BARRED.search(choice) for choice in ALTERNATIVES.split(expression))


DEPENDENCIES = runtime_dependencies()


@pytest.mark.parametrize("name", sorted(DEPENDENCIES))
def test_dependency_goes_together_with_version_2_of_the_gpl(name: str) -> None:
    said = licence(DEPENDENCIES[name])
    assert may_be_combined(said), f"{name} is licensed under {said or 'nothing that its metadata names'}"


def test_every_declared_dependency_was_looked_at() -> None:
    assert {"click", "cryptography", "lxml", "msgspec", "rich", "scapy"} <= DEPENDENCIES.keys()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("Apache-2.0 OR BSD-3-Clause", True),
        ("BSD-3-Clause", True),
        ("GPL-2.0-only", True),
        ("GPL-2.0-or-later", True),
        ("MIT License", True),
        ("LGPL-2.1-or-later", True),
        ("Apache-2.0", False),
        ("Apache Software License", False),
        ("GPL-3.0-only", False),
        ("GPL-3.0-or-later", False),
        ("GNU General Public License v3 (GPLv3)", False),
        ("", False),
    ],
)
def test_the_rule(expression: str, expected: bool) -> None:
    assert may_be_combined(expression) is expected
