import base64
import os
from datetime import timedelta

import pytest

from accounts.tests.factories import UserFactory
from documents import search
from documents import services as documents
from documents.models import Document, StoredFile
from documents.tests.factories import stored_path
from ingestion import services, store
from ingestion.enums import IngestionStatus, Stage
from ingestion.models import IngestionItem
from ingestion.pipeline import parse
from ingestion.pipeline.worker import work_for
from ingestion.tests.packing import locked, mailbox, message, tarred, zipped
from ingestion.tests.test_signed import signed
from quotas.models import Quota
from youworker.tests.support.configuring import override_config

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("letters")]


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def hand_in(user, incoming):
    """Hands a file in and works on it until nothing is left to do; the run."""

    def run(name, content):
        made = services.start_upload([incoming(name, content)], actor=user)
        work_for(60)
        made.refresh_from_db()
        return made

    return run


def shown(run):
    return {item.uri: (item.stage, item.error_code) for item in run.items.all()}


def test_the_files_of_an_archive_become_documents(hand_in, user):
    run = hand_in("a.zip", zipped({"folder/a.txt": b"The zebra.", "b.txt": b"The koala."}))

    assert run.status == IngestionStatus.SUCCEEDED
    assert shown(run) == {
        "a.zip": (Stage.READY, ""),
        "a.zip!/folder/a.txt": (Stage.READY, ""),
        "a.zip!/b.txt": (Stage.READY, ""),
    }
    archive = run.items.get(parent=None)
    assert (archive.note, archive.document, archive.stored_file) == (
        "2 files were found in it.",
        None,
        None,
    )
    assert [item.parent for item in run.items.filter(level=1)] == [archive, archive]
    hit = search.search("zebra", mode="keyword", actor=user).results[0]
    document = Document.objects.get(pk=hit.document_id)
    assert (document.title, document.uri) == ("a.txt", "a.zip!/folder/a.txt")
    assert stored_path(document.stored_file).read_bytes() == b"The zebra."


def test_archives_of_one_name_in_several_folders_do_not_replace_each_other(user, incoming):
    files = []
    for year in ("2023", "2024"):
        file = incoming("docs.zip", zipped({"report.txt": f"Report of {year}".encode()}))
        file.place = f"{year}/docs.zip"
        files.append(file)
    services.start_upload(files, actor=user)
    work_for(60)

    assert Document.objects.filter(title="report.txt").count() == 2
    # Of one name and in no folder: told apart by their content.
    files = [incoming("x.zip", zipped({"r.txt": b"%d" % number})) for number in range(2)]
    services.start_upload(files, actor=user)
    work_for(60)

    assert Document.objects.filter(title="r.txt").count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_bytes_of_an_unpacked_archive_are_not_kept(hand_in):
    hand_in("a.zip", zipped({"a.txt": b"The zebra."}))

    assert StoredFile.objects.count() == 1
    assert not list(store.ensure_incoming_folder().iterdir())


def test_archives_in_archives_are_unpacked_to_a_depth(hand_in):
    deepest = zipped({"d.txt": b"deep"})
    archive = zipped({"two.zip": zipped({"three.zip": deepest, "c.txt": b"The zebra."})})

    with override_config("ingestion", max_depth=2):
        run = hand_in("a.zip", archive)

    assert shown(run) == {
        "a.zip": (Stage.READY, ""),
        "a.zip!/two.zip": (Stage.READY, ""),
        "a.zip!/two.zip!/c.txt": (Stage.READY, ""),
        "a.zip!/two.zip!/three.zip": (Stage.FAILED, "nested_too_deep"),
    }
    assert set(run.items.exclude(root=None).values_list("root__uri", flat=True)) == {"a.zip"}


def test_what_fails_in_an_archive_fails_alone(hand_in):
    content = locked(
        zipped({"secret.txt": b"x" * 40, "a.txt": b"zebra", "b.pdf": b"%PDF-1.4 x"}), "secret.txt"
    )

    run = hand_in("a.zip", content)

    assert run.status == IngestionStatus.PARTIAL
    assert shown(run) == {
        "a.zip": (Stage.READY, ""),
        "a.zip!/secret.txt": (Stage.FAILED, "encrypted_file"),
        "a.zip!/a.txt": (Stage.READY, ""),
        "a.zip!/b.pdf": (Stage.FAILED, "damaged_file"),
    }
    archive = run.items.get(parent=None)
    assert archive.note == "3 files were found in it. 1 could not be unpacked."


def test_a_retry_reads_what_is_there_again_and_keeps_the_reason_of_the_rest(hand_in, user):
    content = locked(zipped({"secret.txt": b"x" * 40, "b.pdf": b"%PDF-1.4 x"}), "secret.txt")
    run = hand_in("a.zip", content)

    assert services.retry_run(run, actor=user) == 1
    work_for(60)

    assert shown(run)["a.zip!/secret.txt"] == (Stage.FAILED, "encrypted_file")
    assert run.items.get(name="b.pdf").attempts == 2
    assert run.items.count() == 3


def test_the_same_archive_adds_nothing(hand_in, user):
    content = zipped({"a.txt": b"zebra", "b.txt": b"koala"})
    hand_in("a.zip", content)

    run = hand_in("a.zip", content)

    assert list(run.items.exclude(parent=None).values_list("duplicate", flat=True)) == [True, True]
    assert Document.objects.filter(owner=user).count() == 2


def test_a_changed_archive_brings_its_documents_up_to_date(hand_in, user):
    hand_in("a.zip", zipped({"a.txt": b"The zebra.", "b.txt": b"The koala."}))
    before = set(Document.objects.values_list("pk", flat=True))

    hand_in("a.zip", zipped({"a.txt": b"The walrus.", "b.txt": b"The koala.", "c.txt": b"New."}))

    assert before < set(Document.objects.values_list("pk", flat=True))
    assert Document.objects.count() == 3
    assert not search.search("zebra", mode="keyword", actor=user).results
    hit = search.search("walrus", mode="keyword", actor=user).results[0]
    assert hit.document_id in before


def test_what_is_deleted_after_its_archive_was_handed_in_stays_so(hand_in, user, incoming):
    content = zipped({"a.txt": b"The zebra."})
    hand_in("a.zip", content)
    run = services.start_upload([incoming("a.zip", content)], actor=user)
    documents.delete_document(Document.objects.get(), actor=user)

    work_for(60)

    assert shown(run)["a.zip!/a.txt"] == (Stage.SKIPPED, "document_deleted")
    assert not Document.objects.exists()


def test_attachments_become_documents_under_the_subject(hand_in, user):
    run = hand_in("mail.eml", message("The offer", {"price.txt": b"The zebra costs 5."}))

    assert shown(run) == {
        "mail.eml": (Stage.READY, ""),
        "mail.eml!/price.txt": (Stage.READY, ""),
    }
    hit = search.search("zebra", mode="keyword", actor=user).results[0]
    document = Document.objects.get(pk=hit.document_id)
    assert (document.title, hit.heading) == ("price.txt", "The offer")


def test_the_attachment_of_a_signed_invoice_becomes_a_document(hand_in, user):
    encoded = base64.b64encode(b"The zebra costs 5.").decode()
    name = "<NomeAttachment>price.txt</NomeAttachment>"
    files = f"<Allegati>{name}<Attachment>{encoded}</Attachment></Allegati>"
    run = hand_in("invoice.xml.p7m", signed(f"<Fattura>{files}</Fattura>".encode()))

    assert shown(run) == {
        "invoice.xml.p7m": (Stage.READY, ""),
        "invoice.xml.p7m!/invoice.xml": (Stage.READY, ""),
        "invoice.xml.p7m!/invoice.xml!/price.txt": (Stage.READY, ""),
    }
    (hit,) = search.search("zebra", mode="keyword", actor=user).results
    assert Document.objects.get(pk=hit.document_id).title == "price.txt"


def test_attachments_of_messages_of_one_name_are_different_documents(hand_in):
    for number in (1, 2):
        attached = {
            "a.zip": zipped({"a.txt": f"zebra {number}".encode()}),
            "b.txt": f"{number}".encode(),
        }
        hand_in("mail.eml", message(f"Mail {number}", attached))

    titles = sorted(Document.objects.values_list("title", flat=True))
    assert titles == ["Mail 1", "Mail 2", "a.txt", "a.txt", "b.txt", "b.txt"]


def test_a_growing_mailbox_adds_only_what_is_new(hand_in):
    letters = [message(f"Letter {number}") for number in range(3)]
    hand_in("in.mbox", mailbox(*letters[:2]))

    run = hand_in("in.mbox", mailbox(*letters))

    assert sorted(Document.objects.values_list("title", flat=True)) == [
        "Letter 0",
        "Letter 1",
        "Letter 2",
    ]
    assert run.items.filter(duplicate=True).count() == 2


def test_what_comes_out_counts_towards_quotas(hand_in, user):
    Quota.objects.create(user=user, documents=2)

    run = hand_in("a.zip", zipped({f"{n}.txt": b"x%d" % n for n in range(3)}))

    assert shown(run) == {"a.zip": (Stage.FAILED, "quota_exceeded")}
    assert "2" in run.items.get().error_detail
    assert "%" not in run.items.get().error_detail
    assert not Document.objects.exists()


def test_limits_hold_for_all_that_is_in_the_outermost_file(hand_in):
    inner = [zipped({f"{m}.txt": f"{n} {m}".encode() for m in range(4)}) for n in range(3)]
    with override_config("ingestion", max_members=8):
        run = hand_in("a.zip", zipped({f"{n}.zip": one for n, one in enumerate(inner)}))

    assert IngestionItem.objects.exclude(root=None).count() <= 8
    assert run.status == IngestionStatus.PARTIAL
    assert "too_many_inside" in {code for _, code in shown(run).values()}


def test_a_cancelled_run_takes_nothing_out_of_an_archive(user, incoming, monkeypatch):
    run = services.start_upload([incoming("a.zip", zipped({"a.txt": b"x"}))], actor=user)
    original = parse.received_files

    def cancelled(parsed, folder):
        services.cancel_run(run, actor=user)
        return original(parsed, folder)

    monkeypatch.setattr(parse, "received_files", cancelled)
    work_for(30)

    assert shown(run) == {"a.zip": (Stage.SKIPPED, "")}


def test_links_are_skipped_and_do_not_fail_the_run(hand_in):
    run = hand_in("a.tar", tarred({"a.txt": b"x"}, links=["b"]))

    assert run.status == IngestionStatus.SUCCEEDED
    assert shown(run)["a.tar!/b"] == (Stage.SKIPPED, "not_a_file")


def test_what_a_killed_worker_left_is_removed():
    left = store.ensure_incoming_folder() / "left"
    left.mkdir()
    (left / "0").write_bytes(b"x")
    os.utime(left, (0, 0))

    assert store.remove_stale() == 1
    assert not left.exists()


@pytest.mark.django_db(transaction=True)
def test_a_purged_run_takes_what_came_out_of_it_along(hand_in, user):
    content = locked(
        zipped({"s.txt": b"x" * 40, "b.pdf": b"%PDF-1.4 x", "c.zip": zipped({"d": b"d"})}), "s.txt"
    )
    run = hand_in("a.zip", content)
    assert run.items.count() == 5
    services.delete_run(run, actor=user)

    assert services.purge_deleted(run.created_at + timedelta(days=1)) == 1

    assert not IngestionItem.objects.exists()
    assert set(StoredFile.objects.all()) == {one.stored_file for one in Document.objects.all()}
