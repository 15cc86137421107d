"""Which pages the handbook has, in their order, for whom, and in which languages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_stubs_ext import StrOrPromise

FOLDER = Path(__file__).resolve().parent
# Every page exists in this language.
ENGLISH = "en"


@dataclass(frozen=True)
class Part:
    """Pages for one kind of reader; `folder` is empty for those of everybody."""

    folder: str
    title: StrOrPromise
    names: tuple[str, ...]
    staff_only: bool = True

    @property
    def pages(self) -> tuple[str, ...]:
        """The full names of its pages."""
        return tuple(f"{self.folder}/{name}".lstrip("/") for name in self.names)


PARTS = (
    Part(
        "",
        _("For everybody"),
        (
            "first-steps",
            "asking",
            "conversations",
            "attachments",
            "files",
            "searching",
            "sharing",
            "groups",
            "tools",
            "voice",
            "account",
            "keyboard",
            "other-programs",
            "libraries",
            "problems",
            "words",
        ),
        staff_only=False,
    ),
    Part(
        "staff",
        _("For staff"),
        (
            "console",
            "people",
            "models",
            "tools",
            "quotas",
            "retention",
            "private-content",
            "quality",
            "analytics",
        ),
    ),
    Part(
        "operator",
        _("For operators"),
        (
            "sizing",
            "install",
            "settings",
            "sign-in",
            "models",
            "daily",
            "backup",
            "upgrade",
            "scaling",
            "troubleshooting",
            "keys",
            "security",
            "metrics",
        ),
    ),
)


def parts_for(*, is_staff: bool) -> tuple[Part, ...]:
    """The parts somebody may read."""
    return tuple(part for part in PARTS if is_staff or not part.staff_only)


def pages_for(*, is_staff: bool) -> tuple[str, ...]:
    """The names of the pages somebody may read, in their order."""
    return tuple(page for part in parts_for(is_staff=is_staff) for page in part.pages)


def file_of(page: str, language: str) -> tuple[Path, str]:
    """The file of a page in a language, or else in English, and the language it is in."""
    file = FOLDER / language / f"{page}.md"
    if file.is_file():
        return file, language
    return FOLDER / ENGLISH / f"{page}.md", ENGLISH


def neighbours(page: str, pages: tuple[str, ...]) -> Iterator[str]:
    """The page before and the page after; empty where there is none."""
    at = pages.index(page)
    yield pages[at - 1] if at else ""
    yield pages[at + 1] if at + 1 < len(pages) else ""
