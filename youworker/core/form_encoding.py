"""Forms are read in UTF-8, whatever they say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase


class FormEncodingMiddleware:
    """Ignores the charset a form names (RFC 7578, section 5.1.2).

    Django looks it up among Python's codecs, some of which unpack and are no text at all.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.content_params and "charset" in request.content_params:
            request.encoding = "utf-8"
        return self.get_response(request)
