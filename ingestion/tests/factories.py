"""Runs and items for tests."""

import factory

from accounts.tests.factories import UserFactory
from documents.services import ensure_default_collection, upload_path_hash
from ingestion.enums import RunKind, SourceKind
from ingestion.models import IngestionItem, IngestionRun, Source


class RunFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = IngestionRun

    owner = factory.SubFactory(UserFactory)
    kind = RunKind.UPLOAD
    target = factory.Sequence(lambda n: f"run {n}")


class ItemFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = IngestionItem

    run = factory.SubFactory(RunFactory)
    position = factory.Sequence(lambda n: n)
    name = factory.Sequence(lambda n: f"file{n}.txt")
    uri = factory.LazyAttribute(lambda item: item.name)
    sha256 = factory.Sequence(lambda n: f"{n:064x}")
    path_hash = factory.LazyAttribute(lambda item: upload_path_hash(item.sha256))
    size = 10


class SourceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Source

    owner = factory.SubFactory(UserFactory)
    kind = SourceKind.WEBSITE
    name = factory.Sequence(lambda n: f"source {n}")
    target = factory.Sequence(lambda n: f"https://site{n}.example/")
    collection = factory.LazyAttribute(lambda source: ensure_default_collection(source.owner))
