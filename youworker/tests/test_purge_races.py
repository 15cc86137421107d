"""Purging, and somebody who saves the thing at the same moment: one of them wins wholly."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Erasure, User
from accounts.tests.factories import UserFactory
from chat import services as chat
from chat.models import Message, Session
from chat.retention import apply_retention
from chat.tests.factories import SessionFactory
from documents import services as documents
from documents.models import Collection, Document
from documents.services import staff
from documents.tests.conftest import use_model
from documents.tests.factories import (
    CollectionFactory,
    CollectionShareFactory,
    DocumentFactory,
    DocumentShareFactory,
    stored_path,
)
from documents.tests.fakes import LetterEmbedder
from groups import retention
from groups import services as groups
from groups.services import staff as group_staff
from groups.tests.factories import managed_group
from ingestion import services as ingestion
from ingestion.enums import Stage
from ingestion.pipeline.parse import close_parser
from ingestion.pipeline.worker import work_for
from ingestion.store import Incoming
from ingestion.tests.factories import RunFactory
from youworker.core.exceptions import NotFound
from youworker.data_protection import erasure_steps
from youworker.data_protection.erasure_steps import NotYet, remove_person
from youworker.data_protection.purge import purge_deleted
from youworker.tests.support.ordering import run_in_order

pytestmark = pytest.mark.django_db(transaction=True)

DAYS = 30


@pytest.fixture(scope="module", autouse=True)
def _no_parser_left():
    yield
    close_parser()


@pytest.fixture
def user():
    return UserFactory()


def make_old(row):
    """Delete a row long enough ago."""
    longer_ago = timezone.now() - timedelta(days=DAYS + 1)
    type(row).all_objects.filter(pk=row.pk).update(deleted_at=longer_ago)
    return type(row).all_objects.get(pk=row.pk)


def purge():
    purge_deleted(DAYS)


def deleted_document(user):
    document = make_old(DocumentFactory(owner=user))
    return document, lambda: documents.restore_document(document.pk, actor=user)


def deleted_document_of_staff(user):
    document = make_old(DocumentFactory(owner=user))
    return document, lambda: found(staff.show_documents([document], actor=user))


def deleted_collection(user):
    collection = make_old(CollectionFactory(owner=user))
    return collection, lambda: documents.restore_collection(collection.pk, actor=user)


def deleted_collection_of_staff(user):
    collection = make_old(CollectionFactory(owner=user))
    return collection, lambda: found(staff.show_collections([collection], actor=user))


def deleted_session(user):
    session = make_old(SessionFactory(user=user))
    return session, lambda: chat.restore_session(session, actor=user)


def deleted_group(user):
    group, admin = managed_group()
    make_old(group)
    return group, lambda: groups.restore_group(group, actor=admin)


def deleted_group_of_staff(user):
    group, _ = managed_group()
    make_old(group)
    return group, lambda: found(group_staff.show_groups([group], actor=user))


def found(count):
    """What staff do says how many rows it concerned, and raises nothing for none."""
    if not count:
        raise NotFound("nothing")


EVERY = [
    deleted_document,
    deleted_document_of_staff,
    deleted_collection,
    deleted_collection_of_staff,
    deleted_session,
    deleted_group,
    deleted_group_of_staff,
]


@pytest.mark.parametrize("make", EVERY)
def test_what_is_restored_while_it_is_purged_stays(user, make):
    row, restore = make(user)

    assert run_in_order(restore, purge) == [None, None]

    assert type(row).objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("make", EVERY)
def test_what_is_purged_while_it_is_restored_is_not_found(user, make):
    row, restore = make(user)

    assert run_in_order(purge, restore) == [None, NotFound]

    assert not type(row).all_objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("make", EVERY)
def test_what_is_deleted_again_meanwhile_has_its_time_again(user, make):
    row, restore = make(user)

    def delete_again():
        restore()
        type(row).all_objects.filter(pk=row.pk).soft_delete()

    assert run_in_order(delete_again, purge) == [None, None]

    assert type(row).all_objects.get(pk=row.pk).is_deleted


def test_a_hold_that_is_placed_meanwhile_keeps_a_row(user):
    document, _ = deleted_document(user)
    officer = UserFactory(is_staff=True)

    def place_hold():
        retention.place_hold(user=user, reason="case", actor=officer)
        Document.all_objects.filter(pk=document.pk).select_for_update().get()

    assert run_in_order(place_hold, purge) == [None, None]

    assert Document.all_objects.filter(pk=document.pk).exists()


def test_a_run_is_purged_once():
    run = make_old(RunFactory())

    assert run_in_order(purge, purge) == [None, None]

    assert not type(run).all_objects.filter(pk=run.pk).exists()


def upload(user, content=b"the zebra sleeps"):
    file = Incoming(name="a.txt", limit=1000)
    file.open()
    file.write(content)
    file.close()
    return ingestion.start_upload([file], actor=user)


@pytest.fixture
def purgeable(user, monkeypatch):
    """A document that came by an upload and was deleted long ago."""
    use_model(monkeypatch, LetterEmbedder(), active=True)
    upload(user)
    work_for(30)
    return make_old(Document.objects.get())


def read_again():
    try:
        work_for(30)
    finally:
        close_parser()


def assert_is_there(run, user):
    document = Document.objects.get()
    item = run.items.get()
    assert (item.stage, item.document_id) == (Stage.READY, document.pk)
    assert stored_path(document.stored_file).is_file()
    assert document.passages.count() == 1


@pytest.mark.slow
def test_a_file_that_is_read_again_while_its_document_is_purged_is_there(user, purgeable):
    run = upload(user)

    assert run_in_order(purge, read_again) == [None, None]

    work_for(30)
    assert_is_there(run, user)
    assert Document.objects.get().pk != purgeable.pk


@pytest.mark.slow
def test_a_file_that_is_read_again_outlives_the_purge_of_its_former_document(user, purgeable):
    run = upload(user)

    assert run_in_order(read_again, purge) == [None, None]

    assert_is_there(run, user)
    assert Document.all_objects.get().pk != purgeable.pk


def test_what_moves_out_of_a_collection_while_it_is_purged_stays(user):
    shelf, target = CollectionFactory(owner=user), CollectionFactory(owner=user)
    document = DocumentFactory(owner=user, collection=shelf)
    make_old(shelf)

    def move():
        Document.objects.filter(pk=document.pk).update(collection=target)

    assert run_in_order(move, purge) == [None, None]

    assert not Collection.all_objects.filter(pk=shelf.pk).exists()
    assert Document.objects.get().collection_id == target.pk


def test_a_conversation_that_becomes_active_outlives_its_rule(user):
    group, _ = managed_group()
    group.members.add(user)
    officer = UserFactory(is_staff=True)
    retention.set_retention(group, 7, actor=officer)
    sessions = [SessionFactory(user=user) for _ in range(3)]
    Session.objects.update(active_at=timezone.now() - timedelta(days=8))

    assert run_in_order(lambda: Session.objects.touch(sessions[1].pk), apply_retention) == [
        None,
        None,
    ]

    assert Session.objects.get() == sessions[1]
    assert not Message.objects.exclude(session=sessions[1]).exists()


def test_a_user_who_is_held_at_this_moment_is_not_removed(user):
    officer = UserFactory(is_staff=True)

    def place_hold():
        retention.place_hold(user=user, reason="case", actor=officer)

    assert run_in_order(place_hold, lambda: remove_person(user.pk)) == [None, NotYet]

    assert User.objects.filter(pk=user.pk).exists()


def test_nobody_is_held_who_is_removed_at_this_moment(user):
    officer = UserFactory(is_staff=True)

    def place_hold():
        retention.place_hold(user=user, reason="case", actor=officer)

    assert run_in_order(lambda: remove_person(user.pk), place_hold) == [None, NotFound]


def test_a_hold_in_the_middle_of_an_erasure_ends_it(user, monkeypatch):
    document = DocumentFactory(owner=user)
    erasure = Erasure.objects.create(subject=user.pk)

    def place_hold(*_):
        retention.place_hold(user=user, reason="case", actor=UserFactory(is_staff=True))

    monkeypatch.setattr(erasure_steps, "wait_for_work", place_hold)

    with pytest.raises(NotYet):
        erasure_steps.remove_user(erasure)

    assert Document.objects.get() == document


@pytest.fixture
def shared(user):
    """A document in a collection of a group that has another admin."""
    group, admin = managed_group()
    group.members.add(user)
    shelf = CollectionFactory(owner=user)
    CollectionShareFactory(collection=shelf, group=group)
    return DocumentFactory(owner=user, collection=shelf), admin


def test_a_document_that_is_deleted_meanwhile_is_not_handed_over(user, shared):
    document, _ = shared

    def delete():
        documents.delete_document(document, actor=user)

    assert run_in_order(delete, lambda: documents.hand_over_library(user)) == [None, None]

    assert Document.all_objects.get().owner == user


def test_a_document_that_moves_meanwhile_is_handed_over_where_it_is(user, shared):
    document, admin = shared
    CollectionFactory(owner=user, is_default=True)
    second = CollectionFactory(owner=admin)
    DocumentShareFactory(document=document, group=admin.member_of.get())
    Collection.objects.filter(owner=user).update(owner=UserFactory())

    def move():
        Document.objects.filter(pk=document.pk).update(collection=second)

    assert run_in_order(move, lambda: documents.hand_over_library(user)) == [None, None]

    found = Document.objects.get()
    assert (found.owner, found.collection) == (admin, second)
