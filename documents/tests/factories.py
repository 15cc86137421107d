"""Collections, documents and passages for tests."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from types import SimpleNamespace

import factory
from django.conf import settings
from django.db import transaction

from accounts.tests.factories import UserFactory
from documents import services
from documents.enums import DocumentStatus
from documents.models import (
    Collection,
    CollectionShare,
    Document,
    DocumentShare,
    DocumentVersion,
    Passage,
    StoredFile,
    Tag,
)
from documents.services.versions import keep_version
from documents.storage import ContentStorage, content_storage
from documents.types import PassageDraft
from groups.tests.factories import GroupFactory

# No end of the time slice.
FOREVER = float("inf")


class CollectionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Collection

    owner = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"Collection {n}")


class CollectionShareFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CollectionShare

    collection = factory.SubFactory(CollectionFactory)
    group = factory.SubFactory(GroupFactory)


class TagFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Tag

    name = factory.Sequence(lambda n: f"tag{n}")


class DocumentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Document

    owner = factory.SubFactory(UserFactory)
    collection = factory.LazyAttribute(lambda row: services.ensure_default_collection(row.owner))
    title = factory.Sequence(lambda n: f"Document {n}")
    uri = factory.LazyAttribute(lambda row: f"{row.title}.txt")
    mime = "text/plain"
    size = 5
    stored_file = None
    sha256 = factory.LazyAttributeSequence(
        lambda row, n: row.stored_file.sha256 if row.stored_file else f"{n:064x}"
    )
    path_hash = factory.LazyAttribute(lambda row: services.upload_path_hash(row.sha256))
    status = DocumentStatus.READY


class DocumentShareFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = DocumentShare

    document = factory.SubFactory(DocumentFactory)
    group = factory.SubFactory(GroupFactory)


def embed() -> int:
    """Embed all that waits, as a worker does; in how many turns."""
    turns = 0
    while services.embed_next(until=FOREVER) is not None:
        turns += 1
    return turns


def complete_file(content: bytes) -> SimpleNamespace:
    """Bytes beside the file store, as they are when an upload was received."""
    folder = Path(settings.MEDIA_ROOT) / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        file.write(content)
    sha256 = hashlib.sha256(content).hexdigest()
    return SimpleNamespace(path=Path(file.name), size=len(content), sha256=sha256)


def store_bytes(content: bytes) -> StoredFile:
    """A stored file that nothing refers to yet."""
    file = complete_file(content)
    with transaction.atomic():
        services.move_to_storage([file])
    file.path.unlink(missing_ok=True)
    return StoredFile.objects.get(pk=file.sha256)


def stored_path(file: StoredFile | None) -> Path | None:
    """Where a stored original lies; none when it is not there, or lies on a server."""
    storage = content_storage()
    if file is None or not isinstance(storage, ContentStorage):
        return None
    return storage.local_path(file.name)


def drafts(*texts: str, heading: str = "") -> list[PassageDraft]:
    """Passages of these texts, one after the other."""
    found, start = [], 0
    for ordinal, text in enumerate(texts):
        found.append(PassageDraft(ordinal, text, heading, None, start, start + len(text)))
        start += len(text) + 1
    return found


def keep_older(document: Document) -> DocumentVersion:
    """What a document is now as an older version of it."""
    with transaction.atomic():
        kept = keep_version(document)
    assert kept is not None
    return kept


def write(
    document: Document, *texts: str, heading: str = "", language: str = "en"
) -> list[Passage]:
    """Store passages of a document in the way the ingestion does."""
    with transaction.atomic():
        services.replace_passages(
            document.pk, drafts(*texts, heading=heading), language=language, pages=None
        )
    return list(Passage.objects.filter(document=document).order_by("ordinal"))
