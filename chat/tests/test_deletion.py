"""Conversations go for good: on wish, and by age."""

from datetime import timedelta
from io import StringIO

import pytest
from auditlog.models import LogEntry
from django.core.management import call_command
from django.utils import timezone

from accounts.tests.factories import UserFactory
from chat import deletion
from chat.events import log_key
from chat.exceptions import RunsStopping
from chat.models import Citation, Message, Run, Session, ToolRun
from chat.services import apply_retention, clear_history
from chat.tests.factories import (
    CitationFactory,
    MessageFactory,
    RunFactory,
    SessionFactory,
    ToolRunFactory,
)
from groups import retention
from groups.exceptions import LegalHoldInForce
from groups.tests.factories import GroupFactory, MembershipFactory
from youworker import tasks
from youworker.core.config import config
from youworker.core.leases import lease_end
from youworker.core.redis import sync_redis
from youworker.tests.support.leases import let_leases_end

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queued_tasks")]


@pytest.fixture
def rule(configured):
    return lambda days: configured("privacy", retention_days=days)


def idle(days, **fields):
    session = SessionFactory(active_at=timezone.now() - timedelta(days=days), **fields)
    MessageFactory(session=session)
    return session


def left():
    return set(Session.all_objects.all())


def test_everything_said_goes_with_its_logs(django_capture_on_commit_callbacks):
    run = RunFactory()
    CitationFactory(message=run.answer)
    ToolRunFactory(session=run.session, run=run, message=run.answer)
    sync_redis().xadd(log_key(run.pk), {"t": "token", "d": "x"})
    other = MessageFactory()

    with django_capture_on_commit_callbacks(execute=True):
        counts = clear_history(run.user, actor=run.user)

    assert counts == {"sessions_deleted": 1, "messages_deleted": 2}
    assert left() == {other.session}
    assert Message.objects.count() == 1
    assert [model.objects.count() for model in (Run, Citation, ToolRun)] == [0, 0, 0]
    assert not sync_redis().exists(log_key(run.pk))
    line = LogEntry.objects.get(additional_data__action="chat.history.clear")
    assert line.additional_data["messages_deleted"] == 2


def test_running_answers_are_stopped_first(monkeypatch):
    run = RunFactory(status="running", lease_until=lease_end(60))

    def process_stops(_seconds):
        if not Run.objects.wanted().filter(pk=run.pk).exists():
            Run.objects.finish(run.pk, "stopped")

    monkeypatch.setattr(deletion.time, "sleep", process_stops)

    assert clear_history(run.user, actor=run.user)["sessions_deleted"] == 1


def test_an_answer_of_a_dead_process_is_ended():
    run = RunFactory(status="running")
    let_leases_end(Run.objects.filter(pk=run.pk))

    assert clear_history(run.user, actor=run.user)["sessions_deleted"] == 1


def test_an_answer_that_does_not_stop_keeps_its_conversation(monkeypatch):
    monkeypatch.setattr(deletion, "STOP_SECONDS", 0.0)
    run = RunFactory(status="running", lease_until=lease_end(60))

    with pytest.raises(RunsStopping):
        deletion.wait_for_runs(run.user, seconds=0)
    with pytest.raises(RunsStopping):
        deletion.erase_conversations(run.user, actor=run.user)

    assert left() == {run.session}


@pytest.mark.parametrize("on_group", [False, True])
def test_a_hold_keeps_the_history(on_group):
    membership = MembershipFactory()
    session = SessionFactory(user=membership.user)
    whom = {"group": membership.group} if on_group else {"user": membership.user}
    hold = retention.place_hold(reason="case", actor=UserFactory(is_staff=True), **whom)

    with pytest.raises(LegalHoldInForce):
        clear_history(membership.user, actor=membership.user)
    assert left() == {session}
    retention.release_hold(hold, actor=UserFactory(is_staff=True))

    assert clear_history(membership.user, actor=membership.user)["sessions_deleted"] == 1


def test_without_a_rule_nothing_is_outlived():
    session = idle(4000)

    assert config.privacy.retention_days == 0
    assert apply_retention() == {"sessions_deleted": 0, "messages_deleted": 0}
    assert left() == {session}


def test_the_rule_of_the_deployment_counts_from_the_last_activity(rule):
    old, young = idle(31), idle(29)
    hidden = idle(31)
    hidden.soft_delete()
    rule(30)

    assert tasks.apply_retention() == {
        "sessions_deleted": 2,
        "messages_deleted": 2,
        "usage_events_deleted": 0,
        "token_days_deleted": 0,
    }

    assert left() == {young}
    lines = LogEntry.objects.filter(additional_data__action="chat.history.clear")
    assert {line.object_pk for line in lines} == {str(old.user_id), str(hidden.user_id)}


def test_the_shortest_rule_of_a_users_groups_wins(rule):
    user = UserFactory()
    for days in (5, 10, None):
        MembershipFactory(user=user, group=GroupFactory(retention_days=days))
    gone = GroupFactory(retention_days=1)
    MembershipFactory(user=user, group=gone)
    gone.soft_delete()
    idle(6, user=user)
    kept, of_others = idle(4, user=user), idle(6)
    rule(30)

    apply_retention()

    assert left() == {kept, of_others}


def test_a_hold_beats_every_rule(rule):
    held, other = idle(31), idle(31)
    retention.place_hold(user=held.user, reason="case", actor=UserFactory(is_staff=True))
    rule(30)

    apply_retention()

    assert left() == {held}
    assert other not in left()


def test_an_active_answer_keeps_its_conversation(rule):
    session = idle(31)
    RunFactory(session=session, status="running", lease_until=lease_end(60))
    rule(30)

    apply_retention()

    assert left() == {session}


def test_a_dry_run_counts_only(rule):
    session = idle(31)
    rule(30)
    output = StringIO()

    call_command("apply_retention", "--dry-run", stdout=output)

    assert output.getvalue().split("\n")[:2] == ["sessions_deleted: 1", "messages_deleted: 1"]
    assert left() == {session}
