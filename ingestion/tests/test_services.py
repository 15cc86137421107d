import os
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings as django_settings
from django.utils import timezone

from accounts.tests.factories import UserFactory
from documents.exceptions import StorageFull
from documents.models import Document, Passage, StoredFile
from documents.services import ensure_default_collection
from documents.tests.factories import CollectionFactory, CollectionShareFactory, stored_path
from groups.tests.factories import MembershipFactory
from ingestion import services
from ingestion.enums import IngestionStatus, Stage
from ingestion.exceptions import IngestionFinished, NothingToRetry
from ingestion.models import IngestionItem, IngestionRun
from ingestion.pipeline.worker import work_for
from ingestion.sources import server_paths
from ingestion.store import Incoming
from ingestion.tests.factories import ItemFactory, RunFactory
from youworker.core.config import config
from youworker.core.exceptions import (
    Forbidden,
    IdempotencyMismatch,
    InvalidInput,
    NotFound,
    TooLarge,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def roots(monkeypatch):
    """Names the folders that may be ingested."""

    def name(*folders):
        monkeypatch.setitem(config.ingestion.__dict__, "roots", tuple(map(str, folders)))

    return name


def stages(run):
    return list(run.items.order_by("position").values_list("stage", flat=True))


def test_start_upload_records_the_files(user, incoming):
    file = incoming("a.txt", "zebra")
    run = services.start_upload([file, incoming("b.txt", "b")], tags=["x"], actor=user)

    item = run.items.get(position=0)
    assert (run.target, run.status, run.tags) == ("2 files", IngestionStatus.QUEUED, ["x"])
    assert run.collection == ensure_default_collection(user)
    assert (item.name, item.size, item.stage) == ("a.txt", 5, Stage.QUEUED)
    assert stored_path(item.stored_file).read_bytes() == b"zebra"
    assert not list((Path(django_settings.MEDIA_ROOT) / "incoming").iterdir())


def test_start_upload_refuses_none(user):
    with pytest.raises(InvalidInput):
        services.start_upload([], actor=user)


def test_start_upload_checks_the_collection(user, incoming):
    foreign = CollectionFactory()
    readable = CollectionShareFactory(group=MembershipFactory(user=user).group).collection

    with pytest.raises(InvalidInput) as caught:
        services.start_upload([incoming("a", "a")], collection_id=foreign.pk, actor=user)
    assert caught.value.attr == "collection_id"
    with pytest.raises(Forbidden):
        services.start_upload([incoming("a", "a")], collection_id=readable.pk, actor=user)
    assert not IngestionRun.all_objects.exists()


def test_start_upload_twice_with_one_key_is_one_run(user, incoming):
    first = services.start_upload([incoming("a", "a")], actor=user, idempotency_key="k")
    second = services.start_upload([incoming("a", "a")], actor=user, idempotency_key="k")

    assert first == second
    with pytest.raises(IdempotencyMismatch):
        services.start_upload([incoming("a", "other")], actor=user, idempotency_key="k")
    assert IngestionItem.objects.count() == 1


def test_start_upload_survives_an_absent_broker(
    user, incoming, monkeypatch, django_capture_on_commit_callbacks
):
    def refuse(*args, **options):
        raise ConnectionRefusedError

    monkeypatch.setattr(current_app, "send_task", refuse)

    with django_capture_on_commit_callbacks(execute=True):
        run = services.start_upload([incoming("a.txt", "a")], actor=user)

    assert stages(run) == [Stage.QUEUED]


def test_files_above_the_limit_are_refused():
    file = Incoming(name="a", limit=3)
    file.open()

    with pytest.raises(TooLarge):
        file.write(b"four")
    file.discard()

    assert not file.path.exists()


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    file = Incoming(name="a")
    file.open()
    file.stream.close()
    file.stream = Path("/dev/full").open("wb", buffering=0)

    with pytest.raises(StorageFull):
        file.write(b"x")
    file.discard()


def test_half_written_files_are_removed_after_a_day(incoming):
    old, new = incoming("a", "a"), incoming("b", "b")
    os.utime(old.path, (0, 0))

    services.sweep()

    assert (old.path.exists(), new.path.exists()) == (False, True)


def folder(tmp_path):
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "a.txt").write_text("alpha")
    (tmp_path / "in" / ".hidden").write_text("hidden")
    (tmp_path / "in" / "sub" / "b.txt").write_text("beta")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "in" / "link.txt").symlink_to(tmp_path / "secret.txt")
    return tmp_path / "in"


@pytest.mark.parametrize(("recursive", "names"), [(False, ["a.txt"]), (True, ["a.txt", "b.txt"])])
def test_start_paths_takes_the_files_of_a_folder(tmp_path, roots, recursive, names):
    place = folder(tmp_path)
    roots(place)

    run = services.start_paths([place], recursive=recursive, actor=UserFactory(is_staff=True))

    assert list(run.items.order_by("position").values_list("name", flat=True)) == names


def test_start_paths_is_for_staff(tmp_path, roots, user):
    roots(tmp_path)

    with pytest.raises(Forbidden):
        services.start_paths([tmp_path], actor=user)


@pytest.mark.parametrize(
    "path", ["secret.txt", "in/../secret.txt", "in/link.txt", "missing", "a\0b"]
)
def test_start_paths_outside_the_roots_all_look_the_same(tmp_path, roots, path):
    roots(folder(tmp_path))

    with pytest.raises(InvalidInput) as caught:
        services.start_paths([f"{tmp_path}/{path}"], actor=UserFactory(is_staff=True))

    assert caught.value.message == "This path is not below a folder that may be ingested."
    assert caught.value.attr == "path"


def test_start_paths_below_a_root_names_what_is_missing(tmp_path, roots):
    roots(tmp_path)

    with pytest.raises(InvalidInput, match="There is no"):
        services.start_paths([tmp_path / "nothing"], actor=UserFactory(is_staff=True))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput, match="no file"):
        services.start_paths([tmp_path / "empty"], actor=UserFactory(is_staff=True))


def test_a_file_that_became_a_link_is_not_followed(tmp_path, roots, letters):
    place = folder(tmp_path)
    roots(place)
    run = services.start_paths([place], actor=UserFactory(is_staff=True))
    (place / "a.txt").unlink()
    (place / "a.txt").symlink_to(tmp_path / "secret.txt")

    work_for(30)

    item = run.items.get()
    assert (item.stage, item.error_code) == (Stage.FAILED, "invalid")
    assert not Document.all_objects.exists()


def test_paths_are_copied_into_the_store_and_found_again(tmp_path, roots, letters):
    place = folder(tmp_path)
    roots(place)
    owner = UserFactory(is_staff=True)

    for _ in range(2):
        services.start_paths([place / "a.txt"], actor=owner)
        work_for(30)

    document = Document.objects.get()
    assert document.uri == str(place / "a.txt")
    assert stored_path(document.stored_file).read_text() == "alpha"
    assert Passage.objects.count() == 1


def test_a_copy_that_nobody_wants_any_more_leaves_nothing(tmp_path, roots, letters, monkeypatch):
    place = folder(tmp_path)
    roots(place)
    run = services.start_paths([place / "a.txt"], actor=UserFactory(is_staff=True))
    copy = server_paths.copy_into_storage

    def cancel_and_copy(source, *, limit):
        services.cancel_run(run)
        return copy(source, limit=limit)

    monkeypatch.setattr(server_paths, "copy_into_storage", cancel_and_copy)
    work_for(30)

    assert stages(run) == [Stage.SKIPPED]
    assert not StoredFile.objects.exists()
    assert not [path for path in Path(django_settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_cancel_skips_what_is_not_read_and_keeps_no_file(
    user, letters, incoming, django_capture_on_commit_callbacks
):
    run = services.start_upload([incoming("a", "a"), incoming("b", "b")], actor=user)

    with django_capture_on_commit_callbacks(execute=True):
        services.cancel_run(run, actor=user)
    work_for(30)

    run.refresh_from_db()
    assert run.status == IngestionStatus.CANCELLED
    assert run.finished_at is not None
    assert stages(run) == [Stage.SKIPPED, Stage.SKIPPED]
    assert not StoredFile.objects.exists()
    with pytest.raises(IngestionFinished):
        services.cancel_run(run, actor=user)


def test_retry_takes_the_failed_items_only(user, letters, incoming):
    run = services.start_upload([incoming("a.txt", "fine"), incoming("b.txt", "")], actor=user)
    work_for(30)
    stored_path(run.items.get(position=1).stored_file).write_text("now it has text")

    assert services.retry_run(run, actor=user) == 1
    assert stages(run) == [Stage.READY, Stage.QUEUED]
    work_for(30)

    run.refresh_from_db()
    assert (run.status, stages(run)) == (IngestionStatus.SUCCEEDED, [Stage.READY, Stage.READY])
    with pytest.raises(NothingToRetry):
        services.retry_run(run, actor=user)


def test_retry_after_embedding_failed_does_not_parse_again(user):
    run = RunFactory(owner=user)
    document = Document.objects.create(
        owner=user, collection=ensure_default_collection(user), title="t", uri="u", mime="m", size=1
    )
    item = ItemFactory(run=run, stage=Stage.FAILED, document=document, error_code="x")

    services.retry_run(run, actor=user)

    item.refresh_from_db()
    assert (item.stage, item.error_code) == (Stage.EMBEDDING, "")


def test_delete_hides_the_run_and_keeps_documents(user, letters, incoming):
    run = services.start_upload([incoming("a.txt", "text")], actor=user)
    work_for(30)

    services.delete_run(run, actor=user)

    with pytest.raises(NotFound):
        services.visible_run(run.pk, actor=user)
    assert Document.objects.count() == 1


def test_purge_removes_runs_and_files_nobody_needs(
    user, letters, incoming, django_capture_on_commit_callbacks
):
    run = services.start_upload([incoming("a.txt", "text"), incoming("b.txt", " ")], actor=user)
    kept = services.start_upload([incoming("c.txt", "kept")], actor=user)
    work_for(30)

    with django_capture_on_commit_callbacks(execute=True):
        services.delete_run(run, actor=user)
        assert services.purge_deleted(timezone.now()) == 1

    files = {path.name for path in Path(django_settings.MEDIA_ROOT).rglob("*") if path.is_file()}
    expected = set(Document.objects.values_list("sha256", flat=True))
    assert files == expected
    assert list(IngestionRun.all_objects.all()) == [kept]


def test_purge_leaves_recently_deleted_runs(user):
    services.delete_run(RunFactory(owner=user), actor=user)

    assert services.purge_deleted(timezone.now() - timedelta(days=30)) == 0


def test_visible_run_is_the_owners(user):
    run = RunFactory()

    assert services.visible_run(run.pk, actor=run.owner) == run
    for stranger, identifier in ((user, run.pk), (run.owner, uuid.uuid4())):
        with pytest.raises(NotFound):
            services.visible_run(identifier, actor=stranger)
