"""Files are refused before they take more room than is allowed."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.utils import timezone

from accounts.tests.factories import UserFactory
from documents.models import Document
from documents.services import upload_path_hash
from documents.tests.factories import CollectionFactory, DocumentFactory
from groups.tests.factories import MembershipFactory
from ingestion import services
from ingestion.enums import Stage
from ingestion.models import IngestionItem, IngestionRun
from ingestion.tests.factories import ItemFactory, RunFactory
from quotas.enums import QuotaKind
from quotas.exceptions import StorageQuotaExceeded
from quotas.meters import measure_usage
from quotas.models import Quota
from quotas.types import QuotaSubject

pytestmark = pytest.mark.django_db


def upload(client, *contents, **fields):
    files = [SimpleUploadedFile(f"{n}.txt", content) for n, content in enumerate(contents)]
    return client.post("/v1/ingestion/uploads", {"files": files, **fields}, format="multipart")


def stored_files():
    root = Path(settings.MEDIA_ROOT)
    return [path for path in root.rglob("*") if path.is_file()] if root.exists() else []


def test_bytes_beyond_the_limit_leave_neither_row_nor_file(client_of):
    user = UserFactory()
    Quota.objects.create(user=user, stored_bytes=10)

    answer = upload(client_of(user), b"12345", b"678901")

    assert answer.status_code == 403
    assert answer.json()["errors"][0]["code"] == "quota_exceeded"
    assert not IngestionRun.objects.exists()
    assert stored_files() == []


def test_what_waits_to_be_read_counts(client_of):
    user = UserFactory()
    Quota.objects.create(user=user, stored_bytes=10)

    first, second = upload(client_of(user), b"12345678"), upload(client_of(user), b"abc")
    IngestionItem.objects.update(stage=Stage.SKIPPED, stored_file=None)
    third = upload(client_of(user), b"abc")

    assert [first.status_code, second.status_code, third.status_code] == [202, 403, 202]


@pytest.mark.django_db(transaction=True)
def test_files_that_failed_count_as_long_as_they_are_kept(client_of):
    user = UserFactory()
    Quota.objects.create(user=user, stored_bytes=10)
    upload(client_of(user), b"12345678")
    IngestionItem.objects.update(stage=Stage.FAILED)
    run = IngestionRun.objects.get()

    refused = upload(client_of(user), b"abc")
    # Its bytes are counted already, once.
    assert services.retry_run(run, actor=user) == 1
    IngestionItem.objects.update(stage=Stage.FAILED)
    services.delete_run(run, actor=user)
    accepted = upload(client_of(user), b"abc")

    assert [refused.status_code, accepted.status_code] == [403, 202]
    assert [path.read_bytes() for path in stored_files()] == [b"abc"]


def test_the_number_of_documents_is_limited_and_known_ones_are_refreshed(client_of):
    user = UserFactory()
    Quota.objects.create(user=user, documents=1)
    content = b"the same again"
    digest = hashlib.sha256(content).hexdigest()
    DocumentFactory(owner=user, sha256=digest, path_hash=upload_path_hash(digest))

    assert upload(client_of(user), content).status_code == 202
    IngestionItem.objects.update(stage=Stage.READY)
    assert upload(client_of(user), b"another").status_code == 403
    assert upload(client_of(UserFactory()), b"another").status_code == 202


def test_only_what_the_collection_has_is_free(client_of):
    user = UserFactory()
    Quota.objects.create(user=user, stored_bytes=10)
    digest = hashlib.sha256(b"12345678").hexdigest()
    shelf = CollectionFactory(owner=user)
    DocumentFactory(owner=user, size=8, sha256=digest)
    here = {"collection_id": str(shelf.pk)}

    known = upload(client_of(user), b"12345678", b"12345678")
    IngestionItem.objects.update(stage=Stage.READY)
    elsewhere = upload(client_of(user), b"12345678", **here)
    Document.objects.update(collection=shelf)
    moved = upload(client_of(user), b"12345678", **here)
    Document.objects.update(deleted_at=timezone.now())
    IngestionItem.objects.update(stage=Stage.READY)
    deleted = upload(client_of(user), b"12345678", **here)

    answers = [known, elsewhere, moved, deleted]
    assert [answer.status_code for answer in answers] == [202, 403, 202, 403]


def test_a_file_that_somebody_else_has_is_not_removed_with_the_refusal(client_of):
    owner, user = UserFactory(), UserFactory()
    Quota.objects.create(user=user, documents=0)
    upload(client_of(owner), b"shared bytes")
    (kept,) = stored_files()

    assert upload(client_of(user), b"shared bytes").status_code == 403
    assert stored_files() == [kept]


def test_members_share_the_room_of_their_group(client_of):
    user = UserFactory()
    group = MembershipFactory(user=user).group
    Quota.objects.create(group=group, stored_bytes=100)
    DocumentFactory(owner=MembershipFactory(group=group).user, size=99)

    assert upload(client_of(user), b"xy").status_code == 403


def test_server_files_are_limited_but_not_for_operators(tmp_path):
    user = UserFactory(is_staff=True)
    Quota.objects.create(user=user, documents=0)
    (tmp_path / "a.txt").write_text("hello")

    run = services.start_paths([tmp_path / "a.txt"], actor=user, trusted=True)

    assert run.items.count() == 1


def test_a_retry_is_limited_as_well():
    user = UserFactory()
    run = RunFactory(owner=user)
    ItemFactory(run=run, stage=Stage.FAILED, size=50)
    Quota.objects.create(user=user, stored_bytes=49)

    with pytest.raises(StorageQuotaExceeded):
        services.retry_run(run, actor=user)

    assert services.retry_run(run) == 1


@pytest.mark.parametrize("kind", [QuotaKind.STORED_BYTES, QuotaKind.DOCUMENTS])
@pytest.mark.parametrize("moment", [1, 2])
def test_a_file_that_becomes_a_document_between_two_counts_is_not_missed(kind, moment):
    item = ItemFactory(run=RunFactory(owner=UserFactory()), stage=Stage.QUEUED, size=50)
    statements = []

    def overtake(execute, sql, *arguments):
        answer = execute(sql, *arguments)
        statements.append(sql)
        if len(statements) == moment:
            document = DocumentFactory(owner=item.run.owner, size=50)
            IngestionItem.objects.update(stage=Stage.EMBEDDING, document=document)
        return answer

    with connection.execute_wrapper(overtake):
        used = measure_usage(kind, QuotaSubject.of_user(item.run.owner))

    assert used >= (50 if kind == QuotaKind.STORED_BYTES else 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limits", [{"documents": 3}, {"stored_bytes": 30}])
def test_of_many_uploads_at_once_only_as_many_as_fit_are_accepted(incoming, limits):
    group = MembershipFactory().group
    members = [MembershipFactory(group=group).user for _ in range(6)]
    Quota.objects.create(group=group, **limits)

    def attempt(member):
        file = incoming("a.txt", f"{member.pk.hex}"[-10:])
        try:
            services.start_upload([file], actor=member)
        except StorageQuotaExceeded:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(6) as pool:
        accepted = list(pool.map(attempt, members))

    assert accepted.count(True) == 3
    assert IngestionItem.objects.count() == 3
