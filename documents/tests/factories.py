"""Collections, documents and passages for tests."""

from __future__ import annotations

import factory
from django.db import transaction

from accounts.tests.factories import UserFactory
from documents import services
from documents.enums import DocumentStatus
from documents.models import Collection, CollectionShare, Document, DocumentShare, Passage, Tag
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
    collection = factory.LazyAttribute(lambda row: services.default_collection(row.owner))
    title = factory.Sequence(lambda n: f"Document {n}")
    uri = factory.LazyAttribute(lambda row: f"{row.title}.txt")
    mime = "text/plain"
    size = 5
    sha256 = factory.Sequence(lambda n: f"{n:064x}")
    path_hash = factory.LazyAttribute(lambda row: services.upload_path_hash(row.sha256))
    file = ""
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


def drafts(*texts: str, heading: str = "") -> list[PassageDraft]:
    """Passages of these texts, one after the other."""
    found, start = [], 0
    for ordinal, text in enumerate(texts):
        found.append(PassageDraft(ordinal, text, heading, None, start, start + len(text)))
        start += len(text) + 1
    return found


def write(
    document: Document, *texts: str, heading: str = "", language: str = "en"
) -> list[Passage]:
    """Store passages of a document in the way the ingestion does."""
    with transaction.atomic():
        services.replace_passages(
            document.pk, drafts(*texts, heading=heading), language=language, pages=None
        )
    return list(Passage.objects.filter(document=document).order_by("ordinal"))
