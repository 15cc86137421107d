"""What several tests of the composition root use."""

from __future__ import annotations

import httpx2
import pytest
from django.db import connection, models
from django.test.utils import isolate_apps

from youworker.core.managers import AliveManager, SoftDeleteQuerySet
from youworker.core.models import SoftDeleteModel
from youworker.encryption.fields import EncryptedJSONField, EncryptedTextField
from youworker.tests.bench.chat import product_with_model
from youworker.tests.serving import serving
from youworker.tests.support.waiting import wait_until


@pytest.fixture(scope="session")
def port():
    """Where a server process of our own listens."""
    with serving() as chosen:
        yield chosen


@pytest.fixture(scope="session")
def started_mortal_product(shared_products):
    """See `mortal_product`."""
    product = product_with_model(RUN_LEASE_SECONDS="5", LOG_LEVEL="ERROR")
    return shared_products.start("started_mortal_product", product)


@pytest.fixture(scope="module")
def mortal_product(started_mortal_product):
    """The whole product, for tests that kill or restart parts of it; all of it is there."""
    url = f"{started_mortal_product.base_url}/health/ready"
    wait_until(lambda: httpx2.get(url).is_success, despite=(httpx2.HTTPError,))
    return started_mortal_product


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
