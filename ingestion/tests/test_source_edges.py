"""Sources over HTTP, as pages and in the admin."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.tests.factories import UserFactory
from documents.models import Document
from documents.services import ensure_default_collection
from documents.tests.factories import CollectionFactory, DocumentFactory
from ingestion.enums import SourceState
from ingestion.models import Source, SourceEntry
from ingestion.tests.factories import SourceFactory
from youworker.core.config import config
from youworker.tests.support.pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return UserFactory(language="en")


@pytest.fixture
def api(user, client_of):
    return client_of(user)


@pytest.fixture
def pages(client, user):
    client.force_login(user)
    return client


def code_of(response):
    error = response.json()["errors"][0]
    return response.status_code, error["code"], error["attr"]


def test_a_website_is_followed_over_the_api(api, user):
    shelf = CollectionFactory(owner=user)
    body = {
        "kind": "website",
        "target": "https://docs.example.org/?utm_source=x",
        "collection_id": str(shelf.pk),
        "tags": ["x"],
        "depth": 3,
        "max_pages": 20,
        "daily_at": "03:30",
    }

    answer = api.post("/v1/sources", body, format="json")

    made = Source.objects.get()
    shown = answer.json()
    assert answer.status_code == 201
    assert (made.owner, made.collection, made.tags) == (user, shelf, ["x"])
    assert shown | {"created_at": "", "next_sync_at": ""} == {
        "id": str(made.pk),
        "kind": "website",
        "name": "docs.example.org",
        "target": "https://docs.example.org/",
        "collection_id": str(shelf.pk),
        "tags": ["x"],
        "recursive": True,
        "depth": 3,
        "max_pages": 20,
        "every_hours": None,
        "daily_at": "03:30:00",
        "state": "idle",
        "error": None,
        "counts": {
            "new": 0,
            "changed": 0,
            "moved": 0,
            "deleted": 0,
            "unchanged": 0,
            "failed": 0,
            "unreadable": 0,
        },
        "last_sync_at": None,
        "next_sync_at": "",
        "created_at": "",
    }


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        ({"kind": "website"}, "target"),
        ({"kind": "disk", "target": "x"}, "kind"),
        ({"kind": "website", "target": "ftp://example.org/"}, "target"),
        ({"kind": "website", "target": "https://a.org/", "every_hours": 0}, "every_hours"),
        ({"kind": "website", "target": "https://a.org/", "every_hours": 9999}, "every_hours"),
        ({"kind": "website", "target": "https://a.org/", "daily_at": "25:00"}, "daily_at"),
        (
            {"kind": "website", "target": "https://a.org/", "daily_at": "3:00", "every_hours": 1},
            "daily_at",
        ),
        ({"kind": "website", "target": "https://a.org/", "max_pages": 5000}, "max_pages"),
    ],
)
def test_nonsense_is_refused(api, body, attr):
    answer = api.post("/v1/sources", body, format="json")

    assert (answer.status_code, code_of(answer)[2]) == (400, attr)
    assert not Source.objects.exists()


def test_folders_are_for_staff(api, client_of, tmp_path, monkeypatch):
    monkeypatch.setitem(config.ingestion.__dict__, "roots", (str(tmp_path),))
    body = {"kind": "folder", "target": str(tmp_path)}

    assert api.post("/v1/sources", body, format="json").status_code == 403
    staff = client_of(UserFactory(is_staff=True))
    outside = staff.post("/v1/sources", body | {"target": "/etc"}, format="json")
    assert code_of(outside)[2] == "target"
    assert staff.post("/v1/sources", body, format="json").status_code == 201


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_the_same_number_of_queries(api, user, count, django_assert_max_num_queries):
    own = SourceFactory.create_batch(count, owner=user)
    SourceFactory()

    with django_assert_max_num_queries(6):
        answer = api.get("/v1/sources")

    assert {row["id"] for row in answer.json()["results"]} == {str(one.pk) for one in own}


def test_a_source_is_changed_read_and_deleted_over_the_api(api, user):
    source = SourceFactory(owner=user, every_hours=3)
    url = f"/v1/sources/{source.pk}"

    changed = api.patch(url, {"name": "New", "daily_at": "04:00"}, format="json").json()
    assert (changed["name"], changed["daily_at"], changed["every_hours"]) == (
        "New",
        "04:00:00",
        None,
    )
    assert api.patch(url, {"paused": True}, format="json").json()["state"] == "paused"
    assert code_of(api.post(f"{url}/sync", {}, format="json"))[:2] == (409, "source_busy")
    assert api.patch(url, {"paused": False}, format="json").json()["state"] == "idle"
    asked = api.post(f"{url}/sync", {"accept_deletions": True}, format="json")
    assert (asked.status_code, Source.objects.get().accepts_deletions) == (202, True)
    assert api.delete(f"{url}?documents=burn").status_code == 400
    assert api.delete(url).status_code == 204
    assert api.get(url).status_code == 404


@pytest.mark.parametrize("choice", ["keep", "remove"])
def test_documents_stay_or_go_with_their_source(api, user, choice):
    source = SourceFactory(owner=user)
    brought = DocumentFactory(owner=user, collection=source.collection)
    other = DocumentFactory(owner=user, collection=source.collection)
    SourceEntry.objects.create(
        source=source, path_hash=brought.path_hash, uri="x", document=brought
    )

    api.delete(f"/v1/sources/{source.pk}?documents={choice}")

    left = {other.pk} | ({brought.pk} if choice == "keep" else set())
    assert set(Document.objects.values_list("pk", flat=True)) == left


def test_the_reason_of_a_failure_is_told_in_the_readers_language(user, client_of):
    source = SourceFactory(
        owner=user, state=SourceState.FAILED, error_code="page_gone", error_detail="Gone (410)."
    )

    answer = client_of(user).get(f"/v1/sources/{source.pk}").json()

    assert answer["error"] == {"code": "page_gone", "detail": "Gone (410)."}


def test_the_page_shows_own_sources_only(pages, user):
    assert "No sources yet" in text_of(pages.get("/sources"))
    SourceFactory(owner=user, name="Own <b>site</b>")
    SourceFactory(name="Foreign site")

    shown = text_of(pages.get("/sources"))

    assert "Own &lt;b&gt;site" in shown
    assert "Foreign site" not in shown
    assert reverse("sources") in text_of(pages.get("/documents"))


def test_a_new_source_waits_and_is_looked_at_again(pages, user):
    now = timezone.now()
    fresh = SourceFactory(owner=user, next_sync_at=now)
    SourceFactory(owner=user, next_sync_at=now, last_sync_at=now)

    shown = text_of(pages.get("/sources"))

    assert (shown.count(">Waiting<"), shown.count(">Up to date<")) == (1, 1)
    assert shown.count('hx-trigger="every 3s"') == 1
    assert f'hx-select="#source-{fresh.pk}"' in shown


def test_a_website_is_followed_by_a_form(pages, user):
    shelf = ensure_default_collection(user)
    fields = {"kind": "website", "target": "https://a.example.org/x", "depth": 1, "max_pages": 5}

    answer = pages.post("/sources/add", {**fields, "collection": shelf.pk, "every_hours": "6"})

    made = Source.objects.get()
    assert answer["Location"] == "/sources"
    assert (made.name, made.every_hours, made.depth) == ("a.example.org/x", 6, 1)
    refused = pages.post("/sources/add", {**fields, "collection": shelf.pk, "target": "ftp://x/"})
    assert refused.status_code == 422
    assert "ftp://x/" in text_of(refused)


def test_only_staff_are_offered_folders(pages, client, user):
    offered = text_of(pages.get("/sources/add"))
    assert 'value="folder"' not in offered
    assert "folder of the server" not in offered
    shelf = ensure_default_collection(user)
    fields = {"kind": "folder", "target": "/srv", "depth": 1, "max_pages": 5}
    assert pages.post("/sources/add", {**fields, "collection": shelf.pk}).status_code == 422

    client.force_login(UserFactory(is_staff=True))

    assert 'value="folder"' in text_of(client.get("/sources/add"))


def test_a_source_is_changed_by_a_form(pages, user):
    source = SourceFactory(owner=user, name="Old", every_hours=3, tags=["x"])
    form = text_of(pages.get(f"/sources/{source.pk}/edit"))
    assert 'value="Old"' in form
    assert 'name="target"' not in form

    pages.post(
        f"/sources/{source.pk}/edit",
        {"name": "New", "depth": "1", "max_pages": "9", "every_hours": "", "daily_at": "05:00"},
    )

    source.refresh_from_db()
    assert (source.name, source.every_hours, f"{source.daily_at:%H:%M}") == ("New", None, "05:00")
    assert (source.tags, source.max_pages) == ([], 9)


def test_buttons_read_pause_and_delete(pages, user):
    source = SourceFactory(owner=user)
    pages.post(f"/sources/{source.pk}/sync", {"accept_deletions": "1"})
    source.refresh_from_db()
    assert (source.next_sync_at is not None, source.accepts_deletions) == (True, True)

    pages.post(f"/sources/{source.pk}/pause")
    source.refresh_from_db()
    assert source.state == SourceState.PAUSED
    pages.post(f"/sources/{source.pk}/pause")
    source.refresh_from_db()
    assert source.state == SourceState.IDLE

    assert "trash" in text_of(pages.get(f"/sources/{source.pk}/delete"))
    pages.post(f"/sources/{source.pk}/delete", {"remove_documents": "on"})
    assert not Source.objects.exists()


def test_staff_look_sources_up_and_let_them_rest(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    source = SourceFactory(name="Site of somebody")
    url = "/admin/ingestion/source/"

    assert "Site of somebody" in text_of(client.get(url))
    assert client.get(f"{url}{source.pk}/change/").status_code == 200
    client.post(url, {"action": "pause", "_selected_action": [str(source.pk)]})

    source.refresh_from_db()
    assert source.state == SourceState.PAUSED
    told = client.post(url, {"action": "sync", "_selected_action": [str(source.pk)]}, follow=True)
    assert "is paused" in text_of(told)
