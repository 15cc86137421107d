"""The library as pages: lists, filters, one document, acts on several, the trash."""

import re

import pytest

from accounts.tests.factories import UserFactory
from documents import services
from documents.enums import Access, DocumentStatus, TaskState
from documents.models import Document, EmbeddingModel, EmbeddingTask
from documents.tests.factories import (
    CollectionFactory,
    CollectionShareFactory,
    DocumentFactory,
    DocumentShareFactory,
    write,
)
from groups.tests.factories import MembershipFactory
from quotas.models import Quota
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


def titles(response):
    return re.findall(
        r'<(?:a href="/documents/[0-9a-f-]{36}"|span) dir="auto">(Document[^<]*)<',
        text_of(response),
    )


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_a_fixed_number_of_queries(count, client, user, django_assert_num_queries):
    for _ in range(count):
        document = DocumentFactory(owner=user)
        services.update_document(document, tags=["a", "b"], actor=user)
    client.get("/documents")

    # Session, user; collections to look at and to fill; the default one; count, page,
    # tags, shares, and tags to filter by.
    with django_assert_num_queries(9):
        response = client.get("/documents")

    assert len(titles(response)) == count


def test_an_empty_library_says_what_to_do(client):
    shown = text_of(client.get("/documents"))

    assert "Drop a file, then ask" in shown
    assert "/documents/add" in shown


def test_the_list_is_filtered_and_sorted(client, user):
    shelf = CollectionFactory(owner=user)
    DocumentFactory(owner=user, title="Document A", collection=shelf, mime="application/pdf")
    two = DocumentFactory(owner=user, title="Document B", size=9, status=DocumentStatus.FAILED)
    services.update_document(two, tags=["red", "blue"], actor=user)

    def found(query):
        return titles(client.get(f"/documents?{query}"))

    assert found("") == ["Document B", "Document A"]
    assert found("ordering=title") == ["Document A", "Document B"]
    assert found(f"collection={shelf.pk}") == ["Document A"]
    assert found("kind=pdf") == ["Document A"]
    assert found("status=failed") == ["Document B"]
    assert found("tag=&tag=red&tag=blue") == ["Document B"]
    assert found("tag=red&tag=green") == []
    assert found("search=nt+b") == ["Document B"]
    # What makes no sense is left out.
    assert found("collection=x&status=y&ordering=owner&page=900") == ["Document B", "Document A"]

    DocumentFactory(owner=user, title="Document T", mime="audio/x-wav")
    assert found("kind=recording") == ["Document T"]


def test_too_many_tags_are_refused_as_a_page(client):
    response = client.get("/documents?" + "&".join(f"tag={n}" for n in range(21)))

    assert response.status_code == 400
    assert response["Content-Type"].startswith("text/html")


def test_the_list_comes_in_pages(client, user):
    DocumentFactory.create_batch(51, owner=user)

    assert len(titles(client.get("/documents"))) == 50
    second = client.get("/documents?page=2&ordering=title")
    assert len(titles(second)) == 1
    assert "ordering=title" in text_of(second)


def test_htmx_gets_the_list_alone(client, user):
    DocumentFactory(owner=user)

    part = text_of(client.get("/documents", headers=HTMX))

    assert part.startswith('<yw-results id="results"')
    assert "<html" not in part


def test_what_is_not_ready_is_looked_at_again(client, user):
    document = DocumentFactory(owner=user, status=DocumentStatus.SEARCHABLE)
    assert "data-pending" in text_of(client.get("/documents"))

    Document.objects.filter(pk=document.pk).update(status=DocumentStatus.READY)
    assert "data-pending" not in text_of(client.get("/documents"))


def test_a_failure_is_shown_with_its_reason(client, user):
    document = DocumentFactory(owner=user, status=DocumentStatus.FAILED)
    model = EmbeddingModel.objects.create(provider="local", name="m", dimensions=3, active=True)
    EmbeddingTask.objects.create(
        document=document,
        model=model,
        lane=1,
        turn=1,
        state=TaskState.FAILED,
        error_detail="Odd <b>",
    )

    assert "Odd &lt;b&gt;" in text_of(client.get("/documents"))
    assert "Odd &lt;b&gt;" in text_of(client.get(f"/documents/{document.pk}"))


def test_other_peoples_names_are_text(client, user):
    hostile = "<script>alert(1)</script>"
    document = DocumentFactory(owner=user, title=hostile, uri=hostile)
    services.update_document(document, tags=[hostile], actor=user)

    for url in ("/documents", f"/documents/{document.pk}", f"/documents/{document.pk}/edit"):
        assert hostile not in text_of(client.get(url)), url


def test_a_collection_that_is_not_visible_is_not_named(client, user):
    membership = MembershipFactory(user=user)
    shelf = CollectionFactory(name="Secret plans")
    document = DocumentFactory(owner=shelf.owner, collection=shelf)
    DocumentShareFactory(document=document, group=membership.group)

    for url in ("/documents", f"/documents/{document.pk}"):
        shown = text_of(client.get(url))
        assert document.title in shown
        assert "Secret plans" not in shown


def test_a_document_is_renamed_tagged_and_moved(client, user):
    document = DocumentFactory(owner=user)
    services.update_document(document, tags=["old"], actor=user)
    shelf = CollectionFactory(owner=user)

    response = client.post(
        f"/documents/{document.pk}/edit",
        {"title": "New", "collection": str(shelf.pk), "tags": [], "tags_more": "one, two,"},
    )

    changed = refreshed(document)
    assert response["Location"] == f"/documents/{document.pk}"
    assert (changed.title, changed.collection_id) == ("New", shelf.pk)
    assert sorted(tag.name for tag in changed.tags.all()) == ["one", "two"]


def test_who_may_write_but_not_manage_does_not_move(client, user):
    membership = MembershipFactory(user=user)
    shelf = CollectionFactory()
    CollectionShareFactory(collection=shelf, group=membership.group, access=Access.WRITE)
    document = DocumentFactory(owner=shelf.owner, collection=shelf)
    mine = CollectionFactory(owner=user)

    shown = text_of(client.get(f"/documents/{document.pk}/edit"))
    client.post(f"/documents/{document.pk}/edit", {"title": "T", "collection": str(mine.pk)})

    assert 'name="collection"' not in shown
    assert (refreshed(document).title, refreshed(document).collection_id) == ("T", shelf.pk)


def test_a_document_is_not_moved_into_a_foreign_collection(client, user):
    document = DocumentFactory(owner=user)
    foreign = CollectionFactory()

    response = client.post(
        f"/documents/{document.pk}/edit",
        {"title": document.title, "collection": str(foreign.pk)},
        headers=HTMX,
    )

    assert response.status_code == 422
    assert refreshed(document).collection_id == document.collection_id


@pytest.mark.parametrize(
    "values", [{"title": "\u200b "}, {"title": "x" * 501}, {"title": "x", "tags": ["y" * 65]}]
)
def test_a_form_that_is_wrong_is_shown_again(client, user, values):
    document = DocumentFactory(owner=user)
    data = {"collection": str(document.collection_id), **values}

    response = client.post(f"/documents/{document.pk}/edit", data)

    assert response.status_code == 422
    assert 'role="alert"' in text_of(response)
    assert refreshed(document).title == document.title


def test_a_deletion_can_be_undone_on_the_next_page(client, user):
    document = DocumentFactory(owner=user)

    response = client.post(f"/documents/{document.pk}/delete", {"next": "/documents?kind=text"})
    shown = text_of(client.get(response["Location"]))

    assert response["Location"] == "/documents?kind=text"
    assert f'name="document" value="{document.pk}"' in shown
    # It is offered once.
    assert "yw-undo" not in text_of(client.get("/documents"))

    client.post("/documents/restore", {"document": [str(document.pk)]})
    assert refreshed(document).deleted_at is None


def test_a_deletion_does_not_lead_elsewhere(client, user):
    document = DocumentFactory(owner=user)

    response = client.post(f"/documents/{document.pk}/delete", {"next": "https://evil.example"})

    assert response["Location"] == "/documents"


def test_the_trash_lists_what_can_be_brought_back(client, user):
    mine, living = DocumentFactory.create_batch(2, owner=user)
    membership = MembershipFactory(user=user)
    readable = DocumentShareFactory(group=membership.group).document
    shelf = CollectionFactory(owner=user, name="Old shelf")
    for each in (mine, readable, DocumentFactory()):
        each.soft_delete()
    shelf.soft_delete()

    response = client.get("/documents?deleted=1")

    assert titles(response) == [mine.title]
    assert f"/collections/{shelf.pk}/restore" in text_of(response)
    assert f'name="document" value="{mine.pk}">' in text_of(response).partition("<tbody>")[2]
    assert living.title not in text_of(response)


def test_restoring_keeps_to_the_quota(client, user):
    document = DocumentFactory(owner=user)
    document.soft_delete()
    DocumentFactory(owner=user)
    Quota.objects.create(user=user, documents=1)

    response = client.post("/documents/restore", {"document": str(document.pk)}, follow=True)

    assert "You have used 1 of 1" in text_of(response) or "used 1 of 1" in text_of(response)
    assert refreshed(document).deleted_at is not None


@pytest.mark.parametrize("chosen", [[], ["x"]])
def test_restoring_nothing_is_not_found(client, chosen):
    assert client.post("/documents/restore", {"document": chosen}).status_code == 404


def test_others_documents_are_not_restored(client):
    document = DocumentFactory()
    document.soft_delete()

    response = client.post("/documents/restore", {"document": str(document.pk)})

    assert response.status_code == 404
    assert refreshed(document).deleted_at is not None


def batch(client, act, documents, **more):
    chosen = [str(document.pk) for document in documents]
    return client.post("/documents/batch", {"act": act, "document": chosen, **more}, follow=True)


def test_several_documents_are_deleted_and_brought_back(client, user):
    documents = DocumentFactory.create_batch(2, owner=user)

    response = batch(client, "delete", documents)

    assert "2 documents are in the trash." in text_of(response)
    assert Document.objects.count() == 0


def test_several_documents_are_tagged_and_keep_their_tags(client, user):
    one, two = DocumentFactory.create_batch(2, owner=user)
    services.update_document(one, tags=["old"], actor=user)

    batch(client, "tag", [one, two], tags_more="new")

    assert sorted(tag.name for tag in one.tags.all()) == ["new", "old"]
    assert [tag.name for tag in two.tags.all()] == ["new"]


def test_several_documents_are_moved(client, user):
    documents = DocumentFactory.create_batch(2, owner=user)
    shelf = CollectionFactory(owner=user)

    batch(client, "move", documents, collection=str(shelf.pk))

    assert {refreshed(document).collection_id for document in documents} == {shelf.pk}


def test_what_may_not_be_changed_is_counted(client, user):
    mine, foreign = DocumentFactory(owner=user), DocumentFactory()
    membership = MembershipFactory(user=user)
    readable = DocumentShareFactory(group=membership.group).document

    response = batch(client, "delete", [mine, foreign, readable])

    assert "You may not change 2 documents." in text_of(response)
    assert refreshed(mine).deleted_at is not None
    assert refreshed(foreign).deleted_at is refreshed(readable).deleted_at is None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"act": "move"}, "Choose a collection."),
        ({"act": "tag"}, "Type a tag."),
        ({"act": "burn"}, "burn"),
        ({"act": "delete", "document": []}, "Choose a document first."),
        ({"act": "delete", "document": ["x"]}, "There is no such thing."),
    ],
)
def test_a_batch_that_makes_no_sense_changes_nothing(client, user, values, said):
    document = DocumentFactory(owner=user)

    response = client.post(
        "/documents/batch", {"document": [str(document.pk)], **values}, follow=True
    )

    assert said in text_of(response)
    assert refreshed(document).deleted_at is None


def test_the_language_of_a_document_is_changed(client, user):
    document = DocumentFactory(owner=user, language="en")
    write(document, "i gatti dormono")
    values = {"title": document.title, "collection": str(document.collection_id), "tags": []}
    url = f"/documents/{document.pk}/edit"
    assert '<option value="en" selected>English</option>' in text_of(client.get(url))

    client.post(url, {**values, "language": "it"})
    assert (refreshed(document).language, refreshed(document).language_chosen) == ("it", True)
    # A page that was open before there was such a field.
    client.post(url, values)
    assert refreshed(document).language == "it"
    assert client.post(url, {**values, "language": "klingon"}).status_code == 422
