"""Handing files in and watching them as pages."""

from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.tests.factories import UserFactory
from documents.services import ensure_default_collection
from documents.tests.factories import CollectionFactory, DocumentFactory
from ingestion.enums import IngestionStatus, Stage
from ingestion.models import IngestionRun
from ingestion.tests.factories import ItemFactory, RunFactory
from quotas.models import Quota
from youworker.core.config import config
from youworker.tests.support.configuring import override_config
from youworker.tests.support.pages import HTMX, text_of
from youworker.tests.support.rows import refreshed

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return UserFactory(language="en")


@pytest.fixture
def client(client, user):
    client.force_login(user)
    return client


def file(name="a.txt", content=b"text"):
    return SimpleUploadedFile(name, content)


def post(client, *files, **fields):
    return client.post("/documents/add", {"files": list(files), **fields})


def left_over():
    folder = Path(django_settings.MEDIA_ROOT)
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_plain_form_begins_a_run(client, user):
    shelf = CollectionFactory(owner=user)

    response = post(
        client, file(), file("b.txt", b"more"), collection=str(shelf.pk), tags_more="x, y"
    )

    run = IngestionRun.objects.get()
    assert response["Location"] == f"/documents/runs/{run.pk}"
    assert (run.owner, run.collection, run.tags) == (user, shelf, ["x", "y"])
    assert set(run.items.values_list("name", flat=True)) == {"a.txt", "b.txt"}
    assert len(left_over()) == 2


def test_the_form_begins_with_where_somebody_comes_from(client, user):
    shelf = CollectionFactory(owner=user)
    default = ensure_default_collection(user)

    assert f'value="{shelf.pk}" selected' in text_of(
        client.get(f"/documents/add?collection={shelf.pk}")
    )
    assert f'value="{default.pk}" selected' in text_of(client.get("/documents/add"))


def test_nothing_is_kept_of_what_is_refused(client, user):
    default = str(ensure_default_collection(user).pk)
    foreign = str(CollectionFactory().pk)

    assert post(client, collection=default).status_code == 422
    assert post(client, file(), collection=foreign).status_code == 422
    assert post(client, file(), collection=default, tags_more="x" * 65).status_code == 422
    Quota.objects.create(user=user, documents=1)
    DocumentFactory(owner=user)
    assert post(client, file(), collection=default).status_code == 422

    assert IngestionRun.objects.count() == 0
    assert left_over() == []


def test_too_large_a_file_is_refused(client, user):
    with override_config("ingestion", max_file_bytes=1024):
        response = post(
            client, file(content=b"x" * 1025), collection=str(ensure_default_collection(user).pk)
        )

    assert response.status_code == 413
    assert left_over() == []


def test_a_form_of_another_site_is_refused(user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)

    response = post(client, file(), collection=str(ensure_default_collection(user).pk))

    assert response.status_code == 403
    assert IngestionRun.objects.count() == 0
    assert left_over() == []


def test_a_form_with_its_token_is_taken(user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    client.get("/documents/add")
    token = client.cookies["csrftoken"].value

    response = post(
        client,
        file(),
        collection=str(ensure_default_collection(user).pk),
        csrfmiddlewaretoken=token,
    )

    assert response.status_code == 302
    assert IngestionRun.objects.count() == 1


def test_a_stranger_is_sent_to_sign_in_before_a_file_is_read():
    response = post(Client(), file())

    assert response["Location"].startswith("/sign-in")
    assert left_over() == []


def test_the_module_knows_the_limits(client, user):
    shown = text_of(client.get("/documents/add"))

    assert 'data-files-at-once="100"' in shown
    assert 'data-bytes-at-once="50000000"' in shown
    assert f'data-largest-file="{config.ingestion.max_file_bytes}"' in shown
    assert 'data-test="upload"' in shown


@pytest.mark.parametrize("count", [1, 3])
def test_a_run_takes_a_fixed_number_of_queries(count, client, user, django_assert_num_queries):
    run = RunFactory(owner=user)
    for _ in range(count):
        ItemFactory(run=run, document=DocumentFactory(owner=user), stage=Stage.READY)

    with django_assert_num_queries(5):  # session, user, the run, count, items
        response = client.get(f"/documents/runs/{run.pk}")

    assert text_of(response).count('data-test="item"') == count


def test_a_run_shows_how_far_each_file_is(client, user):
    run = RunFactory(owner=user)
    ItemFactory(run=run, name="<b>.pdf", stage=Stage.FAILED, error_code="x", error_detail="Locked.")
    ItemFactory(run=run, stage=Stage.PARSING, lease_token="00000000-0000-0000-0000-000000000001")
    ItemFactory(run=run, stage=Stage.READY, duplicate=True, document=DocumentFactory(owner=user))

    shown = text_of(client.get(f"/documents/runs/{run.pk}", headers=HTMX))

    assert shown.startswith(f'<yw-run id="run-{run.pk}"')
    assert "data-finished" not in shown
    assert 'data-stage="failed"' in shown
    assert 'data-stage="parsing"' in shown
    assert "&lt;b&gt;.pdf" in shown
    assert "Locked." in shown
    assert "Already here" in shown
    # What was here already is ready, and no further file.
    assert "1 ready (1 already here) · 1 working · " in " ".join(shown.split())


def test_files_are_narrowed_by_stage_and_paged(client, user):
    run = RunFactory(owner=user)
    for _ in range(101):
        ItemFactory(run=run, stage=Stage.READY)
    ItemFactory(run=run, stage=Stage.FAILED)
    url = f"/documents/runs/{run.pk}"

    assert text_of(client.get(url)).count('data-test="item"') == 100
    assert text_of(client.get(f"{url}?page=2")).count('data-test="item"') == 2
    assert text_of(client.get(f"{url}?stage=failed")).count('data-test="item"') == 1


def test_a_document_that_is_gone_is_not_linked(client, user):
    document = DocumentFactory(owner=user)
    document.soft_delete()
    run = RunFactory(owner=user)
    ItemFactory(run=run, stage=Stage.READY, document=document)

    assert f"/documents/{document.pk}" not in text_of(client.get(f"/documents/runs/{run.pk}"))


def test_a_run_is_cancelled_retried_and_taken_off_the_list(client, user):
    run = RunFactory(owner=user)
    waiting = ItemFactory(run=run)
    failed = ItemFactory(run=run, stage=Stage.FAILED, error_code="x")
    url = f"/documents/runs/{run.pk}"

    assert client.post(f"{url}/cancel")["Location"] == url
    assert refreshed(waiting).stage == Stage.SKIPPED
    assert refreshed(run).status == IngestionStatus.CANCELLED

    assert client.post(f"{url}/retry")["Location"] == url
    assert refreshed(failed).stage == Stage.QUEUED

    assert client.post(f"{url}/delete")["Location"] == "/documents/runs"
    assert client.get(url).status_code == 404


def test_the_list_of_runs_is_ones_own(client, user):
    mine, theirs = RunFactory(owner=user), RunFactory()

    shown = text_of(client.get("/documents/runs"))

    assert str(mine.pk) in shown
    assert str(theirs.pk) not in shown


def test_other_pages_show_what_goes_on(client, user, django_assert_num_queries):
    going = RunFactory(owner=user)
    done = RunFactory(owner=user, finished_at=going.created_at)

    with django_assert_num_queries(3):  # session, user, the runs
        shown = text_of(client.get("/documents/runs?unfinished=1&collection=<b>", headers=HTMX))

    assert str(going.pk) in shown
    assert str(done.pk) not in shown
    assert "<b>" not in shown


def test_the_name_of_a_shelf_that_is_no_longer_shared_is_not_shown(client, user):
    own = CollectionFactory(owner=user, name="My own shelf")
    foreign = CollectionFactory(name="Shelf of somebody else")
    shown, hidden = (
        text_of(client.get(f"/documents/runs/{RunFactory(owner=user, collection=shelf).pk}"))
        for shelf in (own, foreign)
    )

    assert "My own shelf" in shown
    assert "Shelf of somebody else" not in hidden
    assert str(foreign.pk) not in hidden


def test_what_came_out_of_an_archive_stands_behind_it(client, user, django_assert_num_queries):
    run = RunFactory(owner=user)
    archive = ItemFactory(run=run, name="a.zip", uri="a.zip", stage=Stage.READY)
    inside = {"run": run, "parent": archive, "root": archive, "level": 1}
    for number in range(3):
        ItemFactory(**inside, name=f"in{number}.txt", stage=Stage.READY)
    ItemFactory(
        **inside, name="bad.txt", uri="a.zip!/x/bad.txt", stage=Stage.FAILED, error_code="no_text"
    )
    url = f"/documents/runs/{run.pk}"

    with django_assert_num_queries(5):  # session, user, the run, count, items
        whole = text_of(client.get(url))
    with django_assert_num_queries(6):  # and the archive
        members = text_of(client.get(f"{url}?parent={archive.pk}", headers=HTMX))
    failed = text_of(client.get(f"{url}?stage=failed"))

    assert whole.count('data-test="item"') == 1
    assert f'href="{url}?parent={archive.pk}"' in whole
    assert "4 files in it" in whole
    assert "1 failed" in whole
    assert members.count('data-test="item"') == 4
    assert "In a.zip" in members
    assert "a.zip!/x/bad.txt" in failed


def test_members_of_other_runs_are_not_found(client, user):
    run, other = RunFactory(owner=user), ItemFactory()
    ItemFactory(run=other.run, parent=other)

    for key in (other.pk, "00000000-0000-0000-0000-000000000000", "x"):
        assert client.get(f"/documents/runs/{run.pk}?parent={key}").status_code == 404


def test_a_form_takes_a_web_page(client, user):
    shelf = CollectionFactory(owner=user)
    fields = {"url": "https://example.org/a", "depth": "1", "max_pages": "5", "same_host": "on"}

    response = client.post(
        "/documents/add-web", {**fields, "collection": str(shelf.pk), "tags_more": "x"}
    )

    run = IngestionRun.objects.get()
    assert response["Location"] == f"/documents/runs/{run.pk}"
    assert (run.kind, run.collection, run.tags) == ("url", shelf, ["x"])
    assert run.reach == {"depth": 1, "max_pages": 5, "same_host": True}


def test_a_refused_web_page_keeps_what_was_typed(client, user):
    default = str(ensure_default_collection(user).pk)
    foreign = str(CollectionFactory().pk)
    fields = {"depth": "0", "max_pages": "1", "collection": default}

    refused = client.post("/documents/add-web", {**fields, "url": "ftp://example.org/x"})
    deep = client.post("/documents/add-web", {**fields, "url": "https://a.org/", "depth": "99"})
    alien = client.post(
        "/documents/add-web", {**fields, "url": "https://a.org/", "collection": foreign}
    )

    assert [answer.status_code for answer in (refused, deep, alien)] == [422, 422, 422]
    assert "ftp://example.org/x" in text_of(refused)
    assert "This is not an http or https URL." in text_of(refused)
    assert not IngestionRun.objects.exists()


def test_files_and_web_pages_lead_to_each_other(client, user):
    shelf = CollectionFactory(owner=user)

    files = text_of(client.get(f"/documents/add?collection={shelf.pk}"))
    pages = text_of(client.get(f"/documents/add-web?collection={shelf.pk}"))

    assert f"/documents/add-web?collection={shelf.pk}" in files
    assert f"/documents/add?collection={shelf.pk}" in pages
    assert f'value="{shelf.pk}" selected' in pages
