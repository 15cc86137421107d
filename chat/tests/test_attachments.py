"""Files beside questions: whose they are, where they are seen, and when they go."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.tests.factories import UserFactory
from chat import services
from chat.deletion import clear_history
from chat.models import Attachment, Message, Run, SessionCollection
from chat.private_files import ABANDONED_DAYS
from chat.rendering import rendered_message
from chat.tests.attachment_support import hand_in, pdf, photograph, picture_of_text, read_all
from chat.tests.factories import SessionFactory
from documents import search
from documents import services as documents
from documents.models import Collection, Document, StoredFile
from documents.tests.factories import DocumentFactory, stored_path
from groups.models import LegalHold
from groups.tests.factories import GroupFactory, MembershipFactory
from ingestion.models import IngestionRun
from youworker.core.exceptions import Forbidden, InvalidInput, NotFound

pytestmark = pytest.mark.django_db

LEAVE = "Every employee has 28 days of annual leave."


def ask(session, *attachments, text="How many days?", **options):
    ids = [each.pk for each in attachments]
    return services.post_message(session, text=text, attachments=ids, actor=session.user, **options)


def shown(session):
    return services.attachments_in(session, actor=session.user)


@pytest.fixture
def session():
    return SessionFactory()


def test_a_file_belongs_to_its_conversation_and_stands_in_its_message(session, client):
    item = hand_in(session.user, "leave.txt", LEAVE, session_id=session.pk, mime="text/plain")

    posted = ask(session, item)

    client.force_login(session.user)
    rows = client.get(f"/v1/sessions/{session.pk}/messages").json()["results"]
    (file,) = rows[0]["attachments"]
    document = Document.objects.get(owner=session.user)
    assert rows[0]["id"] == str(posted.message_id)
    assert (file["name"], file["mime"], file["status"]) == ("leave.txt", "text/plain", "ready")
    assert file["document_id"] == str(document.pk)
    assert file["is_private"] is True
    assert rows[1]["attachments"] == []
    assert document.collection.is_private
    assert client.get(f"/v1/sessions/{session.pk}/attachments").json() == [file]


def test_a_file_that_is_still_being_read_is_known_by_its_upload(session):
    item = hand_in(session.user, "leave.txt", LEAVE, session_id=session.pk, read=False)
    ask(session, item)
    assert [(one.status, one.document_id) for one in shown(session)] == [("reading", None)]

    read_all()

    (file,) = shown(session)
    assert file.status == "ready"
    assert file.document_id == Document.objects.get(owner=session.user).pk


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [("empty.txt", b"", "empty"), ("bad.pdf", b"%PDF-1.4 x", "damaged")],
)
def test_a_file_that_cannot_be_read_says_why(session, name, content, reason):
    ask(session, hand_in(session.user, name, content, session_id=session.pk))

    (file,) = shown(session)

    assert (file.status, file.document_id) == ("failed", None)
    assert reason in file.reason


def test_hostile_names_are_names_only(session, client):
    name = '../../<script>alert(1)</script>\u202e"txt.exe'
    ask(session, hand_in(session.user, name, LEAVE, session_id=session.pk))
    client.force_login(session.user)

    page = client.get(f"/chat/{session.pk}").content.decode()

    assert "<script>alert(1)" not in page
    assert "script&gt;" in page


def test_an_image_without_text_is_an_image_all_the_same(session):
    item = hand_in(session.user, "red.jpg", photograph(), session_id=session.pk, mime="image/jpeg")
    ask(session, item)

    (file,) = shown(session)

    assert (file.status, file.is_image, file.document_id) == ("ready", True, None)


def test_private_collections_are_in_no_list(session, client):
    item = hand_in(session.user, "leave.txt", LEAVE, session_id=session.pk)
    own = DocumentFactory(owner=session.user)
    document = Document.objects.get(ingestion_items=item)
    client.force_login(session.user)

    listed = client.get("/v1/collections").json()["results"]
    library = client.get("/v1/documents").json()["results"]
    filtered = client.get("/v1/documents", {"collection": document.collection_id}).json()

    assert str(document.collection_id) not in [row["id"] for row in listed]
    assert client.get(f"/v1/collections/{document.collection_id}").status_code == 404
    assert [row["id"] for row in library] == [str(own.pk)]
    assert [row["id"] for row in filtered["results"]] == [str(document.pk)]
    assert client.get(f"/v1/documents/{document.pk}").status_code == 200
    page = client.get("/documents").content.decode()
    assert str(document.pk) not in page
    assert "Files of a conversation" not in page


def test_files_of_conversations_are_found_only_where_they_are_named(session):
    item = hand_in(session.user, "leave.txt", LEAVE, session_id=session.pk)
    document = Document.objects.get(ingestion_items=item)
    find = {"mode": "keyword", "actor": session.user}

    assert search.search("annual leave", **find).results == []
    named = search.search("annual leave", collections=[document.collection_id], **find)
    assert [hit.document_id for hit in named.results] == [document.pk]
    other = search.search(
        "annual leave",
        collections=[document.collection_id],
        mode="keyword",
        actor=UserFactory(),
    )
    assert other.results == []


def test_files_of_conversations_are_not_shared(session):
    group = MembershipFactory(user=session.user).group
    item = hand_in(session.user, "leave.txt", LEAVE, session_id=session.pk)
    document = Document.objects.get(ingestion_items=item)

    with pytest.raises(Forbidden):
        documents.update_document(document, shares=[group.pk], actor=session.user)
    with pytest.raises(Forbidden):
        documents.update_collection(
            document.collection,
            shares=[{"group_id": group.pk, "access": "read"}],
            actor=session.user,
        )


def test_nothing_of_the_library_moves_into_a_conversation(session):
    private = services.ensure_private_collection(session.pk, actor=session.user)
    document = DocumentFactory(owner=session.user)

    with pytest.raises(InvalidInput):
        documents.update_document(document, collection_id=private.pk, actor=session.user)


def test_a_file_is_kept_in_the_library_on_wish(session, client):
    item = hand_in(session.user, "leave.txt", LEAVE, session_id=session.pk)
    ask(session, item)
    attachment = Attachment.objects.get()
    client.force_login(session.user)

    kept = client.post(f"/v1/attachments/{attachment.pk}/keep").json()
    again = client.post(f"/v1/attachments/{attachment.pk}/keep")
    clear(session.user)

    assert (kept["is_private"], again.status_code) == (False, 200)
    document = Document.objects.get(pk=kept["document_id"])
    assert document.collection == documents.ensure_default_collection(session.user)


def clear(user):
    Run.objects.update(status="succeeded", finished_at=timezone.now())
    return clear_history(user, actor=user)


def test_a_conversation_has_one_collection_and_a_new_one_gets_that_of_its_question():
    user = UserFactory()
    item = hand_in(user, "leave.txt", LEAVE)
    collection = item.run.collection

    posted = services.post_chat(text="How?", session=None, attachments=[item.pk], actor=user)

    found = SessionCollection.objects.get(collection=collection)
    assert found.session_id == posted.session_id
    assert services.ensure_private_collection(posted.session_id, actor=user) == collection


@pytest.mark.parametrize("kind", ["document", "item", "nothing"])
def test_files_of_others_are_unknown(session, kind):
    stranger = UserFactory()
    ids = {
        "document": DocumentFactory(owner=stranger).pk,
        "item": hand_in(stranger, "a.txt", "theirs", read=False).pk,
        "nothing": uuid4(),
    }

    with pytest.raises(InvalidInput, match="There is no such file"):
        services.post_message(session, text="?", attachments=[ids[kind]], actor=session.user)

    assert not Message.objects.exists()
    # Nor is their collection taken.
    assert not SessionCollection.objects.filter(session=session).exists()


def test_routes_of_others_files_answer_404(session, client):
    item = hand_in(session.user, "a.png", picture_of_text("zebra"), session_id=session.pk)
    ask(session, item)
    pk = Attachment.objects.get().pk
    client.force_login(session.user)
    assert client.get(f"/v1/attachments/{pk}/picture").status_code == 200
    client.force_login(UserFactory())

    answers = [
        client.post("/v1/attachments", {"session_id": session.pk}, content_type="application/json"),
        client.get(f"/v1/sessions/{session.pk}/attachments"),
        client.post(f"/v1/attachments/{pk}/keep"),
        client.get(f"/v1/attachments/{pk}/thumbnail"),
        client.get(f"/v1/attachments/{pk}/picture"),
        client.post(f"/chat/attachments/{pk}/keep"),
        client.get(f"/chat/attachments/{pk}/picture"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 7


def test_a_picture_is_led_to_and_one_that_is_lost_is_said_on_a_page(session, client):
    item = hand_in(session.user, "a.png", picture_of_text("zebra"), session_id=session.pk)
    ask(session, item)
    pk = Attachment.objects.get().pk
    client.force_login(session.user)

    led = client.get(f"/chat/attachments/{pk}/picture").headers["Location"]
    stored_path(StoredFile.objects.get()).unlink()
    lost = client.get(f"/chat/attachments/{pk}/picture")

    assert led == f"/v1/attachments/{pk}/picture"
    assert lost.status_code == 404
    assert "<h1>The picture is missing</h1>" in lost.content.decode()


def test_there_are_at_most_twenty(session, client):
    client.force_login(session.user)
    rows = [DocumentFactory(owner=session.user) for _ in range(21)]

    with pytest.raises(InvalidInput, match="at most 20"):
        ask(session, *rows)
    body = {"text": "?", "attachments": [str(row.pk) for row in rows]}
    url = f"/v1/sessions/{session.pk}/messages"
    assert client.post(url, body, content_type="application/json").status_code == 400
    ask(session, *rows[:20], rows[0])
    assert Attachment.objects.count() == 20


def test_a_document_of_the_library_is_referred_to_and_its_rights_are_looked_at_each_time(session):
    group = GroupFactory()
    membership = MembershipFactory(user=session.user, group=group)
    theirs = DocumentFactory(title="Plan")
    theirs.shares.create(group=group)
    ask(session, theirs)
    assert [(one.name, one.status) for one in shown(session)] == [("Plan", "ready")]
    theirs.refresh_from_db()
    assert not theirs.collection.is_private

    membership.delete()

    assert [(one.status, one.document_id) for one in shown(session)] == [("removed", None)]
    clear(session.user)
    assert Document.objects.filter(pk=theirs.pk).exists()


def test_a_question_asked_twice_has_its_files_once(session):
    item = hand_in(session.user, "leave.txt", LEAVE, session_id=session.pk)

    first = ask(session, item, idempotency_key="k")
    again = ask(session, item, idempotency_key="k")

    assert (again.message_id, again.is_new) == (first.message_id, False)
    assert Attachment.objects.count() == 1


def test_a_question_in_other_words_keeps_its_files(session):
    item = hand_in(session.user, "leave.txt", LEAVE, session_id=session.pk)
    posted = ask(session, item)
    former = Message.objects.get(pk=posted.message_id)

    other = services.post_message(
        session, text="Other words?", parent_id=None, repeats=former, actor=session.user
    )

    question = Message.objects.get(pk=other.message_id)
    assert [one["name"] for one in rendered_message(question)["attachments"]] == ["leave.txt"]
    assert len(shown(session)) == 1


def test_files_go_with_their_conversation_for_good(session, django_capture_on_commit_callbacks):
    item = hand_in(session.user, "secret.pdf", pdf(), session_id=session.pk)
    unread = hand_in(session.user, "late.txt", "late", session_id=session.pk, read=False)
    ask(session, item, unread)
    other = DocumentFactory(owner=session.user)

    with django_capture_on_commit_callbacks(execute=True):
        clear(session.user)

    assert not Collection.all_objects.private().exists()
    assert list(Document.all_objects.all()) == [other]
    assert not IngestionRun.all_objects.exists()
    assert not StoredFile.objects.exclude(documents=other).exists()
    assert not SessionCollection.objects.exists()


def test_what_was_never_asked_about_goes_after_a_while():
    held, user = UserFactory(), UserFactory()
    for one in (held, user):
        hand_in(one, "a.txt", "forgotten")
    recent = hand_in(user, "b.txt", "just now").run.collection
    old = timezone.now() - timedelta(days=ABANDONED_DAYS, hours=1)
    SessionCollection.objects.exclude(collection=recent).update(created_at=old)
    LegalHold.objects.create(user=held, reason="case")

    assert services.remove_abandoned() == 1

    left = Collection.all_objects.private()
    assert set(left.values_list("owner", flat=True)) == {held.pk, user.pk}
    assert left.get(owner=user) == recent


def test_a_thumbnail_is_a_picture_made_anew(session, client):
    item = hand_in(session.user, "me.jpg", photograph(), session_id=session.pk, mime="image/jpeg")
    ask(session, item)
    client.force_login(session.user)

    answer = client.get(f"/v1/attachments/{Attachment.objects.get().pk}/thumbnail")

    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer.content.startswith(b"\xff\xd8\xff")
    assert b"45.4642" not in answer.content


def test_what_is_no_image_has_no_thumbnail(session, client):
    ask(session, hand_in(session.user, "a.png", b"\x89PNG\r\n\x1a\n broken", mime="image/png"))
    ask(session, hand_in(session.user, "leave.txt", LEAVE, session_id=session.pk))
    client.force_login(session.user)

    found = [
        client.get(f"/v1/attachments/{pk}/thumbnail").status_code
        for pk in Attachment.objects.values_list("pk", flat=True)
    ]

    assert found == [404, 404]


def test_a_conversation_that_is_no_more_takes_no_files(session):
    services.delete_session(session, actor=session.user)

    with pytest.raises(NotFound):
        services.ensure_private_collection(session.pk, actor=session.user)


def test_the_library_is_offered_and_put_beside_a_question(session, client):
    own = DocumentFactory(owner=session.user, title="Travel rules 2024")
    theirs = DocumentFactory(title="Travel rules of others")
    private = hand_in(session.user, "travel.txt", LEAVE, session_id=session.pk)
    hidden = Document.objects.get(ingestion_items=private)
    client.force_login(session.user)

    offered = client.get("/chat/attach", {"search": "rules travel"}).content.decode()
    none = client.get("/chat/attach", {"search": "nothing"}).content.decode()
    begun = client.get("/chat", {"attach": [own.pk, theirs.pk]}).content.decode()

    assert str(own.pk) in offered
    assert str(theirs.pk) not in offered
    assert str(hidden.pk) not in offered
    assert str(own.pk) not in none
    assert f'"id": "{own.pk}", "name": "Travel rules 2024"' in begun
    assert "Travel rules of others" not in begun
