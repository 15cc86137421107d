"""What templates of pages know without being told by their view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings

from youworker.core.pages.base import is_htmx
from youworker.core.pages.words import words_url

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "theme"
YEAR = 365 * 86400


def page_context(request: HttpRequest) -> dict[str, Any]:
    """The theme this browser has chosen, and what there is to choose from."""
    return {
        "theme": theme_of(request),
        "themes": THEMES,
        "languages": settings.LANGUAGES,
        "htmx": is_htmx(request),
        "words_url": words_url,
    }


def theme_of(request: HttpRequest) -> str:
    """The chosen theme; `auto` follows the device."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else THEMES[0]


def keep_preference(answer: HttpResponse, name: str, value: str) -> None:
    """Keep a preference for a year, out of reach of other sites."""
    answer.set_cookie(
        name,
        value,
        max_age=YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
