import sys

import pytest
from django.core.management import CommandError, call_command

from accounts.tests.factories import UserFactory
from documents.models import Document
from ingestion.enums import Stage
from ingestion.management.commands import ingest
from ingestion.models import IngestionItem
from ingestion.tests import samples
from ingestion.tests.factories import ItemFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def _no_patience(monkeypatch):
    monkeypatch.setattr(ingest, "PATIENCE", 0)


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "in"
    (place / "sub").mkdir(parents=True)
    (place / "page.html").write_bytes(samples.html())
    (place / "sub" / "notes.md").write_bytes(samples.markdown())
    return place


@pytest.mark.usefixtures("_no_patience", "letters")
@pytest.mark.parametrize("on_terminal", [True, False])
def test_ingest_does_the_work_when_nobody_else_does(folder, capsys, monkeypatch, on_terminal):
    user = UserFactory(username="ann")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: on_terminal)

    call_command(
        "ingest", folder, "--user=ann", "--collection=Manuals", "--tags=a, b", "--recursive"
    )

    output = capsys.readouterr()
    assert output.out == "2 files are ready.\n"
    # A bar in a log would be a line for each of its steps.
    assert ("2/2" in output.err) == on_terminal
    assert bool(output.err) == on_terminal
    documents = Document.objects.filter(owner=user)
    assert {document.collection.name for document in documents} == {"Manuals"}
    assert {tag.name for document in documents for tag in document.tags.all()} == {"a", "b"}


@pytest.mark.slow
@pytest.mark.usefixtures("_no_patience", "letters")
def test_ingest_says_what_is_the_same(folder, capsys):
    UserFactory(username="ann")
    (folder / "copy.html").write_bytes(samples.html())

    call_command("ingest", folder, "--user=ann")
    first = capsys.readouterr().out
    call_command("ingest", folder, "--user=ann")
    second = capsys.readouterr().out

    same = f"{folder}/page.html: the same content as {folder}/copy.html\n"
    assert first == f"{same}2 files are ready, 1 of them was in the collection before.\n"
    assert second == f"{same}2 files are ready, 2 of them were in the collection before.\n"
    assert Document.objects.get().uri == f"{folder}/copy.html"


@pytest.mark.slow
@pytest.mark.usefixtures("_no_patience", "letters")
def test_ingest_names_the_failures(folder, capsys):
    UserFactory(username="ann")
    (folder / "empty.txt").touch()

    with pytest.raises(CommandError, match=r"1 of 2 files are not ready\."):
        call_command("ingest", folder, user="ann")

    assert f"{folder}/empty.txt: The file is empty." in capsys.readouterr().err
    assert Document.objects.count() == 1


def test_ingest_refuses_unknown_users_and_paths(tmp_path):
    UserFactory(username="ann")
    UserFactory(username="gone", is_active=False)

    for user in ("nobody", "gone"):
        with pytest.raises(CommandError, match="no active user"):
            call_command("ingest", tmp_path, user=user)
    with pytest.raises(CommandError, match="There is no"):
        call_command("ingest", tmp_path / "missing", user="ann")


def test_requeue_lists_and_requeues(capsys, client):
    bad = ItemFactory(stage=Stage.FAILED, error_code="x", error_detail="Broken.")
    other = ItemFactory(stage=Stage.FAILED, error_code="x")
    ItemFactory(stage=Stage.READY)

    call_command("requeue_ingestion", "--dry-run", run=bad.run_id)
    assert capsys.readouterr().out == f"{bad.run_id} {bad.name}: Broken.\n"
    assert IngestionItem.objects.failed().count() == 2

    call_command("requeue_ingestion", run=bad.run_id)
    assert list(IngestionItem.objects.failed()) == [other]
    call_command("requeue_ingestion")
    assert not IngestionItem.objects.failed().exists()


def test_requeue_keeps_to_its_limit():
    run = ItemFactory(stage=Stage.FAILED, error_code="x").run
    ItemFactory(run=run, stage=Stage.FAILED, error_code="x")

    call_command("requeue_ingestion", limit=1)

    assert IngestionItem.objects.failed().count() == 1


@pytest.mark.parametrize("options", [{"limit": 0}, {"run": "0199a0a0-0000-7000-8000-000000000000"}])
def test_requeue_refuses_nonsense(options):
    with pytest.raises(CommandError):
        call_command("requeue_ingestion", **options)


@pytest.mark.usefixtures("_no_patience", "letters")
def test_ingest_reads_web_pages_beside_files(folder, site, capsys):
    UserFactory(username="ann")
    site.link("/", "/a")
    site.pages["/"][1]["ETag"] = '"1"'
    site.link("/a")

    call_command("ingest", folder, site.url, "--user=ann", "--depth=1", "--max-pages=5")
    first = capsys.readouterr().out
    call_command("ingest", site.url, "--user=ann")

    assert first == "1 files are ready.\n2 files are ready.\n"
    assert capsys.readouterr().out == "1 files are ready.\n"


@pytest.mark.usefixtures("_no_patience", "letters")
def test_ingest_names_the_pages_that_failed(site, capsys):
    UserFactory(username="ann")

    with pytest.raises(CommandError, match=r"1 of 1 files are not ready\."):
        call_command("ingest", f"{site.url}/gone", "--user=ann")

    assert f"{site.url}/gone: There is no such page (status 404)." in capsys.readouterr().err
