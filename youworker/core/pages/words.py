"""The words that modules of pages need, as a script of each language."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language, override
from django.views.i18n import JavaScriptCatalog

VERSION = "v"


class Words(NamedTuple):
    """The script, and what stands for its contents in its address."""

    script: bytes
    version: str


@cache
def words_in(language: str) -> Words:
    """The words in one language; they change with an upgrade only."""
    request = HttpRequest()
    request.method = "GET"
    with override(language):
        answer = JavaScriptCatalog.as_view()(request)
    assert isinstance(answer, HttpResponse)  # noqa: S101 -- nothing of it is streamed
    return Words(answer.content, sha256(answer.content).hexdigest()[:12])


def words_url() -> str:
    """Where the words in the language of a page are, as they are now."""
    language = get_language() or settings.LANGUAGE_CODE
    query = urlencode({VERSION: words_in(language).version})
    return f"{reverse('i18n', args=[language])}?{query}"
