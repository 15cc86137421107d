"""Names in any normal form lead to the same collection, tag, group, title and account."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import UserFactory
from documents.models import Collection, Document, Tag
from documents.services import ensure_collection, update_document
from documents.tests.factories import CollectionFactory, DocumentFactory, TagFactory
from groups.models import Group
from groups.tests.factories import GroupFactory

pytestmark = pytest.mark.django_db

COMPOSED, DECOMPOSED, HIDDEN = "Café", "Cafe\u0301", "Ca\u200bfé\u2060"
PASSWORD = "a long password"
FORMS = [COMPOSED, DECOMPOSED, HIDDEN, "  Café\u00a0"]


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def client(user):
    made = APIClient()
    made.force_authenticate(user)
    return made


def set_raw(row, **names):
    """Store names as they are, as versions before did."""
    for field, name in names.items():
        with connection.cursor() as cursor:
            table = row._meta.db_table
            statement = f"UPDATE {table} SET {field} = %s WHERE id = %s"  # noqa: S608 -- our own
            cursor.execute(statement, [name, row.pk])


@pytest.mark.parametrize("form", FORMS)
def test_a_collection_of_a_name_in_another_form_is_there_already(client, user, form):
    first = client.post("/v1/collections", {"name": DECOMPOSED})

    second = client.post("/v1/collections", {"name": form})

    assert (first.status_code, first.json()["name"]) == (201, COMPOSED)
    assert second.status_code == 409
    assert ensure_collection(form, actor=user).name == COMPOSED
    assert Collection.objects.filter(owner=user, is_default=False).count() == 1


@pytest.mark.parametrize("form", FORMS)
def test_a_group_of_a_name_in_another_form_is_there_already(client, form):
    first = client.post("/v1/groups", {"name": DECOMPOSED})

    second = client.post("/v1/groups", {"name": form.upper()})

    assert (first.status_code, first.json()["name"]) == (201, COMPOSED)
    assert second.status_code == 409
    found = client.get("/v1/groups", {"search": form}).json()["results"]
    assert [row["name"] for row in found] == [COMPOSED]


@pytest.mark.parametrize("route", ["/v1/collections", "/v1/groups"])
@pytest.mark.parametrize("name", ["\u200b", "\u00ad\u2060 "])
def test_a_name_of_nothing_visible_is_refused(client, route, name):
    answer = client.post(route, {"name": name})

    assert answer.status_code == 400


def test_a_name_is_measured_as_it_is_kept(client):
    fits, too_long = "e\u0301" * 120, "e\u0301" * 121

    assert client.post("/v1/collections", {"name": fits}).json()["name"] == "é" * 120
    assert client.post("/v1/collections", {"name": too_long}).status_code == 400
    # These get longer, because no character stands for them.
    assert client.post("/v1/collections", {"name": "\u0958" * 61}).status_code == 400


@pytest.mark.parametrize("form", FORMS)
def test_tags_in_every_form_are_one(client, user, form):
    document = DocumentFactory(owner=user)

    client.patch(f"/v1/documents/{document.pk}", {"tags": [DECOMPOSED, form]}, format="json")

    assert [tag.name for tag in Tag.objects.all()] == [COMPOSED]
    listed = client.get("/v1/documents", {"tag": form}).json()["results"]
    assert [row["id"] for row in listed] == [str(document.pk)]


@pytest.mark.parametrize("form", FORMS)
def test_titles_are_found_in_every_form(client, user, form):
    document = DocumentFactory(owner=user, uri="upload:plan.pdf")
    update_document(document, title=DECOMPOSED, actor=user)

    found = client.get("/v1/documents", {"search": form}).json()["results"]

    assert [row["title"] for row in found] == [COMPOSED]


@pytest.mark.parametrize("form", [COMPOSED, DECOMPOSED])
@pytest.mark.parametrize("stored", [COMPOSED, DECOMPOSED])
def test_origins_are_found_in_both_forms_and_stay_as_they_are(client, user, form, stored):
    document = DocumentFactory(owner=user, title="x", uri=f"/srv/{stored}.pdf")

    found = client.get("/v1/documents", {"search": form}).json()["results"]

    assert [row["uri"] for row in found] == [document.uri]


@pytest.mark.parametrize("form", ["zoë", "zoe\u0308", "ｚｏë", "zo\u200bë"])
def test_a_user_signs_in_with_their_name_in_every_form(form):
    known = User.objects.create_user("zoe\u0308", password=PASSWORD)

    answer = sign_in(form)

    assert answer.status_code == 200
    assert answer.json()["username"] == known.username == "zoë"
    assert User.objects.get_by_natural_key(form) == known


def test_a_user_is_not_somebody_whose_name_looks_alike():
    User.objects.create_user("ada", password=PASSWORD)
    User.objects.create_user("zoe", password=PASSWORD)

    for form in ("\u0430da", "zoë", "ADA"):
        assert sign_in(form).status_code == 401


def sign_in(username):
    body = {"username": username, "password": PASSWORD}
    return APIClient().post("/v1/auth/login", body, format="json")


def test_people_are_found_by_a_name_in_every_form(client):
    UserFactory(username="zoe", display_name="Zoe\u0308 Müller")

    for form in ("Zoë", "zoe\u0308", "Mu\u0308ll"):
        found = client.get("/v1/users", {"search": form}).json()
        assert [row["display_name"] for row in found["results"]] == ["Zoë Müller"]


def test_staff_find_and_make_names_in_every_form(admin_client):
    UserFactory(username="zoë")
    TagFactory(name=COMPOSED)
    GroupFactory(name=COMPOSED)
    CollectionFactory(name=COMPOSED)
    DocumentFactory(title=COMPOSED)
    pages = {
        "accounts_user": "zoe\u0308",
        **dict.fromkeys(("documents_tag", "groups_group"), DECOMPOSED),
        **dict.fromkeys(("documents_collection", "documents_document"), DECOMPOSED),
    }

    for page, form in pages.items():
        found = admin_client.get(reverse(f"admin:{page}_changelist"), {"q": form})
        assert found.context["cl"].result_count == 1, page
    again = admin_client.post(reverse("admin:documents_tag_add"), {"name": DECOMPOSED})
    assert again.status_code == 200
    assert Tag.objects.count() == 1


def test_a_migration_renames_what_was_stored_in_other_forms():
    user = UserFactory()
    first, second, other = CollectionFactory.create_batch(3, owner=user)
    elsewhere = CollectionFactory(name="x")
    groups = GroupFactory.create_batch(2)
    for row in (first, groups[0]):
        set_raw(row, name=COMPOSED)
    for row in (second, elsewhere, groups[1]):
        set_raw(row, name=DECOMPOSED)
    set_raw(other, name="\u200b")
    document = DocumentFactory(owner=user)
    set_raw(document, title=DECOMPOSED)

    migrate("documents.migrations.0007_names_in_one_form")
    migrate("groups.migrations.0006_names_in_one_form")

    names = dict(Collection.objects.values_list("pk", "name"))
    assert [names[row.pk] for row in (first, second, other, elsewhere)] == [
        *(COMPOSED, f"{COMPOSED} (2)", "Unnamed", COMPOSED),
    ]  # fmt: skip
    assert set(Group.objects.values_list("name", flat=True)) == {COMPOSED, f"{COMPOSED} (2)"}
    assert Document.objects.get().title == COMPOSED


def test_a_migration_unites_tags_and_loses_no_label():
    tags = TagFactory.create_batch(3)
    documents = DocumentFactory.create_batch(3)
    for document, chosen in zip(documents, ([0], [1], [0, 1]), strict=True):
        document.tags.set([tags[place] for place in chosen])
    set_raw(tags[0], name=COMPOSED)
    set_raw(tags[1], name=DECOMPOSED)
    set_raw(tags[2], name="Ü\u200b")

    migrate("documents.migrations.0007_names_in_one_form")

    assert set(Tag.objects.values_list("name", flat=True)) == {COMPOSED, "Ü"}
    assert Document.objects.tagged([COMPOSED]).count() == 3


def test_a_migration_keeps_every_account(caplog):
    kept, renamed, alone = UserFactory.create_batch(3)
    set_raw(kept, username="zoë")
    set_raw(renamed, username="zoe\u0308", display_name="Zoe\u0308")
    set_raw(alone, username="rene\u0301")

    migrate("accounts.migrations.0011_names_in_one_form")

    names = dict(User.objects.values_list("pk", "username"))
    assert [names[row.pk] for row in (kept, renamed, alone)] == ["zoë", "zoë-2", "rené"]
    assert User.objects.get(pk=renamed.pk).display_name == "Zoë"
    assert "zoë-2" in caplog.text


def migrate(module):
    import_module(module).tidy_names(apps, None)
