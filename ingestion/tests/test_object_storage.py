"""Files on their way in whose originals lie in a bucket."""

from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from accounts.tests.factories import UserFactory
from documents import object_storage
from documents.models import Document, Passage
from documents.services import stored_original
from documents.tests.test_object_storage import (  # noqa: F401 -- fixtures
    bucket,
    keys,
    server,
)
from ingestion import services
from ingestion.enums import Stage
from ingestion.models import IngestionItem
from ingestion.pipeline.worker import work_for
from ingestion.tests import samples
from youworker.data_protection.collecting import add_originals
from youworker.tests.support.ports import free_port
from youworker.tests.support.s3_server import use_storage

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def left_on_disk():
    folder = Path(django_settings.MEDIA_ROOT)
    return [path for path in folder.rglob("*") if path.is_file()]


def test_files_are_read_from_the_bucket_and_leave_no_copy(bucket, incoming, letters):  # noqa: F811 -- the fixture
    user = UserFactory()
    files = [incoming("a.txt", "zebra words"), incoming("b.pdf", samples.pdf())]

    run = services.start_upload(files, actor=user)
    for file in files:
        file.discard()
    work_for(60)

    assert set(run.items.values_list("stage", flat=True)) == {Stage.READY}
    assert Passage.objects.filter(text__contains="zebra words").exists()
    assert {stored_original(one.stored_file).size for one in Document.objects.all()} == {
        file.size for file in files
    }
    assert len(keys(bucket)) == 2
    assert left_on_disk() == []


def test_a_crawl_follows_the_links_of_a_stored_page(bucket, site, letters):  # noqa: F811 -- the fixture
    user = UserFactory()
    site.link("/", "/a")
    site.pages["/"][1]["ETag"] = '"1"'
    site.link("/a")
    services.start_urls([site.url], actor=user)
    work_for(60)

    run = services.start_urls([site.url], depth=1, max_pages=5, actor=user)
    work_for(60)

    assert list(run.items.order_by("position").values_list("error_code", "stage")) == [
        ("unchanged", Stage.SKIPPED),
        ("", Stage.READY),
    ]
    assert left_on_disk() == []


def test_an_absent_server_is_no_fault_of_a_file(bucket, incoming, letters, monkeypatch):  # noqa: F811 -- the fixture
    user = UserFactory()
    file = incoming("a.txt", "words")
    services.start_upload([file], actor=user)
    file.discard()
    use_storage(monkeypatch, endpoint_url=f"http://127.0.0.1:{free_port()}")
    monkeypatch.setattr(object_storage, "ATTEMPTS", 1)

    work_for(60)

    item = IngestionItem.objects.get()
    assert (item.stage, item.error_code) == (Stage.QUEUED, "storage_unavailable")
    assert item.stored_file is not None


def test_a_copy_of_somebodys_data_holds_their_originals(bucket, incoming, letters):  # noqa: F811 -- the fixture
    class Package:
        def __init__(self):
            self.files = {}

        def add_file(self, name, path):
            self.files[name.rpartition("/")[2]] = path.read_bytes()
            return True

    user = UserFactory()
    file = incoming("a.txt", "words")
    services.start_upload([file], actor=user)
    file.discard()
    work_for(60)
    package = Package()

    lost = add_originals(user, timezone.now(), package)

    assert (lost, package.files) == ([], {"a.txt": b"words"})
