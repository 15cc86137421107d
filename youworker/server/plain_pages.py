"""Errors that arise before Django sees a request, as pages: a few words, and a way on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import translation
from django.utils.html import format_html
from django.utils.translation.trans_real import parse_accept_lang_header

from youworker.core.pages.paths import is_for_programs

if TYPE_CHECKING:
    from typing import Any

# It has no style: the policy of such answers lets nothing in.
PAGE = (
    '<!doctype html><html lang="{}"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark">'
    '<title>{} · YouWorker</title><h1>{}</h1><p>{}</p><p><a href="/">{}</a></p></html>'
)
LONGEST = 400


def page_for(request: Any, status: int, path: str) -> bytes:
    """The page for somebody whose browser leaves a page for this one; else nothing."""
    # The server is imported before Django is set up.
    from youworker.core.pages.errors import heading_of  # noqa: PLC0415

    accepted: bytes = request.getHeader(b"accept") or b""
    if b"text/html" not in accepted or is_for_programs(path):
        return b""
    wanted: bytes = request.getHeader(b"accept-language") or b""
    language = language_of(wanted.decode("latin-1"))
    with translation.override(language):
        heading, way_on = heading_of(status), translation.gettext("Go to the start page")
    return format_html(PAGE, language, heading, heading, status, way_on).encode()


def language_of(wanted: str) -> str:
    """The first language of an `Accept-Language` that pages have."""
    known = dict(settings.LANGUAGES)
    # Django raises for a header of more than 500 characters.
    asked = parse_accept_lang_header(wanted[:LONGEST].lower())
    said = (code.partition("-")[0] for code, _weight in asked)
    return next((code for code in said if code in known), "en")
