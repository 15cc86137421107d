"""What former versions stored, taken over by migrations."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps

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
