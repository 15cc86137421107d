"""Answers that carry a stored original: byte ranges, and headers that keep browsers safe."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header, http_date, parse_http_date_safe

from documents.storage import read_pieces
from youworker.core.files import ascii_name, seen_name, shortened_name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator
    from datetime import datetime

    from django.http import HttpRequest

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
# Shown in the browser; text that browsers execute (HTML, XML, SVG) is not among it.
INLINE = re.compile(
    r"application/pdf|image/(png|jpeg|gif|webp|bmp|avif)|text/(plain|csv|markdown)"
    r"|audio/(mpeg|ogg|wav|webm|flac|mp4|aac|aiff|amr)|video/(mp4|webm|ogg|x-msvideo|mpeg)"
)


class Original(Protocol):
    """What is told about a file that is sent: a document, or something like one."""

    @property
    def sha256(self) -> str: ...
    @property
    def mime(self) -> str: ...
    @property
    def uri(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def updated_at(self) -> datetime: ...


class Content(Protocol):
    """Bytes of which any part can be read."""

    @property
    def size(self) -> int: ...
    def pieces(self, first: int, last: int) -> Generator[bytes, None, None]: ...


@dataclass(frozen=True, slots=True)
class FileContent:
    """The bytes of a file of this machine."""

    path: Path

    @property
    def size(self) -> int:
        """How many there are."""
        return self.path.stat().st_size

    def pieces(self, first: int, last: int) -> Generator[bytes, None, None]:
        """Those from `first` to `last`, both included."""
        return read_pieces(self.path, first, last)


class OutOfRange(Exception):
    """The range asked for lies outside the file."""


def original(request: HttpRequest, document: Original, source: Content | Path) -> HttpResponseBase:
    """The stored file, whole or the part asked for."""
    content = FileContent(source) if isinstance(source, Path) else source
    size = content.size
    etag = f'"{document.sha256}"'
    if request.headers.get("If-None-Match") == etag:
        return with_headers(HttpResponse(status=304), document, etag)
    try:
        part = wanted_part(request, size, etag, document)
    except OutOfRange:
        refused = HttpResponse(status=416)
        refused["Content-Range"] = f"bytes */{size}"
        return with_headers(refused, document, etag)
    first, last = part or (0, size - 1)
    response = with_headers(streamed(request, content, first, last), document, etag)
    response["Content-Length"] = str(last - first + 1)
    if part is not None:
        response.status_code = 206
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
    return response


def wanted_part(
    request: HttpRequest, size: int, etag: str, document: Original
) -> tuple[int, int] | None:
    """First and last byte of a single range; none for the whole file.

    Raises `OutOfRange`. Several ranges at once are answered with the whole file, which
    RFC 9110 (section 14.2) allows.
    """
    match = RANGE.fullmatch(request.headers.get("Range", ""))
    if match is None or not unchanged(request.headers.get("If-Range"), etag, document):
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if not first:
        start, end = max(size - int(last), 0), size - 1
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
    if start >= size or end < start:
        if first and last and int(last) < int(first):
            return None
        raise OutOfRange
    return start, end


def unchanged(condition: str | None, etag: str, document: Original) -> bool:
    """Whether the file is still the one a client has a part of."""
    if condition is None or condition == etag:
        return True
    seconds = parse_http_date_safe(condition)
    return seconds is not None and seconds == int(document.updated_at.timestamp())


def with_headers(response: HttpResponseBase, document: Original, etag: str) -> HttpResponseBase:
    """Add what every answer about the file says, whatever its status."""
    inline = INLINE.fullmatch(document.mime) is not None
    response["Content-Type"] = content_type(document.mime)
    response["Content-Disposition"] = disposition(file_name(document), inline=inline)
    response["X-Content-Type-Options"] = "nosniff"
    # A sandbox keeps browsers from showing a PDF in their own viewer.
    if document.mime != "application/pdf":
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    response["Last-Modified"] = http_date(document.updated_at.timestamp())
    response["Cache-Control"] = "private, no-cache"
    return response


def content_type(mime: str) -> str:
    """The stored type, as long as it is one; text is read as UTF-8."""
    if not re.fullmatch(r"[\w.+-]+/[\w.+-]+", mime, re.ASCII):
        return "application/octet-stream"
    return f"{mime}; charset=utf-8" if mime.startswith("text/") else mime


def file_name(document: Original) -> str:
    """A name for the download, without a path or control characters, and with its ending."""
    name = document.uri.replace("\\", "/").rstrip("/").rpartition("/")[2] or document.title
    return shortened_name(seen_name(name))


def disposition(name: str, *, inline: bool) -> str:
    """What a browser does with a file; programs that know no other alphabet get a plain name."""
    header = content_disposition_header(not inline, name) or "inline"
    if name.isascii():
        return header
    kind, _, encoded = header.partition("; ")
    return f'{kind}; filename="{ascii_name(name)}"; {encoded}'


def streamed(
    request: HttpRequest, content: Content, first: int, last: int
) -> StreamingHttpResponse:
    """The bytes in pieces, read in the way the server wants them."""
    # Under ASGI a plain iterator would be read into memory as a whole.
    if isinstance(request, ASGIRequest):
        return StreamingHttpResponse(read_in_threads(content, first, last))
    return StreamingHttpResponse(content.pieces(first, last))


async def read_in_threads(content: Content, first: int, last: int) -> AsyncIterator[bytes]:
    """The same bytes, read in threads."""
    reader = content.pieces(first, last)
    try:
        while piece := await sync_to_async(lambda: next(reader, b""), thread_sensitive=False)():
            yield piece
    finally:
        reader.close()
