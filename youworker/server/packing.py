"""Answers packed by gzip: pages as they are made, static files when they are first asked for."""

from __future__ import annotations

import gzip
import io
from functools import cache
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from django.middleware.gzip import GZipMiddleware
from whitenoise.responders import Response

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase
    from whitenoise.responders import StaticFile

packing = Lock()


class PackedPages(GZipMiddleware):
    """Packs pages (Django pads them, so that their size tells nothing); programs' answers never."""

    def process_response(self, request: HttpRequest, response: Any) -> HttpResponseBase:
        """The answer, packed if it is a page and the browser takes it so."""
        kind = response.headers.get("Content-Type", "")
        if not kind.startswith("text/html") or request.path_info.startswith("/v1/"):
            answer: HttpResponseBase = response
            return answer
        return super().process_response(request, response)


class PackedFile:
    """A static file that is also sent packed; no start waits for it, and nothing is written."""

    def __init__(self, file: StaticFile, path: str) -> None:
        self.file = file
        self.path = path

    def get_response(self, method: str, asked: dict[str, Any]) -> Response:
        """The packed content for a browser that takes it and wants all of it, else the content."""
        takes_gzip = "gzip" in asked.get("HTTP_ACCEPT_ENCODING", "")
        if method != "GET" or not takes_gzip or "HTTP_RANGE" in asked:
            return self.file.get_response(method, asked)
        answer = self.file.get_response("HEAD", asked)
        if answer.status != HTTPStatus.OK:
            return answer
        content = packed(self.path)
        headers = [(name, value) for name, value in answer.headers if name != "Content-Length"]
        headers += [("Content-Encoding", "gzip"), ("Content-Length", str(len(content)))]
        return Response(HTTPStatus.OK, headers, io.BytesIO(content))


def packed(path: str) -> bytes:
    """The content of a file as gzip sends it; packed once per process."""
    # One at a time: after a start many browsers ask for the same files.
    with packing:
        return compress_content(path)


@cache
def compress_content(path: str) -> bytes:
    """Compress the content of a file."""
    return gzip.compress(Path(path).read_bytes(), compresslevel=6, mtime=0)
