import uuid

import pytest
from rest_framework.test import APIClient

from accounts.services import create_api_key
from accounts.tests.factories import UserFactory
from documents import services
from documents.enums import Access, DocumentStatus
from documents.models import Document, Tag
from documents.tests.factories import (
    CollectionFactory,
    CollectionShareFactory,
    DocumentFactory,
    DocumentShareFactory,
    write,
)
from groups.tests.factories import GroupFactory, MembershipFactory
from youworker.tests.support.rows import refreshed

pytestmark = pytest.mark.django_db


def ids(response):
    return [row["id"] for row in response.json()["results"]]


@pytest.mark.parametrize("count", [1, 3])
def test_documents_are_listed_in_a_fixed_number_of_queries(
    count, client_of, django_assert_num_queries
):
    membership = MembershipFactory()
    documents = DocumentFactory.create_batch(count)
    for document in documents:
        DocumentShareFactory(document=document, group=membership.group)
        services.update_document(document, tags=["a", "b"], actor=document.owner)
    DocumentFactory()
    client = client_of(membership.user)

    with django_assert_num_queries(3):  # the page with owners, tags, shares
        response = client.get("/v1/documents")

    rows = response.json()["results"]
    assert {row["id"] for row in rows} == {str(document.pk) for document in documents}
    assert all(sorted(row["tags"]) == ["a", "b"] and not row["writable"] for row in rows)


@pytest.mark.parametrize("count", [1, 3])
def test_collections_are_listed_in_a_fixed_number_of_queries(
    count, client_of, django_assert_num_queries
):
    membership = MembershipFactory()
    services.ensure_default_collection(membership.user)
    for share in CollectionShareFactory.create_batch(count, group=membership.group):
        DocumentFactory.create_batch(2, collection=share.collection)
    CollectionFactory()
    client = client_of(membership.user)

    with django_assert_num_queries(3):  # the default one, the page with owners, shares
        response = client.get("/v1/collections")

    counts = [row["document_count"] for row in response.json()["results"]]
    assert counts == [0, *[2] * count]


@pytest.mark.parametrize("count", [1, 3])
def test_tags_are_listed_in_a_fixed_number_of_queries(count, client_of, django_assert_num_queries):
    user = UserFactory()
    for document in DocumentFactory.create_batch(2, owner=user):
        services.update_document(document, tags=[f"tag{n}" for n in range(count)], actor=user)
    services.update_document(stranger := DocumentFactory(), tags=["secret"], actor=stranger.owner)
    client = client_of(user)

    with django_assert_num_queries(1):  # the page
        response = client.get("/v1/tags")

    rows = response.json()["results"]
    assert [(row["name"], row["count"]) for row in rows] == [(f"tag{n}", 2) for n in range(count)]


@pytest.mark.parametrize("count", [1, 3])
def test_passages_are_listed_in_a_fixed_number_of_queries(
    count, client_of, django_assert_num_queries
):
    document = DocumentFactory()
    write(document, *[f"text {n}" for n in range(count)], heading="Part")
    client = client_of(document.owner)

    with django_assert_num_queries(4):  # the document, its tags and shares, the page
        response = client.get(f"/v1/documents/{document.pk}/passages")

    rows = response.json()["results"]
    assert [(row["ordinal"], row["text"]) for row in rows] == [
        (n, f"text {n}") for n in range(count)
    ]
    assert set(rows[0]) == {
        *("chunk_id", "ordinal", "text", "page", "heading", "start", "end", "second", "cells")
    }


@pytest.mark.parametrize("count", [1, 3])
def test_access_is_listed_in_a_fixed_number_of_queries(count, client_of, django_assert_num_queries):
    document = DocumentFactory(collection=CollectionFactory())
    group = GroupFactory(name="Team")
    DocumentShareFactory(document=document, group=group)
    CollectionShareFactory(collection=document.collection, group=group, access=Access.WRITE)
    people = [MembershipFactory(group=group).user for _ in range(count)]
    MembershipFactory(group=group, user=UserFactory(is_active=False))
    MembershipFactory()
    client = client_of(document.owner)

    with django_assert_num_queries(10):  # the document, its rights, readers, reasons
        response = client.get(f"/v1/documents/{document.pk}/access")

    rows = {row["user"]["id"]: row for row in response.json()["results"]}
    owners = {document.owner, document.collection.owner}
    assert set(rows) == {str(user.pk) for user in {*people, *owners}}
    assert [reason["kind"] for reason in rows[str(document.owner_id)]["reasons"]] == ["owner"]
    member = rows[str(people[0].pk)]
    assert member["access"] == "write"
    assert {(reason["kind"], reason["group_name"]) for reason in member["reasons"]} == {
        ("collection_share", "Team"),
        ("document_share", "Team"),
    }


def test_access_tells_a_reader_only_about_himself(client_of):
    membership = MembershipFactory()
    document = DocumentShareFactory(group=membership.group).document

    response = client_of(membership.user).get(f"/v1/documents/{document.pk}/access")

    (row,) = response.json()["results"]
    assert row["user"]["id"] == str(membership.user_id)
    assert row["access"] == "read"


def test_documents_are_filtered(client_of):
    user = UserFactory()
    shelf = CollectionFactory(owner=user)
    one = DocumentFactory(owner=user, title="Alpha", collection=shelf, size=9)
    two = DocumentFactory(
        owner=user, title="Beta", mime="application/pdf", status=DocumentStatus.FAILED, size=1
    )
    services.update_document(one, tags=["red", "blue"], actor=user)
    services.update_document(two, tags=["red"], actor=user)
    client = client_of(user)

    def found(query):
        return ids(client.get(f"/v1/documents?{query}"))

    assert found("") == [str(two.pk), str(one.pk)]
    assert found(f"collection={shelf.pk}") == [str(one.pk)]
    assert found("tag=red&ordering=title") == [str(one.pk), str(two.pk)]
    assert found("tag=red&tag=blue") == [str(one.pk)]
    assert found("status=failed") == [str(two.pk)]
    assert found("mime=application/pdf") == [str(two.pk)]
    assert found("search=alph") == [str(one.pk)]
    assert found("ordering=size") == [str(two.pk), str(one.pk)]
    assert found("deleted=false") == [str(two.pk), str(one.pk)]
    assert found("deleted=1") == found("deleted=true") == []
    assert found("kind=pdf") == [str(two.pk)]
    assert found("kind=text") == [str(one.pk)]
    assert found("kind=spreadsheet") == []


@pytest.mark.parametrize(
    "query",
    ["collection=x", "status=x", "ordering=owner", "limit=0", "offset=-1", "search=%00", "tag=%00",
     "&".join(f"tag={n}" for n in range(21))],
)  # fmt: skip
def test_filters_that_make_no_sense_are_refused(client_of, query):
    assert client_of(UserFactory()).get(f"/v1/documents?{query}").status_code == 400


def test_deleted_documents_are_listed_for_those_who_may_restore_them(client_of):
    membership = MembershipFactory()
    mine = DocumentFactory(owner=membership.user)
    readable = DocumentShareFactory(group=membership.group).document
    DocumentFactory(owner=membership.user)
    for document in (mine, readable, DocumentFactory()):
        document.soft_delete()

    response = client_of(membership.user).get("/v1/documents?deleted=true")

    assert ids(response) == [str(mine.pk)]
    assert response.json()["results"][0]["deleted_at"] is not None


@pytest.mark.parametrize("query", ["", "?deleted=true"])
def test_a_deleted_document_answers_404(client_of, query):
    document = DocumentFactory()
    document.soft_delete()

    assert client_of(document.owner).get(f"/v1/documents/{document.pk}{query}").status_code == 404


def calls(document, collection):
    """Every route that names a document or a collection."""
    yield "get", f"/v1/documents/{document}", None
    yield "patch", f"/v1/documents/{document}", {"title": "x"}
    yield "delete", f"/v1/documents/{document}", None
    yield "post", f"/v1/documents/{document}/restore", None
    yield "get", f"/v1/documents/{document}/content", None
    yield "get", f"/v1/documents/{document}/passages", None
    yield "get", f"/v1/documents/{document}/access", None
    yield "get", f"/v1/collections/{collection}", None
    yield "patch", f"/v1/collections/{collection}", {"name": "x"}
    yield "delete", f"/v1/collections/{collection}", None
    yield "post", f"/v1/collections/{collection}/restore", None


def test_what_belongs_to_others_answers_like_what_does_not_exist(client_of):
    document = DocumentFactory()
    client = client_of(UserFactory())
    theirs = calls(document.pk, document.collection_id)
    unknown = calls(uuid.uuid4(), uuid.uuid4())

    for (method, path, body), (_, other, _) in zip(theirs, unknown, strict=True):
        answer, expected = getattr(client, method)(path, body), getattr(client, method)(other, body)
        assert (answer.status_code, answer.json()) == (404, expected.json()), path

    assert refreshed(document).title.startswith("Document")


def test_readers_get_403_for_changes(client_of):
    membership = MembershipFactory()
    share = CollectionShareFactory(group=membership.group)
    document = DocumentFactory(collection=share.collection)
    client = client_of(membership.user)

    statuses = {
        path: getattr(client, method)(path, body).status_code
        for method, path, body in calls(document.pk, share.collection_id)
        if method in ("patch", "delete")
    }

    assert set(statuses.values()) == {403}


def test_nobody_gets_in_without_signing_in():
    client = APIClient()

    for method, path, body in calls(uuid.uuid4(), uuid.uuid4()):
        assert getattr(client, method)(path, body).status_code == 401


def test_document_is_changed_deleted_and_restored(client_of):
    membership = MembershipFactory()
    document = DocumentFactory(owner=membership.user)
    client, path = client_of(membership.user), f"/v1/documents/{document.pk}"
    change = {"title": "New", "tags": ["b", "a"], "shares": [{"group_id": membership.group_id}]}

    changed = client.patch(path, change).json()
    assert (changed["title"], sorted(changed["tags"]), changed["writable"]) == (
        "New", ["a", "b"], True,
    )  # fmt: skip
    assert changed["shares"] == [{"group_id": str(membership.group_id), "access": "read"}]
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.post(f"{path}/restore").json()["id"] == str(document.pk)
    assert Document.objects.get() == document


@pytest.mark.parametrize(
    "change",
    [
        {"title": ""},
        {"title": "a\x00b"},
        {"title": "x" * 501},
        {"tags": ["a\x00"]},
        {"tags": "red"},
        {"tags": [""]},
        {"collection_id": "x"},
        {"shares": [{"group_id": "x"}]},
        {"shares": [{"group_id": str(uuid.uuid4())}]},
        {"shares": ["x"]},
        {"collection_id": str(uuid.uuid4())},
    ],
)
def test_bad_changes_of_a_document_are_400(client_of, change):
    document = DocumentFactory()

    response = client_of(document.owner).patch(f"/v1/documents/{document.pk}", change)

    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"].startswith(next(iter(change)))


def test_a_share_of_a_document_is_for_reading(client_of):
    membership = MembershipFactory()
    document = DocumentFactory(owner=membership.user)
    wish = {"shares": [{"group_id": membership.group_id, "access": "write"}]}

    response = client_of(membership.user).patch(f"/v1/documents/{document.pk}", wish)

    assert response.status_code == 400


def test_collection_is_made_changed_deleted_and_restored(client_of):
    membership = MembershipFactory()
    client = client_of(membership.user)
    shares = [{"group_id": str(membership.group_id), "access": "write"}]

    made = client.post("/v1/collections", {"name": "Plans", "shares": shares})
    path = f"/v1/collections/{made.json()['id']}"

    assert made.status_code == 201
    assert made.json()["shares"] == shares
    assert client.patch(path, {"description": "d", "shares": []}).json()["shares"] == []
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.post(f"{path}/restore").json()["description"] == "d"
    assert client.get(path).json()["document_count"] == 0


def test_collection_conflicts_are_409(client_of):
    client = client_of(UserFactory())
    client.post("/v1/collections", {"name": "Plans"})
    default = client.get("/v1/collections").json()["results"][0]

    again = client.post("/v1/collections", {"name": "plans"})
    kept = client.delete(f"/v1/collections/{default['id']}")

    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "collection_name_exists")
    assert (kept.status_code, kept.json()["errors"][0]["code"]) == (409, "default_collection")


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "a\x00"}, {"name": "x", "shares": 1}])
def test_bad_collections_are_400(client_of, body):
    assert client_of(UserFactory()).post("/v1/collections", body).status_code == 400


@pytest.mark.usefixtures("letters")
def test_search_answers_over_http(client_of):
    document = DocumentFactory()
    write(document, "penguins swim")

    response = client_of(document.owner).post("/v1/search", {"query": "penguins", "limit": 3})

    answer = response.json()
    assert (response.status_code, answer["mode"]) == (200, "hybrid")
    assert [hit["document"]["id"] for hit in answer["results"]] == [str(document.pk)]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"query": ""},
        {"query": "a\x00"},
        {"query": "x", "mode": "x"},
        {"query": "x", "limit": 0},
        {"query": "x", "limit": 10**9},
        {"query": "x", "collections": ["x"]},
        {"query": "x", "tags": "x"},
        {"query": "x", "tags": ["\x00"]},
        {"query": "x" * 20_001},
        [],
    ],
)
def test_bad_searches_are_400(client_of, body):
    assert client_of(UserFactory()).post("/v1/search", body).status_code == 400


@pytest.mark.usefixtures("letters")
@pytest.mark.parametrize(
    ("scope", "search", "change"),
    [("documents.read", 200, 403), ("documents.write", 403, 204), ("chat", 403, 403)],
)
def test_keys_need_the_scope(scope, search, change):
    document = DocumentFactory()
    _, secret = create_api_key(document.owner, name="k", scopes=[scope], actor=document.owner)
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}")

    assert client.post("/v1/search", {"query": "x"}).status_code == search
    assert client.get("/v1/tags").status_code == search
    assert client.delete(f"/v1/documents/{document.pk}").status_code == change


@pytest.mark.usefixtures("letters", "rate_limits")
@pytest.mark.parametrize(("name", "path"), [("SEARCH", "search"), ("FILE_DELETE", "documents/")])
def test_presets_limit(client_of, monkeypatch, name, path):
    monkeypatch.setenv(f"RATE_{name}", "2/h")
    documents = DocumentFactory.create_batch(3, owner=(user := UserFactory()))
    client = client_of(user)

    statuses = []
    for document in documents:
        if name == "SEARCH":
            statuses.append(client.post("/v1/search", {"query": "x"}).status_code)
        else:
            statuses.append(client.delete(f"/v1/{path}{document.pk}").status_code)

    assert [status < 300 for status in statuses] == [True, True, False]
    assert statuses[2] == 429


def test_tags_nobody_uses_are_not_listed(client_of):
    Tag.objects.create(name="unused")

    assert client_of(UserFactory()).get("/v1/tags").json()["results"] == []
