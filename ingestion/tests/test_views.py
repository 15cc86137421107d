import uuid
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.services import create_api_key
from accounts.tests.factories import UserFactory
from documents.tests.factories import CollectionFactory
from ingestion.enums import IngestionStatus, Stage
from ingestion.models import IngestionItem, IngestionRun
from ingestion.tests.factories import ItemFactory, RunFactory
from youworker.core.config import config

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def client(user, client_of):
    return client_of(user)


def file(name="a.txt", content=b"text"):
    return SimpleUploadedFile(name, content)


def post(client, *files, **fields):
    body = {"files": list(files), **fields}
    return client.post("/v1/ingestion/uploads", body, format="multipart")


def left_over():
    folder = Path(django_settings.MEDIA_ROOT)
    return [path for path in folder.rglob("*") if path.is_file()]


def code_of(response):
    error = response.json()["errors"][0]
    return response.status_code, error["code"], error["attr"]


def test_upload_answers_the_run(client, user):
    response = post(client, file(), file("b.html", b"<p>hi</p>"), tags=["x", "y"])

    body = response.json()
    run = IngestionRun.objects.get()
    assert response.status_code == 202
    assert body["id"] == str(run.pk)
    assert (body["kind"], body["status"], body["tags"]) == ("upload", "queued", ["x", "y"])
    assert body["totals"] == {
        "items": 2,
        "ready": 0,
        "failed": 0,
        "skipped": 0,
        "duplicates": 0,
        "passages": 0,
        "bytes": 13,
    }
    assert run.owner == user
    assert set(run.items.values_list("name", flat=True)) == {"a.txt", "b.html"}
    assert len(left_over()) == 2


def test_upload_goes_into_a_collection(client, user):
    target = CollectionFactory(owner=user)

    response = post(client, file(), collection_id=str(target.pk))

    assert response.json()["collection_id"] == str(target.pk)


@pytest.mark.parametrize(
    ("files", "fields", "expected"),
    [
        ([], {}, (400, "required", "files")),
        ([file()], {"collection_id": "nonsense"}, (400, "invalid", "collection_id")),
        ([file()], {"collection_id": str(uuid.uuid4())}, (400, "invalid", "collection_id")),
        ([file()], {"tags": ["x" * 65]}, (400, "max_length", "tags.0")),
    ],
)
def test_upload_refuses_nonsense_and_keeps_nothing(client, files, fields, expected):
    response = post(client, *files, **fields)

    assert code_of(response) == expected
    assert left_over() == []
    assert not IngestionRun.objects.exists()


@pytest.mark.parametrize("charset", ["idna", "punycode", "rot13", "utf-16", "nonsense"])
def test_upload_reads_forms_in_utf8_whatever_they_name(client, charset):
    body = (
        '--b\r\nContent-Disposition: form-data; name="tags"\r\n\r\nGröße\r\n'
        '--b\r\nContent-Disposition: form-data; name="files"; filename="ä.txt"\r\n\r\n'
        "x\r\n--b--\r\n"
    )

    response = client.generic(
        "POST",
        "/v1/ingestion/uploads",
        body.encode(),
        content_type=f"multipart/form-data; boundary=b; charset={charset}",
    )

    assert response.status_code == 202
    assert response.json()["tags"] == ["Größe"]


def test_upload_refuses_other_bodies(client):
    response = client.post("/v1/ingestion/uploads", {"files": []}, format="json")

    assert response.status_code == 415


@pytest.mark.parametrize("name", ["max_file_bytes", "max_upload_bytes"])
def test_upload_too_large_stores_nothing(client, monkeypatch, name):
    monkeypatch.setitem(config.ingestion.__dict__, name, 1000)

    response = post(client, file("small.txt", b"x"), file("large.txt", b"x" * 2000))

    assert code_of(response) == (413, "too_large", None)
    assert left_over() == []


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\report.txt", "report.txt"),
        ("tab\there.txt", "tabhere.txt"),
        ("é " * 200 + ".txt", ("é " * 200 + ".txt")[-255:]),
    ],
)
def test_upload_cleans_names(user, client, given, stored):
    body = (
        b'--b\r\nContent-Disposition: form-data; name="files"; filename="'
        + given.encode()
        + b'"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--\r\n'
    )

    response = client.generic(
        "POST", "/v1/ingestion/uploads", body, content_type="multipart/form-data; boundary=b"
    )

    assert response.status_code == 202
    assert IngestionItem.objects.get().name == stored.strip()
    root = Path(django_settings.MEDIA_ROOT).resolve()
    assert all(path.resolve().is_relative_to(root) for path in left_over())


def test_upload_twice_with_one_key(client):
    answers = [
        client.post(
            "/v1/ingestion/uploads",
            {"files": [file("a.txt", content)]},
            format="multipart",
            headers={"Idempotency-Key": "once"},
        )
        for content in (b"one", b"one", b"two")
    ]

    assert [answer.status_code for answer in answers] == [202, 202, 422]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert IngestionItem.objects.count() == 1


def test_upload_of_many_files_needs_few_queries(client, django_assert_max_num_queries):
    files = [file(f"{n}.txt", f"text {n}".encode()) for n in range(300)]

    with django_assert_max_num_queries(25):
        response = post(client, *files)

    assert response.json()["totals"]["items"] == 300


def test_upload_needs_a_caller_and_a_token():
    client = Client(enforce_csrf_checks=True)
    body = {"files": file()}
    assert client.post("/v1/ingestion/uploads", body).status_code in {401, 403}

    client.force_login(UserFactory())
    refused = client.post("/v1/ingestion/uploads", {"files": file()})

    assert refused.status_code == 403
    assert left_over() == []


@pytest.mark.parametrize(
    ("scopes", "reading", "writing"),
    [(["documents.read"], 200, 403), (["documents.write"], 403, 202), (["chat"], 403, 403)],
)
def test_keys_need_the_scope(user, scopes, reading, writing):
    _, secret = create_api_key(user, name="k", scopes=scopes, actor=user)
    client = Client(headers={"Authorization": f"Bearer {secret}"})

    assert client.get("/v1/ingestion/runs").status_code == reading
    assert client.post("/v1/ingestion/uploads", {"files": file()}).status_code == writing


def test_paths_answers_the_run(client_of, tmp_path, monkeypatch):
    monkeypatch.setitem(config.ingestion.__dict__, "roots", (str(tmp_path),))
    (tmp_path / "a.txt").write_text("alpha")
    staff = client_of(UserFactory(is_staff=True))

    response = staff.post("/v1/ingestion/paths", {"path": str(tmp_path), "recursive": True})

    assert response.status_code == 202
    assert (response.json()["kind"], response.json()["totals"]["items"]) == ("paths", 1)


def test_paths_refuses(client, client_of, tmp_path):
    assert code_of(client.post("/v1/ingestion/paths", {"path": "/etc"}))[0] == 403
    staff = client_of(UserFactory(is_staff=True))
    assert code_of(staff.post("/v1/ingestion/paths", {"path": "/etc"})) == (400, "invalid", "path")
    assert code_of(staff.post("/v1/ingestion/paths", {})) == (400, "required", "path")


@pytest.mark.parametrize("count", [1, 3])
def test_runs_list_keeps_the_same_number_of_queries(client, user, count, django_assert_num_queries):
    runs = RunFactory.create_batch(count, owner=user)
    for run in runs:
        ItemFactory(run=run, stage=Stage.READY, passages=4)
        ItemFactory(run=run, stage=Stage.FAILED)
    ItemFactory()  # somebody else's: there is something that could leak

    with django_assert_num_queries(1):
        response = client.get("/v1/ingestion/runs")

    listed = [
        (row["id"], row["totals"]["items"], row["totals"]["ready"], row["totals"]["passages"])
        for row in response.json()["results"]
    ]
    assert listed == [(str(run.pk), 2, 1, 4) for run in reversed(runs)]


def test_runs_can_be_filtered(client, user):
    RunFactory(owner=user)
    done = RunFactory(owner=user, status=IngestionStatus.SUCCEEDED, kind="paths")

    for query in ("status=succeeded", "kind=paths"):
        results = client.get(f"/v1/ingestion/runs?{query}").json()["results"]
        assert [row["id"] for row in results] == [str(done.pk)]
    assert client.get("/v1/ingestion/runs?status=nonsense").status_code == 400


@pytest.mark.parametrize("count", [1, 3])
def test_items_list_keeps_the_same_number_of_queries(
    client, user, count, django_assert_num_queries
):
    run = RunFactory(owner=user)
    items = ItemFactory.create_batch(count, run=run)
    ItemFactory(run__owner=user)

    with django_assert_num_queries(2):
        response = client.get(f"/v1/ingestion/runs/{run.pk}/items")

    assert [row["id"] for row in response.json()["results"]] == [str(item.pk) for item in items]


def test_items_show_what_went_wrong(client, user):
    run = RunFactory(owner=user)
    ItemFactory(run=run, stage=Stage.READY, passages=3)
    bad = ItemFactory(
        run=run,
        stage=Stage.FAILED,
        attempts=3,
        error_code="empty_file",
        error_detail="The file is empty.",
    )

    response = client.get(f"/v1/ingestion/runs/{run.pk}/items?stage=failed")

    assert response.json()["results"] == [
        {
            "id": str(bad.pk),
            "parent_id": None,
            "name": bad.name,
            "uri": bad.uri,
            "document_id": None,
            "stage": "failed",
            "attempts": 3,
            "error": {"code": "empty_file", "detail": "The file is empty."},
            "note": "",
            "duplicate": False,
            "bytes": 10,
            "passages": 0,
        }
    ]


def test_cancel_and_retry_over_http(client, user):
    run = RunFactory(owner=user)
    item = ItemFactory(run=run)
    url = f"/v1/ingestion/runs/{run.pk}"

    assert code_of(client.post(f"{url}/retry"))[:2] == (409, "nothing_to_retry")
    cancelled = client.post(f"{url}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (202, "cancelled")
    assert code_of(client.post(f"{url}/cancel"))[:2] == (409, "run_finished")
    IngestionItem.objects.filter(pk=item.pk).update(stage=Stage.FAILED)
    retried = client.post(f"{url}/retry")
    assert (retried.status_code, retried.json()["status"]) == (202, "queued")
    assert client.delete(url).status_code == 204
    assert client.get(url).status_code == 404


def test_runs_of_others_do_not_exist(client):
    run = ItemFactory(stage=Stage.FAILED).run
    url = f"/v1/ingestion/runs/{run.pk}"

    answers = [
        client.get(url),
        client.delete(url),
        client.get(f"{url}/items"),
        client.post(f"{url}/cancel"),
        client.post(f"{url}/retry"),
        client.get(f"/v1/ingestion/runs/{uuid.uuid4()}/items"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 6
    assert IngestionRun.objects.filter(pk=run.pk).exists()


def test_items_name_the_archive_they_came_out_of(client, user):
    run = RunFactory(owner=user)
    archive = ItemFactory(run=run, name="a.zip", uri="a.zip")
    ItemFactory(run=run, parent=archive, root=archive, level=1, uri="a.zip!/b.txt")

    rows = client.get(f"/v1/ingestion/runs/{run.pk}/items").json()["results"]
    inside = client.get(f"/v1/ingestion/runs/{run.pk}/items?parent={archive.pk}").json()["results"]

    assert [(row["parent_id"], row["uri"]) for row in rows] == [
        (None, "a.zip"),
        (str(archive.pk), "a.zip!/b.txt"),
    ]
    assert [row["uri"] for row in inside] == ["a.zip!/b.txt"]
    assert client.get(f"/v1/ingestion/runs/{run.pk}/items?parent=x").status_code == 400


def test_urls_answer_a_run_with_the_page_as_its_item(client, user):
    shelf = CollectionFactory(owner=user)
    body = {
        "url": "https://docs.example.org/a?utm_source=x",
        "depth": 2,
        "max_pages": 50,
        "same_host": False,
        "collection_id": str(shelf.pk),
        "tags": ["x"],
    }

    response = client.post("/v1/ingestion/urls", body, format="json")

    run = IngestionRun.objects.get()
    assert response.status_code == 202
    assert response.json()["id"] == str(run.pk)
    assert (response.json()["kind"], response.json()["totals"]["items"]) == ("url", 1)
    assert (run.collection, run.tags) == (shelf, ["x"])
    assert run.reach == {"depth": 2, "max_pages": 50, "same_host": False}
    assert run.items.get().uri == "https://docs.example.org/a"


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        ({}, "url"),
        ({"url": "ftp://example.org/"}, "url"),
        ({"url": "https://u:p@example.org/"}, "url"),
        ({"url": "https://example.org/", "depth": 11}, "depth"),
        ({"url": "https://example.org/", "depth": -1}, "depth"),
        ({"url": "https://example.org/", "max_pages": 0}, "max_pages"),
        ({"url": "https://example.org/", "max_pages": 1001}, "max_pages"),
        ({"url": "https://example.org/", "collection_id": str(uuid.uuid4())}, "collection_id"),
    ],
)
def test_urls_refuse_nonsense(client, body, attr):
    response = client.post("/v1/ingestion/urls", body, format="json")

    assert (response.status_code, code_of(response)[2]) == (400, attr)
    assert not IngestionRun.objects.exists()
