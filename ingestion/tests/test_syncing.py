import itertools
import os
import shutil
from datetime import UTC, datetime, timedelta
from datetime import time as clock

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.tests.factories import UserFactory
from documents.models import Document, Passage
from documents.services import delete_document, update_document
from documents.tests.factories import CollectionFactory, CollectionShareFactory
from groups.tests.factories import MembershipFactory
from ingestion import services, source_services
from ingestion.enums import SourceState
from ingestion.exceptions import SourceBusy
from ingestion.models import IngestionRun, Source, SourceEntry, WebHost
from ingestion.pipeline.worker import work_for
from ingestion.syncing import beginning, folders, settling
from ingestion.syncing.beginning import next_time
from ingestion.tests.packing import zipped
from quotas.models import Quota
from youworker.core.config import config
from youworker.core.exceptions import Forbidden, InvalidInput
from youworker.tests.support.leases import let_leases_end

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A folder that may be ingested."""
    folder = tmp_path / "root"
    folder.mkdir()
    monkeypatch.setitem(config.ingestion.__dict__, "roots", (str(folder),))
    return folder


@pytest.fixture
def staff():
    return UserFactory(is_staff=True)


@pytest.fixture
def follow(staff, root, letters):
    """A source of a folder, which was read once."""

    def make(**options):
        source = source_services.create_source("folder", str(root), actor=staff, **options)
        sync()
        return again(source)

    return make


def sync():
    source_services.run_syncs()
    work_for(60)
    source_services.run_syncs()


def again(source):
    return Source.objects.get(pk=source.pk)


def sync_now(source, **options):
    source_services.request_sync(source, actor=source.owner, **options)
    sync()
    return again(source)


ticks = itertools.count(1)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    # Two writes within a tick of the clock, or of a coarse file system, are told apart.
    state = path.stat()
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 1_000_000 * next(ticks)))


def names():
    return sorted(document.uri.rpartition("/")[2] for document in Document.objects.all())


def counts(source, *wanted):
    return tuple(source.counts.get(name, 0) for name in wanted)


def test_a_folder_is_followed(follow, root):
    write(root / "a.txt", "first words")
    write(root / "b.txt", "second words")
    write(root / "sub" / "c.txt", "third words")

    source = follow(tags=["x"])

    assert (source.state, source.error_code) == (SourceState.IDLE, "")
    assert counts(source, "new", "changed", "deleted", "failed") == (3, 0, 0, 0)
    assert names() == ["a.txt", "b.txt", "c.txt"]
    assert source.last_sync_at is not None
    before = {document.uri: document.pk for document in Document.objects.all()}

    write(root / "a.txt", "other words")
    (root / "b.txt").unlink()
    write(root / "d.txt", "fourth words")
    source = sync_now(source)

    assert counts(source, "new", "changed", "deleted", "unchanged") == (1, 1, 1, 1)
    assert names() == ["a.txt", "c.txt", "d.txt"]
    changed = Document.objects.get(uri__endswith="a.txt")
    assert changed.pk == before[changed.uri]
    assert Passage.objects.get(document=changed).text == "other words"
    deleted = Document.all_objects.get(uri__endswith="b.txt")
    assert deleted.is_deleted
    assert not deleted.passages.filter(text="").exists()


def test_nothing_is_read_twice(follow, root):
    write(root / "a.txt", "words")
    source = follow()

    source = sync_now(source)

    assert counts(source, "new", "changed", "unchanged") == (0, 0, 1)
    assert IngestionRun.objects.count() == 1


def test_a_file_that_came_back_is_a_document_again(follow, root):
    write(root / "a.txt", "words")
    write(root / "b.txt", "more words")
    source = follow()
    (root / "a.txt").unlink()
    sync_now(source)
    write(root / "a.txt", "words")

    sync_now(source)

    assert names() == ["a.txt", "b.txt"]


def test_a_renamed_file_keeps_its_document(follow, root):
    write(root / "old.txt", "words to keep")
    source = follow()
    before = Document.objects.get()
    (root / "sub").mkdir()
    (root / "old.txt").rename(root / "sub" / "new.txt")

    source = sync_now(source)

    document = Document.objects.get()
    assert (document.pk, document.title) == (before.pk, "new.txt")
    assert document.uri == str(root / "sub" / "new.txt")
    assert counts(source, "moved", "new", "deleted") == (1, 0, 0)
    write(root / "sub" / "new.txt", "changed since")
    sync_now(source)
    assert Document.objects.get().pk == before.pk


def test_of_two_files_with_one_content_one_may_go(follow, root):
    write(root / "a.txt", "same words")
    write(root / "b.txt", "same words")
    source = follow()
    kept = Document.objects.get()

    (root / "a.txt").unlink()
    sync_now(source)

    document = Document.objects.get()
    assert (document.pk, document.uri) == (kept.pk, str(root / "b.txt"))
    (root / "b.txt").unlink()
    write(root / "c.txt", "other words")
    sync_now(source)
    assert names() == ["c.txt"]


def test_what_another_source_has_as_well_stays_as_its(follow, root, staff):
    write(root / "a" / "one.txt", "same words")
    write(root / "b" / "two.txt", "same words")
    write(root / "a" / "other.txt", "other words")
    first = source_services.create_source("folder", str(root / "a"), actor=staff)
    source_services.create_source("folder", str(root / "b"), actor=staff)
    sync()
    kept = Document.objects.get(passages__text="same words")

    (root / "a" / "one.txt").unlink()
    first = sync_now(first)

    assert first.counts["deleted"] == 1
    document = Document.objects.get(passages__text="same words")
    assert (document.pk, document.uri) == (kept.pk, str(root / "b" / "two.txt"))
    assert source_services.delete_source(first, remove_documents=True, actor=staff) == 1
    assert names() == ["two.txt"]


def test_what_somebody_handed_in_otherwise_stays(follow, root, staff, incoming):
    services.start_upload([incoming("mine.txt", "same words")], actor=staff)
    work_for(60)
    write(root / "a.txt", "same words")
    write(root / "b.txt", "other words")
    source = follow()

    (root / "a.txt").unlink()
    source = sync_now(source)

    assert names() == ["b.txt", "mine.txt"]
    source_services.delete_source(source, remove_documents=True, actor=staff)
    assert names() == ["mine.txt"]


def test_what_came_out_of_an_archive_goes_with_it(follow, root, staff):
    (root / "a.zip").write_bytes(zipped({"in.txt": b"in words"}))
    (root / "z.zip").write_bytes(zipped({"more.txt": b"more words"}))
    write(root / "b.txt", "other words")
    source = follow()
    assert names() == ["b.txt", "in.txt", "more.txt"]

    (root / "a.zip").unlink()
    source = sync_now(source)

    assert names() == ["b.txt", "more.txt"]
    source_services.delete_source(source, remove_documents=True, actor=staff)
    assert names() == []


def test_a_sync_that_cannot_be_ended_keeps_no_other_from_it(follow, root, monkeypatch, caplog):
    write(root / "a.txt", "words")
    source = follow()
    monkeypatch.setattr(settling, "settle_folder", lambda *_: 1 / 0)

    source = sync_now(source)

    assert source.state == SourceState.SYNCING
    assert "cannot be ended" in caplog.text


@pytest.mark.parametrize("vanish", ["removed", "emptied", "replaced"])
def test_a_folder_that_vanished_deletes_nothing(follow, root, vanish):
    write(root / "a.txt", "words")
    source = follow()
    shutil.rmtree(root)
    if vanish == "emptied":
        root.mkdir()
    if vanish == "replaced":
        root.write_text("no folder")

    source = sync_now(source)

    code = "source_empty" if vanish == "emptied" else "source_unavailable"
    assert (source.state, source.error_code) == (SourceState.FAILED, code)
    assert names() == ["a.txt"]
    if vanish == "replaced":
        root.unlink()
    root.mkdir(exist_ok=True)
    write(root / "a.txt", "words")
    source = sync_now(source)
    assert (source.state, source.error_detail) == (SourceState.IDLE, "")


def test_when_most_is_gone_somebody_is_asked(follow, root):
    for number in range(12):
        write(root / f"{number}.txt", f"words {number}")
    source = follow()
    for number in range(11):
        (root / f"{number}.txt").unlink()

    source = sync_now(source)

    assert (source.state, source.error_code) == (SourceState.FAILED, "source_shrunk")
    assert source.error_detail.startswith("11 of 12 files are gone.")
    assert Document.objects.count() == 12
    source = sync_now(source, accept_deletions=True)
    assert source.state == SourceState.IDLE
    assert names() == ["11.txt"]
    assert not source.accepts_deletions


def test_a_folder_nobody_may_look_into_deletes_nothing(follow, root, monkeypatch):
    write(root / "a.txt", "words")
    write(root / "locked" / "b.txt", "more words")
    source = follow()
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(folders.os, "scandir", refuse)

    source = sync_now(source)

    assert counts(source, "unreadable", "deleted") == (1, 0)
    assert names() == ["a.txt", "b.txt"]


def test_hidden_and_temporary_files_and_links_are_left_out(follow, root, tmp_path):
    write(tmp_path / "secret.txt", "secret")
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    (root / "folder").symlink_to(tmp_path)
    for name in (".hidden", "~$a.docx", "a.tmp", "b.txt~", "c.part", "Thumbs.db", ".git/config"):
        write(root / name, f"words of {name}")
    write(root / "kept.txt", "kept")

    follow()

    assert names() == ["kept.txt"]


def test_a_file_that_cannot_be_read_is_tried_when_it_changes(follow, root):
    (root / "bad.pdf").write_bytes(b"%PDF-1.4 nothing")
    source = follow()
    assert counts(source, "new", "failed") == (1, 1)

    source = sync_now(source)
    assert counts(source, "changed", "unchanged") == (0, 1)

    write(root / "bad.pdf", "words after all")
    source = sync_now(source)
    assert counts(source, "changed", "failed") == (1, 0)
    assert names() == ["bad.pdf"]


def test_a_document_that_was_deleted_stays_so(follow, root, staff):
    write(root / "a.txt", "words")
    source = follow()
    delete_document(Document.objects.get(), actor=staff)

    sync_now(source)

    assert not Document.objects.exists()


def test_what_somebody_took_elsewhere_is_theirs(follow, root, staff):
    write(root / "a.txt", "words")
    write(root / "b.txt", "more words")
    source = follow()
    shelf = CollectionFactory(owner=staff)
    update_document(
        Document.objects.get(uri__endswith="a.txt"), collection_id=shelf.pk, actor=staff
    )
    (root / "a.txt").unlink()

    sync_now(source)

    assert names() == ["a.txt", "b.txt"]


def test_a_source_whose_owner_may_not_fill_the_collection_rests(staff, root, letters):
    membership = MembershipFactory(user=staff)
    share = CollectionShareFactory(group=membership.group, access="write")
    write(root / "a.txt", "words")
    source = source_services.create_source(
        "folder", str(root), collection_id=share.collection_id, actor=staff
    )
    share.delete()

    sync()

    source = again(source)
    assert (source.state, source.error_code) == (SourceState.PAUSED, "source_not_allowed")
    assert source.next_sync_at is None
    assert not Document.objects.exists()
    with pytest.raises(SourceBusy):
        source_services.request_sync(source, actor=staff)


@pytest.mark.parametrize("lost", ["is_active", "is_staff"])
def test_a_source_of_who_lost_their_rights_rests(follow, root, staff, lost):
    write(root / "a.txt", "words")
    source = follow()
    type(staff).objects.filter(pk=staff.pk).update(**{lost: False})

    source_services.request_sync(source, actor=staff)
    sync()

    source = again(source)
    assert (source.state, source.error_code) == (SourceState.PAUSED, "source_not_allowed")
    assert names() == ["a.txt"]


def test_a_folder_outside_of_the_allowed_ones_is_refused(staff, root, tmp_path):
    (tmp_path / "other").mkdir()
    (root / "link").symlink_to(tmp_path / "other")

    for target in (tmp_path / "other", root / "link", root / ".." / "other", "relative", "\0"):
        with pytest.raises(InvalidInput) as caught:
            source_services.create_source("folder", str(target), actor=staff)
        assert caught.value.attr == "target"
    with pytest.raises(InvalidInput, match="not there"):
        source_services.create_source("folder", str(root / "none"), actor=staff)
    with pytest.raises(Forbidden):
        source_services.create_source("folder", str(root), actor=UserFactory())
    assert not Source.objects.exists()


def test_a_folder_that_became_a_link_is_not_read(follow, root, tmp_path, staff):
    write(root / "sub" / "a.txt", "words")
    source = source_services.create_source("folder", str(root / "sub"), actor=staff)
    (tmp_path / "other").mkdir()
    write(tmp_path / "other" / "secret.txt", "secret")
    shutil.rmtree(root / "sub")
    (root / "sub").symlink_to(tmp_path / "other")

    sync()

    assert again(source).state == SourceState.PAUSED
    assert not Document.objects.exists()


def test_a_quota_stops_a_sync_as_a_whole(follow, root, staff):
    Quota.objects.create(user=staff, documents=1)
    write(root / "a.txt", "words")
    write(root / "b.txt", "more words")

    source = follow(every_hours=1)

    assert (source.state, source.error_code) == (SourceState.FAILED, "quota_exceeded")
    assert source.next_sync_at > timezone.now()
    assert not SourceEntry.objects.exists()


def test_a_killed_sync_is_taken_over(follow, root, staff, letters):
    write(root / "a.txt", "words")
    source = source_services.create_source("folder", str(root), actor=staff)
    assert beginning.claim_next() == source
    assert beginning.claim_next() is None
    let_leases_end(Source.objects.all())

    sync()

    assert again(source).state == SourceState.IDLE
    assert names() == ["a.txt"]


def test_who_lost_a_source_writes_nothing(root, staff, letters):
    write(root / "a.txt", "words")
    source_services.create_source("folder", str(root), actor=staff)
    slow = beginning.claim_next()
    source_services.update_source(again(slow), paused=True, actor=staff)

    beginning.read_source(slow)

    assert again(slow).state == SourceState.PAUSED
    assert not IngestionRun.all_objects.exists()


def test_a_source_is_due_when_its_schedule_says(follow, root):
    write(root / "a.txt", "words")
    source = follow(every_hours=6)

    assert timedelta(hours=5) < source.next_sync_at - timezone.now() <= timedelta(hours=6)
    assert source_services.run_syncs() == 0
    # Missed for three days: once, not twelve times.
    Source.objects.update(next_sync_at=timezone.now() - timedelta(days=3))
    assert source_services.run_syncs() == 1
    assert again(source).next_sync_at > timezone.now()


@pytest.mark.parametrize(
    ("now", "zone", "at", "expected"),
    [
        ("2026-06-01T00:00", "UTC", clock(3), "2026-06-01T03:00"),
        ("2026-06-01T03:00", "UTC", clock(3), "2026-06-02T03:00"),
        ("2026-06-01T00:00", "Europe/Rome", clock(1), "2026-06-01T23:00"),
        # 2:30 does not exist on the day the clocks go forward, and exists twice in autumn.
        ("2026-03-29T00:00", "Europe/Rome", clock(2, 30), "2026-03-29T01:30"),
        ("2026-10-25T00:45", "Europe/Rome", clock(2, 30), "2026-10-26T01:30"),
        ("2026-06-01T00:00", "Mars/Olympus", clock(3), "2026-06-01T03:00"),
    ],
)
def test_a_time_of_the_day_is_the_owners(now, zone, at, expected):
    source = Source(owner=UserFactory(time_zone=zone), daily_at=at)
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)

    found = next_time(source, moment)

    assert found.astimezone(UTC) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_a_source_without_a_schedule_waits_to_be_asked(follow, root):
    write(root / "a.txt", "words")

    source = follow()

    assert source.next_sync_at is None


def test_a_website_is_followed(site, staff, letters):
    site.link("/", "/a", "/b")
    site.link("/a", text="first")
    site.link("/b", text="second")
    source = source_services.create_source("website", site.url, depth=1, max_pages=20, actor=staff)
    sync()
    source = again(source)
    assert counts(source, "new", "failed") == (3, 0)
    assert source.state == SourceState.IDLE
    before = dict(Document.objects.values_list("uri", "pk"))

    site.link("/", "/a", "/c")
    site.link("/a", text="changed")
    site.link("/c", text="third")
    del site.pages["/b"]
    source = sync_now(source)

    assert counts(source, "new", "changed", "deleted", "failed") == (1, 2, 1, 0)
    assert {document.uri.rpartition("/")[2] for document in Document.objects.all()} == {
        "",
        "a",
        "c",
    }
    assert Document.objects.get(uri__endswith="/a").pk == before[f"{site.url}/a"]
    assert Document.all_objects.get(uri__endswith="/b").is_deleted


def test_members_of_an_archive_are_no_pages_of_a_website(site, staff, letters):
    site.link("/", "/docs.zip")
    inside = {f"{number}.txt": f"words {number}".encode() for number in range(5)}
    site.page("/docs.zip", zipped(inside), content_type="application/zip")
    source = source_services.create_source("website", site.url, depth=1, max_pages=3, actor=staff)
    sync()

    source = sync_now(source)

    assert counts(source, "failed") == (0,)
    assert not source.entries.filter(uri__contains="!/").exists()
    assert Document.objects.filter(uri__contains="docs.zip!/").count() == 5


@pytest.mark.parametrize("status", [404, 403])
def test_a_website_that_answers_errors_deletes_nothing(site, staff, letters, status):
    site.link("/", "/a")
    site.link("/a")
    source = source_services.create_source("website", site.url, depth=1, max_pages=20, actor=staff)
    sync()
    for path in list(site.pages):
        site.page(path, "error", status=status)
    site.pages.pop("/robots.txt", None)

    source = sync_now(source)

    assert source.state == SourceState.FAILED
    assert source.error_code in {"page_gone", "page_forbidden"}
    assert Document.objects.count() == 2


def test_a_website_whose_pages_are_empty_deletes_nothing(site, staff, letters):
    site.link("/", "/a")
    site.link("/a")
    source = source_services.create_source("website", site.url, depth=1, max_pages=20, actor=staff)
    sync()
    for path in ("/", "/a"):
        site.page(path, "")

    source = sync_now(source)

    assert source.state == SourceState.FAILED
    assert Document.objects.count() == 2


def test_a_source_may_go_with_or_without_its_documents(follow, root, staff):
    write(root / "a.txt", "words")
    source = follow()
    assert source_services.delete_source(source, actor=staff) == 0
    assert names() == ["a.txt"]

    source = follow()
    assert source_services.delete_source(source, remove_documents=True, actor=staff) == 1
    assert not Document.objects.exists()
    assert not SourceEntry.objects.exists()
    assert IngestionRun.all_objects.count() == 2


def test_schedules_that_make_no_sense_are_refused(staff, root):
    with pytest.raises(InvalidInput):
        source_services.create_source(
            "folder", str(root), every_hours=1, daily_at=clock(1), actor=staff
        )
    with pytest.raises(InvalidInput):
        source_services.create_source("website", "https://example.org/", depth=99, actor=staff)


def test_naming_one_schedule_ends_the_other(follow, root, staff):
    source = follow(every_hours=2)

    source = source_services.update_source(source, daily_at=clock(4), actor=staff)

    assert (source.every_hours, source.daily_at) == (None, clock(4))
    assert source.next_sync_at > timezone.now()


def test_a_paused_source_goes_on(follow, root, staff):
    write(root / "a.txt", "words")
    source = follow(every_hours=1)
    source = source_services.update_source(source, paused=True, actor=staff)
    assert (source.state, source.next_sync_at) == (SourceState.PAUSED, None)
    write(root / "b.txt", "more words")
    sync()
    assert names() == ["a.txt"]

    source_services.update_source(source, paused=False, actor=staff)
    sync()

    assert names() == ["a.txt", "b.txt"]


def test_only_one_process_settles_a_sync(follow, root, staff, letters):
    write(root / "a.txt", "words")
    source = source_services.create_source("folder", str(root), actor=staff)
    source_services.run_syncs()
    work_for(60)

    assert settling.settle_read() == 1
    assert not settling.settle_source(source.pk)


def test_sync_sources_reads_what_it_is_told(staff, root, letters, capsys):
    write(root / "a.txt", "words")
    source = source_services.create_source("folder", str(root), name="Papers", actor=staff)

    call_command("sync_sources", "--dry-run")
    assert capsys.readouterr().out == f"{source.pk} Papers\n"
    assert names() == []
    call_command("sync_sources")
    assert capsys.readouterr().out == "Papers: 1 new\n"
    write(root / "b.txt", "more words")
    call_command("sync_sources")
    assert capsys.readouterr().out == ""
    call_command("sync_sources", str(source.pk))
    assert names() == ["a.txt", "b.txt"]
    shutil.rmtree(root)
    with pytest.raises(CommandError, match="1 of 1 sources could not be read"):
        call_command("sync_sources", "--all")
    assert "Papers: The folder is not there." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--due", "--all"], "Name sources, or one of --due and --all"),
        (["papers"], "invalid UUID value: 'papers'"),
        (["0" * 32], "There is no source 00000000-"),
    ],
)
def test_sync_sources_refuses_nonsense(arguments, words):
    with pytest.raises(CommandError, match=words):
        call_command("sync_sources", *arguments)


def test_servers_nobody_asks_are_forgotten(letters):
    for host, days in (("old:80", 31), ("new:80", 1)):
        read_at = timezone.now() - timedelta(days=days)
        WebHost.objects.create(host=host, robots="x", robots_read_at=read_at)

    source_services.run_syncs()

    assert [row.host for row in WebHost.objects.all()] == ["new:80"]
