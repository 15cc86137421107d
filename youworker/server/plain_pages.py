"""Errors that arise before Django sees a request, as pages: a few words, and a way on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from youworker.core.pages import is_for_programs

if TYPE_CHECKING:
    from typing import Any

# Style is all such a page loads; answers for programs let nothing in.
POLICY = b"default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'"
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
        context = {"status": status, "heading": heading_of(status)}
        return render_to_string("youworker/error.html", context).encode()


def language_of(wanted: str) -> str:
    """The first language of an `Accept-Language` that pages have."""
    known = dict(settings.LANGUAGES)
    # Django raises for a header of more than 500 characters.
    asked = parse_accept_lang_header(wanted[:LONGEST].lower())
    said = (code.partition("-")[0] for code, _weight in asked)
    return next((code for code in said if code in known), "en")
