"""Fixtures of these tests."""

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, models
from django.test.utils import isolate_apps

from youworker.core.managers import AliveManager, SoftDeleteQuerySet
from youworker.core.models import SoftDeleteModel
from youworker.encryption.fields import EncryptedJSONField, EncryptedTextField


@pytest.fixture
def ada(db):
    return get_user_model().objects.create_user("ada")


@pytest.fixture
def note_model(db):
    """A model like those of the apps; its table disappears with the test's transaction."""
    with isolate_apps("youworker.core"):

        class Note(SoftDeleteModel):
            title = models.CharField(max_length=50, default="")
            text = EncryptedTextField(default="", blank=True)
            reasoning = EncryptedTextField(null=True)
            data = EncryptedJSONField(default=dict)

            objects = AliveManager.from_queryset(SoftDeleteQuerySet)()
            all_objects = SoftDeleteQuerySet.as_manager()

            class Meta:
                app_label = "common"
                base_manager_name = "all_objects"

        with connection.schema_editor() as editor:
            editor.create_model(Note)
        yield Note
