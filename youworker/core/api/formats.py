"""Formats of requests and answers: JSON and forms in UTF-8, fast, and without guessing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.renderers import BaseRenderer
from rest_framework.utils.json import strict_constant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.http import HttpRequest, HttpResponseBase
    from rest_framework.request import Request


class OrjsonRenderer(BaseRenderer):
    """Renders answers with orjson; ids and times come out as API.md wants them."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if data is None:
            return b""
        try:
            return orjson.dumps(data, default=plain, option=orjson.OPT_NON_STR_KEYS)
        except orjson.JSONEncodeError:
            # Half a surrogate pair that a caller sent and that a refusal repeats is no UTF-8.
            return json.dumps(data, default=plain).encode()


def plain(value: Any) -> Any:
    """What orjson does not know: lazy texts, error details and the like become text."""
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


class Utf8JSONParser(JSONParser):
    """Reads JSON in UTF-8, the only encoding it has between systems (RFC 8259, section 8.1).

    A `charset` is not believed: among the codecs it may name are some that unpack.
    """

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return json.loads(stream.read().decode(), parse_constant=strict_constant)
        except RecursionError as error:
            raise ParseError("JSON parse error - it is nested too deeply.") from error
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from error


class WhateverIsAccepted(DefaultContentNegotiation):
    """For views that answer event streams: their refusals are JSON, whatever is accepted.

    Browsers accept `text/event-stream` alone when they open one.
    """

    def select_renderer(
        self,
        request: Request,
        renderers: Sequence[BaseRenderer],  # type: ignore[override]
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        """The first format of the view."""
        return renderers[0], renderers[0].media_type or ""


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
