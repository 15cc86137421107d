"""A page that arrived: its address, its name, and bytes that say how they are to be read."""

from __future__ import annotations

from email.message import Message
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from documents.services import server_path_hash
from ingestion.enums import Stage
from ingestion.exceptions import NotNeeded
from ingestion.parsing.codepages import codec_of
from ingestion.parsing.declared import declared_by_page
from ingestion.parsing.decoding import decode
from ingestion.parsing.sniffing import WEB_PAGE
from ingestion.store import Incoming, safe_file_name
from ingestion.web.addresses import (
    file_name_of,
    joined,
    name_of,
    page_url,
    place_of,
    site_of,
)
from ingestion.web.links import read_head
from youworker.core.config import config

if TYPE_CHECKING:
    from ingestion.models import IngestionItem
    from ingestion.web.fetching import FoundPage
    from youworker.upstream.fetcher import Fetched

PAGES = {"text/html", "application/xhtml+xml"}
# What a browser looks at to tell what an answer without a type is.
BEGINNING = 4096
LONGEST_HEADER = 1024
MARK = b"\xef\xbb\xbf"


def received_page(item: IngestionItem, found: FoundPage) -> Incoming:
    """The page as a file that is to be stored; what it says of itself is noted in the item.

    Raises `NotNeeded` when another item of the run is the same page.
    """
    answer = found.answer
    item.mime = type_of(answer)[:255]
    body = self_describing(answer) if is_page(item.mime) else answer.body
    item.uri = own_url(found.url, body) if is_page(item.mime) else found.url
    item.path_hash = server_path_hash(place_of(item.uri))
    item.name = name_of(item.uri) if is_page(item.mime) else file_name(answer, item.uri)
    item.etag = header(answer, "etag", longest=512)
    item.last_modified = header(answer, "last-modified", longest=64)
    require_first(item)
    return as_file(item, body)


def as_file(item: IngestionItem, body: bytes) -> Incoming:
    """The bytes beside the place where they are to be stored."""
    file = Incoming(name=item.name, mime=item.mime, limit=config.ingestion.max_file_bytes)
    file.open()
    try:
        file.write(body)
        file.close()
    except BaseException:
        file.discard()
        raise
    return file


def is_page(mime: str) -> bool:
    """Whether this is a page with links, and not a file."""
    return mime in PAGES


def type_of(answer: Fetched) -> str:
    """The type an answer declares; a page that declares none is told by its beginning."""
    declared = answer.content_type
    if declared in {"", "application/octet-stream", "text/plain"}:
        return "text/html" if WEB_PAGE.match(answer.body[:BEGINNING]) else declared
    return declared


def self_describing(answer: Fetched) -> bytes:
    """The page with the encoding that only its head of HTTP declared written into it.

    As a file it has no such head any more, neither for the parser nor for who opens it.
    """
    sent = answer.headers.get("content-type", "")[:LONGEST_HEADER]
    codec = codec_of(charset_of(sent))
    if not codec or codec == "utf-8" or declared_by_page(answer.body):
        return answer.body
    return MARK + decode(answer.body, declared=codec).text.encode("utf-8", "replace")


def charset_of(content_type: str) -> str:
    """The parameter `charset` of a `Content-Type`."""
    message = Message()
    message["content-type"] = content_type
    return str(message.get_content_charset() or "")


def own_url(url: str, body: bytes) -> str:
    """The address a page gives itself, as long as that is one of its own site.

    Scheme and host stay those it was fetched from: others may not answer.
    """
    canonical = read_head(body).canonical
    for named in joined(url, [canonical] if canonical else []):
        if site_of(named) == site_of(url):
            here, there = urlsplit(url), urlsplit(named)
            return page_url(urlunsplit((here.scheme, here.netloc, there.path, there.query, "")))
    return url


def file_name(answer: Fetched, url: str) -> str:
    """What a file is called: by its server, else by its URL."""
    message = Message()
    sent = answer.headers.get("content-disposition", "")[:LONGEST_HEADER]
    message["content-disposition"] = sent.replace("\r", "").replace("\n", "")
    return safe_file_name(message.get_filename() or file_name_of(url))


def header(answer: Fetched, name: str, *, longest: int) -> str:
    """A header that is sent back as it came; empty when it is too long to be kept."""
    value: str = answer.headers.get(name, "").replace("\0", "")
    return value if len(value) <= longest and value.isascii() else ""


def require_first(item: IngestionItem) -> None:
    """Raise `NotNeeded` when the run has this page already, by another address."""
    same = item.run.items.filter(path_hash=item.path_hash).exclude(pk=item.pk)
    first = same.exclude(stage__in=(Stage.FAILED, Stage.SKIPPED)).select_related("document").first()
    if first is not None:
        raise NotNeeded("same_page", "This is another address of a page that was read.")
