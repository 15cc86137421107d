"""Web pages, alone or as far as their links lead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from documents import services as documents
from ingestion.enums import RunKind
from ingestion.exceptions import NotNeeded
from ingestion.models import WebPage
from ingestion.sources.protocol import Source
from ingestion.web.addresses import page_url, place_of
from ingestion.web.arriving import is_page, received_page
from ingestion.web.bounds import require_room
from ingestion.web.crawling import follow_links, page_item
from ingestion.web.fetching import fetch_page

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from documents.models import Document
    from ingestion.models import IngestionItem
    from ingestion.store import Incoming


@dataclass(frozen=True, slots=True)
class WebPages(Source):
    """Pages and files of web servers; a worker fetches each when it is its turn."""

    kind: ClassVar = RunKind.URL
    learned: ClassVar = ("name", "uri", "path_hash", "mime", "etag", "last_modified")

    urls: Sequence[str]

    @property
    def target(self) -> str:
        """The addresses, as far as there is room for them."""
        return ", ".join(self.urls)[:1000]

    def discover(self) -> list[IngestionItem]:
        """The pages a crawl begins with, each once; raises `InvalidInput`."""
        found = {place_of(url): url for url in map(page_url, self.urls)}
        return [page_item(url, depth=0) for url in found.values()]

    @staticmethod
    def fetch(item: IngestionItem) -> Incoming | None:
        """A page as its server has it now, under its own address.

        Raises `NotNeeded` for a page that has not changed, once its links were followed.
        """
        if item.stored_file_id is not None:
            return None
        require_room(item)
        found = fetch_page(item)
        if found.unchanged is not None:
            with documents.local_original(found.unchanged.stored_file) as path:
                if path is not None:
                    item.uri = found.url
                    follow_links(item, path, is_html=found.unchanged.mime == "text/html")
            raise NotNeeded("unchanged", "The page has not changed.", document=found.unchanged)
        return received_page(item, found)

    @staticmethod
    def explore(item: IngestionItem, path: Path) -> None:
        """Queue what the page links to, within the bounds of the crawl."""
        follow_links(item, path, is_html=is_page(item.mime))

    @staticmethod
    def remember(item: IngestionItem, document: Document) -> None:
        """Note by what the server tells this version from another one."""
        # The same content at another address is no page of this one.
        if document.path_hash == item.path_hash:
            WebPage.objects.update_or_create(
                document=document,
                defaults={"etag": item.etag, "last_modified": item.last_modified},
            )
