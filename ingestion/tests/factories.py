"""Runs and items for tests."""

import factory

from accounts.tests.factories import UserFactory
from documents.services import upload_path_hash
from ingestion.enums import RunKind
from ingestion.models import IngestionItem, IngestionRun


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
