"""An erased user leaves nothing behind, and everybody else keeps everything."""

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.enums import ErasureStatus
from accounts.exceptions import LastSuperuser
from accounts.models import Erasure, User
from accounts.tests.factories import ApiKeyFactory, UserFactory
from chat.models import Citation, Message, Run
from chat.tests.factories import CitationFactory, RunFactory, SessionFactory
from documents.enums import DocumentStatus
from documents.models import Collection, Document
from documents.tests.conftest import use_model
from documents.tests.factories import (
    CollectionFactory,
    CollectionShareFactory,
    DocumentFactory,
    DocumentShareFactory,
    embed,
    store_bytes,
    stored_path,
    write,
)
from documents.tests.fakes import LetterEmbedder
from groups import retention
from groups.enums import Role
from groups.tests.factories import GroupFactory, MembershipFactory
from quotas.enums import UsageKind
from quotas.models import Quota, TokenUsage, UsageEvent
from quotas.services import record_usage
from quotas.tests.factories import use_tokens
from youworker.core.exceptions import Forbidden
from youworker.core.leases import lease_end
from youworker.data_protection import erasure_steps, erasures
from youworker.data_protection.exports import make_exports, request_export
from youworker.data_protection.tests.canaries import furnish, traces_of
from youworker.tests.support.leases import let_leases_end
from youworker.tests.support.rows import refreshed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queued_tasks")]


@pytest.fixture
def at_once(django_capture_on_commit_callbacks):
    """Erase somebody as the worker would."""

    def erase(user, **options):
        settle_runs()
        with django_capture_on_commit_callbacks(execute=True):
            erasure = erasures.request_erasure(user, actor=options.pop("actor", user), **options)
        with django_capture_on_commit_callbacks(execute=True):
            erasures.erase_users()
        erasure.refresh_from_db()
        return erasure

    return erase


def settle_runs():
    Run.objects.update(finished_at=timezone.now() - timedelta(hours=1))


def test_nothing_of_the_erased_user_is_left_and_all_of_the_other_is(
    at_once, django_capture_on_commit_callbacks
):
    zebra, walrus = furnish("zebra"), furnish("walrus")
    for user in (zebra, walrus):
        request_export(user, actor=user)
    make_exports()
    before = traces_of("walrus", str(walrus.pk), walrus.pk.hex)
    assert len(traces_of("zebra")) >= 15

    erasure = at_once(zebra)

    assert erasure.status == ErasureStatus.DONE
    # The team's name is the team's.
    assert traces_of("zebra") == ["groups_group"]
    assert traces_of(str(zebra.pk), zebra.pk.hex) == ["accounts_erasure", "auditlog_logentry"]
    assert traces_of("walrus", str(walrus.pk), walrus.pk.hex) == before


def test_a_name_he_had_before_goes_out_of_the_lines_of_staff(at_once):
    user, root = UserFactory(username="maiden"), UserFactory(is_staff=True)
    quota = Quota.objects.create(user=user, documents=9)
    kind = ContentType.objects.get_for_model(Quota)
    line = LogEntry.objects.create(
        user=root, content_type=kind, object_id=quota.pk, object_repr=str(quota), action_flag=1
    )
    User.objects.filter(pk=user.pk).update(username="married")

    at_once(User.objects.get(pk=user.pk))

    line.refresh_from_db()
    assert line.object_repr == "erased"


def test_what_was_used_is_kept_and_says_no_more_by_whom(at_once):
    user = UserFactory()
    MembershipFactory(user=user)
    use_tokens(user.pk, 5, key_id=ApiKeyFactory(user=user).pk)

    at_once(user)

    (event,) = UsageEvent.objects.all()
    assert (event.user_id, event.api_key_id, event.group_ids) == (None, None, None)
    assert (event.tokens_in, event.kind) == (5, "run")
    assert not TokenUsage.objects.exists()


def test_what_is_used_while_the_rows_are_removed_says_no_more_by_whom(at_once, monkeypatch):
    user = UserFactory()
    MembershipFactory(user=user)
    use_tokens(user.pk, 5)
    anonymise = erasure_steps.anonymise

    def anonymise_too_early(user_id):
        anonymise(user_id)
        monkeypatch.setattr(erasure_steps, "anonymise", anonymise)
        record_usage(UsageKind.SEARCH, user_id)

    monkeypatch.setattr(erasure_steps, "anonymise", anonymise_too_early)

    at_once(user)

    events = UsageEvent.objects.values_list("kind", "user", "group_ids")
    assert sorted(events) == [("run", None, None), ("search", None, None)]


def test_the_account_is_closed_before_the_work_begins(client_of):
    user = User.objects.create_user("ada", password="analytical")
    from django.test import Client

    browser = Client()
    signed_in = {"username": "ada", "password": "analytical"}
    assert browser.post("/v1/auth/login", signed_in, "application/json").status_code == 200

    erasures.request_erasure(user, actor=user)

    assert browser.get("/v1/auth/me").status_code in (401, 403)
    assert browser.post("/v1/auth/login", signed_in, "application/json").status_code == 401
    assert User.objects.filter(pk=user.pk).exists()


def test_the_last_superuser_stays():
    root = UserFactory(is_superuser=True)
    UserFactory(is_superuser=True, is_active=False)

    with pytest.raises(LastSuperuser):
        erasures.request_erasure(root, actor=root)

    assert User.objects.get(pk=root.pk).is_active


def test_only_superusers_erase_others():
    user, staff = UserFactory(), UserFactory(is_staff=True)

    with pytest.raises(Forbidden):
        erasures.request_erasure(user, actor=staff)


def test_a_file_that_somebody_else_has_too_stays(at_once):
    file = store_bytes(b"the same bytes")
    gone, kept = (DocumentFactory(stored_file=file) for _ in range(2))

    at_once(gone.owner)

    assert stored_path(kept.stored_file).read_bytes() == b"the same bytes"


def test_citations_in_answers_of_others_stay_without_the_document(at_once):
    document = DocumentFactory()
    citation = CitationFactory(document=document, title="Minutes", quote="as agreed")

    at_once(document.owner)

    citation = Citation.objects.get(pk=citation.pk)
    assert (citation.document_id, citation.title, citation.quote) == (None, "Minutes", "as agreed")


def test_shared_documents_pass_to_an_admin_of_the_group(at_once):
    group, user, heir = GroupFactory(), UserFactory(), UserFactory()
    MembershipFactory(group=group, user=user)
    MembershipFactory(group=group, user=heir, role=Role.ADMIN)
    shelf = CollectionFactory(owner=user, name="Handbook")
    CollectionFactory(owner=heir, name="handbook")
    CollectionShareFactory(collection=shelf, group=group)
    on_shelf = DocumentFactory(owner=user, collection=shelf)
    direct = DocumentFactory(owner=user)
    DocumentShareFactory(document=direct, group=group)
    private = DocumentFactory(owner=user)

    at_once(user)

    shelf = Collection.objects.get(pk=shelf.pk)
    assert (shelf.owner, shelf.name) == (heir, "Handbook (2)")
    assert Document.objects.get(pk=on_shelf.pk).owner == heir
    assert Document.objects.get(pk=on_shelf.pk).collection == shelf
    assert Document.objects.get(pk=direct.pk).owner == heir
    assert Document.objects.get(pk=direct.pk).collection.is_default
    assert not Document.all_objects.filter(pk=private.pk).exists()


def test_documents_that_are_handed_over_get_their_vectors_afterwards(at_once, monkeypatch):
    use_model(monkeypatch, LetterEmbedder(), active=True)
    leaving = UserFactory()
    group = MembershipFactory(role=Role.ADMIN).group
    document = DocumentFactory(owner=leaving)
    DocumentShareFactory(document=document, group=group)
    write(document, "penguins")
    assert refreshed(document).status == DocumentStatus.SEARCHABLE

    at_once(leaving)

    assert not User.objects.filter(pk=leaving.pk).exists()
    embed()
    assert refreshed(document).status == DocumentStatus.READY


def test_shared_documents_can_go_with_the_user(at_once):
    share = DocumentShareFactory()
    MembershipFactory(group=share.group, role=Role.ADMIN)

    at_once(share.document.owner, shared_documents="erase")

    assert not Document.all_objects.exists()


def test_his_document_in_a_collection_of_somebody_else_goes_and_theirs_stay(at_once):
    user = UserFactory()
    shelf = CollectionFactory()
    guest, own = DocumentFactory(owner=user, collection=shelf), DocumentFactory(collection=shelf)
    visitor = DocumentFactory(collection=CollectionFactory(owner=user))

    at_once(user)

    assert set(Document.all_objects.all()) == {own, visitor}
    assert not Document.all_objects.filter(pk=guest.pk).exists()
    assert Document.objects.get(pk=visitor.pk).collection.owner == visitor.owner


def test_an_answer_that_is_being_written_is_waited_for(django_capture_on_commit_callbacks):
    run = RunFactory(status="running", lease_until=lease_end(60))
    with django_capture_on_commit_callbacks(execute=True):
        erasure = erasures.request_erasure(run.user, actor=run.user)

    assert erasures.erase_users() == 0

    erasure.refresh_from_db()
    assert (erasure.status, erasure.error_code) == (ErasureStatus.QUEUED, "waiting")
    assert Message.objects.filter(session=run.session).exists()


def test_a_killed_worker_loses_the_task_and_another_one_finishes_it(at_once):
    user = UserFactory()
    SessionFactory(user=user)
    erasures.request_erasure(user, actor=user)
    taken = Erasure.objects.claim(seconds=60)
    assert erasures.erase_users() == 0

    let_leases_end(Erasure.objects.all())

    assert erasures.erase_users() == 1
    assert not User.objects.filter(pk=user.pk).exists()
    assert not Erasure.objects.end(taken.lease_token, ErasureStatus.QUEUED)


@pytest.mark.parametrize("on_group", [False, True])
def test_a_legal_hold_comes_first(at_once, on_group):
    membership = MembershipFactory()
    user, staff = membership.user, UserFactory(is_staff=True)
    whom = {"group": membership.group} if on_group else {"user": user}
    hold = retention.place_hold(reason="case 12", actor=staff, **whom)

    erasure = at_once(user)
    assert erasure.status == ErasureStatus.HELD
    assert not User.objects.get(pk=user.pk).is_active

    retention.release_hold(hold, actor=staff)
    erasures.erase_users()

    erasure.refresh_from_db()
    assert erasure.status == ErasureStatus.DONE
    assert not User.objects.filter(pk=user.pk).exists()


def test_a_hold_that_comes_after_the_wish_stops_it():
    user = UserFactory()
    erasure = erasures.request_erasure(user, actor=user)
    retention.place_hold(user=user, reason="case 12", actor=UserFactory(is_staff=True))

    assert erasures.erase_users() == 0

    erasure.refresh_from_db()
    assert erasure.status == ErasureStatus.HELD


def test_an_error_is_tried_again(monkeypatch):
    user = UserFactory()
    erasure = erasures.request_erasure(user, actor=user)

    def broken(_erasure):
        raise OSError("disk")

    with monkeypatch.context() as patch:
        patch.setattr(erasures, "remove_user", broken)
        assert erasures.erase_users() == 0
    erasure.refresh_from_db()
    assert (erasure.status, erasure.error_code) == (ErasureStatus.QUEUED, "failed")
    Erasure.objects.update(lease_until=timezone.now())

    assert erasures.erase_users() == 1


def test_a_second_wish_finds_the_first():
    user = UserFactory()

    first = erasures.request_erasure(user, actor=user)

    assert erasures.request_erasure(user, actor=user) == first


def test_the_audit_log_keeps_the_pseudonym(at_once):
    from auditlog.models import LogEntry

    user = UserFactory()
    subject = str(user.pk)

    at_once(user)

    actions = ["user.delete", "data.erase"]
    lines = LogEntry.objects.filter(additional_data__action__in=actions).order_by("pk")
    assert [line.additional_data["step"] for line in lines] == ["requested", "done"]
    assert lines[0].actor is None
    assert lines[0].additional_data["actor"] == lines[1].additional_data["subject"] == subject


def test_the_command_waits_until_it_is_done():
    user = UserFactory(username="ada")
    output = StringIO()

    call_command("erase_account", "ada", "--yes", stdout=output)

    assert str(user.pk) in output.getvalue()
    assert not User.objects.filter(pk=user.pk).exists()


def test_the_command_fails_for_unknown_users_and_under_a_hold():
    user = UserFactory(username="ada")
    retention.place_hold(user=user, reason="case 12", actor=UserFactory(is_staff=True))

    with pytest.raises(CommandError, match="no user"):
        call_command("erase_account", "nobody", "--yes")
    with pytest.raises(CommandError, match="legal hold"):
        call_command("erase_account", "ada", "--yes")
