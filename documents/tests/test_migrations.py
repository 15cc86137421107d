"""What former versions stored, taken over by migrations."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from documents.models import Document
from documents.tests.factories import DocumentFactory

pytestmark = pytest.mark.django_db


def test_names_of_configurations_become_codes():
    stored = {name: DocumentFactory(language=name) for name in ("english", "simple", "fr", "")}
    Document.objects.filter(pk=stored["english"].pk).soft_delete()

    import_module("documents.migrations.0003_language_codes").store_codes(apps, None)

    codes = dict(Document.all_objects.values_list("pk", "language"))
    found = {name: codes[document.pk] for name, document in stored.items()}
    assert found == {"english": "en", "simple": "", "fr": "fr", "": ""}


def test_only_german_documents_are_indexed_again_for_more_compounds():
    german, italian = DocumentFactory(), DocumentFactory()
    Document.objects.filter(pk=german.pk).update(text_config="german", index_version=2)
    Document.objects.filter(pk=italian.pk).update(text_config="italian", index_version=2)

    statement = import_module("documents.migrations.0017_german_compounds").Migration.operations[0]
    with connection.cursor() as cursor:
        cursor.execute(statement.sql)

    assert list(Document.objects.indexed_before(3)) == [german]
