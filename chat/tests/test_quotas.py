"""Answers are refused before they cost more than is allowed."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from accounts.tests.factories import ApiKeyFactory, UserFactory
from chat import services
from chat.agent.tokens import tokens_of_bytes
from chat.agent.types import TextDelta, Usage
from chat.enums import RunStatus
from chat.models import Message, Run, Session
from chat.quotas import enforce_run_quota
from chat.runs.manager import run_manager
from chat.tests.factories import RunFactory, SessionFactory
from chat.tests.fakes import ScriptedModel
from groups.tests.factories import MembershipFactory
from quotas.exceptions import QuotaExceeded
from quotas.models import Quota, TokenUsage, UsageEvent
from quotas.tests.factories import use_tokens
from youworker.core import request_context


def ask(user, session=None):
    session = session or SessionFactory(user=user)
    return services.post_message(session, text="How?", actor=user)


@pytest.mark.django_db
def test_no_answer_begins_while_as_many_as_allowed_are_in_the_making():
    user = UserFactory()
    Quota.objects.create(user=user, runs_at_once=1)
    ask(user)

    with pytest.raises(QuotaExceeded, match="1 of 1 answers"):
        ask(user)

    assert Run.objects.count() == 1
    Run.objects.update(status=RunStatus.SUCCEEDED)
    ask(user)
    ask(UserFactory())


@pytest.mark.django_db
@pytest.mark.parametrize("measure", ["tokens_per_day", "tokens_per_month"])
def test_no_answer_begins_without_tokens_and_nothing_is_stored(measure):
    user = UserFactory()
    Quota.objects.create(user=user, **{measure: 100})
    use_tokens(user.pk, 60, 39)
    ask(user)
    use_tokens(user.pk, 1, 0)
    before = Message.objects.count()

    with pytest.raises(QuotaExceeded) as refusal:
        ask(user)

    assert refusal.value.wait > 0
    assert Message.objects.count() == before


@pytest.mark.django_db
def test_regenerating_counts_as_well():
    user = UserFactory()
    run = RunFactory(session__user=user, session=SessionFactory(user=user))
    Quota.objects.create(user=user, runs_at_once=0)

    with pytest.raises(QuotaExceeded):
        services.regenerate(run.question, actor=user)


@pytest.mark.django_db
def test_a_check_costs_a_fixed_number_of_statements(django_assert_num_queries):
    user = UserFactory()
    for _ in range(3):
        use_tokens(user.pk, 1)
    with django_assert_num_queries(1):  # the limits
        enforce_run_quota(user, None)
    Quota.objects.create(user=user, runs_at_once=3, tokens_per_day=9, tokens_per_month=9)

    with django_assert_num_queries(5):  # the limits, their locks, one for each of them
        enforce_run_quota(user, None)


@pytest.mark.django_db
def test_the_members_of_a_group_share_its_tokens():
    first, second = (MembershipFactory().user for _ in range(2))
    group = MembershipFactory(user=first).group
    MembershipFactory(user=second, group=group)
    Quota.objects.create(group=group, tokens_per_day=10)
    use_tokens(first.pk, 10, 0)

    with pytest.raises(QuotaExceeded, match=f"The group '{group.name}' has used 10 of 10"):
        ask(second)

    ask(UserFactory())


@pytest.mark.django_db
def test_a_key_is_measured_by_what_was_asked_with_it():
    user = UserFactory()
    key, other = ApiKeyFactory(user=user), ApiKeyFactory(user=user)
    Quota.objects.create(api_key=key, tokens_per_day=10, runs_at_once=1)
    use_tokens(user.pk, 500, 0)
    token = request_context.current_origin.set(request_context.RequestOrigin("", key.pk))
    try:
        run = Run.objects.get(pk=ask(user).run_id)
        with pytest.raises(QuotaExceeded, match=f"The key '{key.name}'"):
            ask(user)
        Run.objects.update(status=RunStatus.SUCCEEDED)
        use_tokens(user.pk, 10, 0, key_id=key.pk)
        with pytest.raises(QuotaExceeded, match="10 of 10 tokens a day"):
            ask(user)
        request_context.note_key(other.pk)
        ask(user)
    finally:
        request_context.current_origin.reset(token)

    assert run.api_key == key


@pytest.mark.django_db(transaction=True)
def test_of_many_questions_at_once_only_the_allowed_number_is_accepted():
    user = UserFactory()
    Quota.objects.create(user=user, runs_at_once=3)
    sessions = [SessionFactory(user=user) for _ in range(8)]

    def attempt(session):
        try:
            ask(user, session)
        except QuotaExceeded:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(8) as pool:
        accepted = list(pool.map(attempt, sessions))

    assert accepted.count(True) == 3


@pytest.mark.django_db(transaction=True)
def test_members_of_two_groups_take_the_last_places_without_a_deadlock():
    first, second = MembershipFactory().group, MembershipFactory().group
    users = []
    for groups in ((first, second), (second, first)) * 4:
        user = UserFactory()
        users.append(user)
        for group in groups:
            MembershipFactory(group=group, user=user)
    Quota.objects.create(group=first, runs_at_once=5)
    Quota.objects.create(group=second, runs_at_once=4)

    def attempt(user):
        try:
            ask(user)
        except QuotaExceeded:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(8) as pool:
        accepted = list(pool.map(attempt, users))

    assert accepted.count(True) == Run.objects.count() == 4


@pytest.mark.django_db(transaction=True)
async def test_a_finished_answer_is_counted_once_and_survives_its_conversation(spoken_by):
    spoken_by(ScriptedModel([[TextDelta("So."), Usage(120, 30)]]))
    user = await sync_to_async(UserFactory)()
    posted = await sync_to_async(ask)(user)

    await run_manager().launch(posted.run_id)
    session = await Session.objects.aget(pk=posted.session_id)
    await sync_to_async(session.hard_delete)()

    used = await TokenUsage.objects.aget(user=user)
    assert (used.tokens_in, used.tokens_out) == (120, 30)
    event = await UsageEvent.objects.aget(user=user)
    assert (event.tokens_in, event.tokens_out, event.outcome) == (120, 30, "succeeded")
    assert event.name == "scripted"
    assert event.duration_ms is not None


@pytest.mark.django_db(transaction=True)
async def test_a_model_that_does_not_tell_is_counted_by_its_bytes(spoken_by):
    spoken_by(ScriptedModel([[TextDelta("x" * 4000)]]))
    user = await sync_to_async(UserFactory)()
    posted = await sync_to_async(ask)(user)

    await run_manager().launch(posted.run_id)

    used = await TokenUsage.objects.aget(user=user)
    assert used.tokens_out == tokens_of_bytes(4000)
    assert used.tokens_in > 0


@pytest.mark.django_db
def test_the_refusal_over_http_says_when_to_come_back(client_of):
    user = UserFactory()
    Quota.objects.create(user=user, runs_at_once=0)
    session = SessionFactory(user=user)

    answer = client_of(user).post(f"/v1/sessions/{session.pk}/messages", {"text": "How?"})

    assert answer.status_code == 429
    assert answer.json()["errors"][0]["code"] == "quota_exceeded"
    assert answer["Retry-After"] == "5"
