"""Pages of the handbook as they are read: rendered once for each language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from youworker.handbook.contents import file_of
from youworker.handbook.reference import doctor_table, settings_table
from youworker.handbook.rendering import Rendered, render

# What stands in a page where the product itself knows better.
GENERATED = {"{{ settings }}": settings_table, "{{ doctor }}": doctor_table}


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
    for mark, made in GENERATED.items():
        if mark in text:
            text = text.replace(mark, made())
    return ReadPage(name, found, render(text, name))
