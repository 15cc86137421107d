"""Why something was found: legs, scores and rights, told to staff only."""

import pytest

from accounts.tests.factories import UserFactory
from documents.search import search
from documents.tests.factories import (
    CollectionFactory,
    CollectionShareFactory,
    DocumentFactory,
    DocumentShareFactory,
    embed,
    write,
)
from groups.tests.factories import GroupFactory, MembershipFactory
from youworker.core.exceptions import Forbidden

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return UserFactory(is_staff=True)


def reasons_of(answer):
    return {
        hit.title: {(one.kind, one.access, one.group_name) for one in hit.access}
        for hit in answer.results
    }


def test_rights_are_told_by_document(letters, staff):
    readers, others = GroupFactory(name="Readers"), GroupFactory(name="Others")
    MembershipFactory(user=staff, group=readers)
    shelf = CollectionFactory()
    CollectionShareFactory(collection=shelf, group=readers, access="write")
    CollectionShareFactory(collection=shelf, group=others)
    write(DocumentFactory(owner=staff, title="mine"), "penguins")
    write(DocumentFactory(collection=CollectionFactory(owner=staff), title="shelved"), "penguins")
    write(DocumentFactory(collection=shelf, title="shared"), "penguins")
    direct = DocumentFactory(title="direct")
    write(direct, "penguins")
    DocumentShareFactory(document=direct, group=readers)
    DocumentShareFactory(document=direct, group=others)
    write(DocumentFactory(title="foreign"), "penguins")

    assert reasons_of(search("penguins", explain=True, actor=staff)) == {
        "mine": {("owner", "write", None), ("collection_owner", "write", None)},
        "shelved": {("collection_owner", "write", None)},
        "shared": {("collection_share", "write", "Readers")},
        "direct": {("document_share", "read", "Readers")},
    }


def test_legs_and_scores_are_told_by_passage(letters, staff, client_of):
    document = DocumentFactory(owner=staff, title="")
    write(document, "penguins swim", "snipe gun")
    embed()

    body = client_of(staff).post("/v1/search", {"query": "penguins", "explain": True}).json()
    first, second = [hit["explain"] for hit in body["results"]]

    assert first["legs"] == ["keyword", "semantic"]
    assert first["fused_score"] == body["results"][0]["score"]
    assert first["keyword_score"] > 0
    assert 0 < second["semantic_score"] <= 1
    assert (second["legs"], second["keyword_score"]) == (["semantic"], None)
    assert first["rerank_score"] is None
    assert first["access"][0] == {
        "kind": "owner",
        "access": "write",
        "group_id": None,
        "group_name": None,
    }


@pytest.mark.parametrize("count", [1, 3])
def test_reasons_take_as_many_statements_for_one_document_as_for_three(
    staff, count, django_assert_num_queries
):
    for _ in range(count):
        write(DocumentFactory(owner=staff), "penguins")
    search("penguins", mode="keyword", actor=staff)  # counts words

    with django_assert_num_queries(10):
        search("penguins", mode="keyword", explain=True, actor=staff)


def test_others_are_refused(client_of):
    user = UserFactory()
    write(DocumentFactory(owner=user), "penguins")

    answer = client_of(user).post("/v1/search", {"query": "penguins", "explain": True})
    plain = client_of(user).post("/v1/search", {"query": "penguins", "explain": False}).json()

    assert answer.status_code == 403
    assert "explain" not in plain["results"][0]
    with pytest.raises(Forbidden):
        search("penguins", explain=True, actor=user)


def test_filters_without_words_are_explained_by_rights_alone(staff):
    write(DocumentFactory(owner=staff), "penguins")

    (hit,) = search("type:text", explain=True, actor=staff).as_json()["results"]

    assert hit["explain"]["legs"] == []
    assert hit["explain"]["access"][0]["kind"] == "owner"
