"""Pages of the handbook as they are read: rendered once for each language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from youworker.handbook.contents import file_of
from youworker.handbook.reference import settings_table
from youworker.handbook.rendering import Rendered, render

# Written where a page shows all settings; the words of a page never come out of its source.
SETTINGS = "{{ settings }}"


@dataclass(frozen=True)
class ReadPage:
    """A page in the language it exists in."""

    name: str
    language: str
    content: Rendered


@cache
def read_page(name: str, language: str) -> ReadPage:
    """A page in a language, or else in English; files change with the product only."""
    file, found = file_of(name, language)
    text = file.read_text(encoding="utf-8")
    if SETTINGS in text:
        text = text.replace(SETTINGS, settings_table())
    return ReadPage(name, found, render(text, name))
