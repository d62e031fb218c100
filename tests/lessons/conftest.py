"""Lessons with their recordings read, each once for all tests."""

from collections.abc import Callable
from functools import cache

import pytest

from xmppscope.cli.lessoning import prepared
from xmppscope.lessons.binding import Shown
from xmppscope.lessons.library import Lesson, lesson
from xmppscope.lessons.topic import Question

Prepared = tuple[Lesson, list[Shown], list[Question]]


@cache
def made(name: str, language: str) -> Prepared:
    chosen = lesson(name, language)
    shown, asked = prepared(chosen, language)
    return chosen, shown, asked


@pytest.fixture(scope="session")
def ready() -> Callable[[str, str], Prepared]:
    """Return a function from a lesson's name and language to the lesson, its steps and its questions."""
    return made
