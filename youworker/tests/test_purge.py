"""What disappears for good, and when."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.tests.factories import UserFactory
from chat.models import Session
from chat.tests.factories import SessionFactory
from documents.models import Collection, Document
from documents.tests.factories import CollectionFactory, DocumentFactory, DocumentShareFactory
from groups import retention
from groups.models import Group
from groups.tests.factories import GroupFactory, MembershipFactory
from ingestion.models import IngestionRun
from ingestion.tests.factories import RunFactory as IngestionRunFactory
from youworker import tasks
from youworker.celery import app
from youworker.core.models import IdempotentRequest

pytestmark = pytest.mark.django_db


def deleted(days):
    group = GroupFactory()
    MembershipFactory(group=group)
    Group.all_objects.filter(pk=group.pk).update(deleted_at=timezone.now() - timedelta(days=days))
    return group


def purge(*arguments):
    output = StringIO()
    call_command("purge_deleted", *arguments, stdout=output)
    return dict(line.split(": ") for line in output.getvalue().splitlines())


def test_only_what_was_deleted_long_ago_is_removed():
    old, recent, kept = deleted(31), deleted(29), GroupFactory()

    counts = purge()

    assert counts["groups"] == "1"
    assert set(Group.all_objects.all()) == {recent, kept}
    assert not Group.all_objects.filter(pk=old.pk).exists()


def test_a_dry_run_counts_and_removes_nothing():
    deleted(31)

    counts = purge("--dry-run")

    assert counts["groups"] == "1"
    assert Group.all_objects.count() == 1


def test_the_days_can_be_chosen():
    deleted(3)

    assert purge("--days", "2")["groups"] == "1"
    assert purge("--days", "0")["groups"] == "0"


@pytest.mark.parametrize("days", ["-1", "3651"])
def test_strange_days_are_refused(days):
    with pytest.raises(CommandError, match="between 0 and 3650"):
        purge("--days", days)


def test_the_daily_task_uses_the_configured_days():
    deleted(31)
    deleted(29)

    assert tasks.purge_deleted()["groups"] == 1


def test_remembered_answers_are_forgotten_after_a_day():
    user = UserFactory()
    for hours in (23, 25):
        IdempotentRequest.objects.create(
            user=user,
            key=str(hours),
            fingerprint="",
            created_at=timezone.now() - timedelta(hours=hours),
        )

    assert tasks.forget_requests() == 1
    assert IdempotentRequest.objects.get().key == "23"


def test_the_schedule_names_tasks_that_exist():
    app.loader.import_default_modules()

    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}

    assert scheduled - set(app.tasks) == set()
    assert {"ingestion.tasks.sweep", "chat.tasks.sweep_runs"} <= scheduled


def past(model, row):
    model.all_objects.filter(pk=row.pk).update(deleted_at=timezone.now() - timedelta(days=31))


def test_what_is_under_a_legal_hold_is_not_purged():
    staff, user = UserFactory(is_staff=True), UserFactory()
    held = MembershipFactory(group=deleted(31)).group
    session, document = SessionFactory(user=user), DocumentFactory(owner=user)
    run, share = IngestionRunFactory(owner=user), DocumentShareFactory(group=held)
    shelf = CollectionFactory(owner=user)
    rows = [
        (Session, session),
        (Document, document),
        (Document, share.document),
        (IngestionRun, run),
        (Collection, shelf),
    ]
    for model, row in rows:
        past(model, row)
    holds = [
        retention.place_hold(user=user, reason="case", actor=staff),
        retention.place_hold(group=held, reason="case", actor=staff),
    ]

    assert set(purge().values()) == {"0"}
    assert all(model.all_objects.filter(pk=row.pk).exists() for model, row in rows)
    for hold in holds:
        retention.release_hold(hold, actor=staff)
    purge()

    assert not any(model.all_objects.filter(pk=row.pk).exists() for model, row in rows)
    assert not Group.all_objects.filter(pk=held.pk).exists()
