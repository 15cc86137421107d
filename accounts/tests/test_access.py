"""Whether somebody who was let in would be let in now."""

from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import services
from accounts.models import ApiKey, User
from accounts.services.access import remaining_grants
from accounts.tests.factories import ApiKeyFactory, UserFactory
from accounts.types import AccessGrant

pytestmark = pytest.mark.django_db


def signed_in(user):
    session = SessionStore()
    session.create()
    return services.grant_of(user, session=session)


def by_key(**fields):
    key = ApiKeyFactory(**fields)
    return services.grant_of(key.user, key=key)


def all_kinds():
    return [AccessGrant(UserFactory().pk), signed_in(UserFactory()), by_key()]


def test_what_holds_remains():
    grants = all_kinds()

    assert remaining_grants(grants) == set(grants)
    assert services.is_still_valid(grants[0])


def change(model, pk, **fields):
    assert model.objects.filter(pk=pk).update(**fields) == 1


ENDINGS = {
    "inactive": lambda grant: change(User, grant.user_id, is_active=False),
    "erased": lambda grant: User.objects.get(pk=grant.user_id).delete(),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("kind", [0, 1, 2])
def test_every_grant_ends_with_its_user(ending, kind):
    grants = all_kinds()

    ENDINGS[ending](grants[kind])

    assert set(grants) - remaining_grants(grants) == {grants[kind]}


def test_a_grant_by_key_ends_with_the_key():
    hour_ago = timezone.now() - timedelta(hours=1)
    kept, revoked, expired, gone = [by_key() for _ in range(4)]
    change(ApiKey, revoked.key_id, revoked_at=hour_ago)
    change(ApiKey, expired.key_id, expires_at=hour_ago)
    ApiKey.objects.get(pk=gone.key_id).delete()

    assert remaining_grants([kept, revoked, expired, gone]) == {kept}


def test_a_grant_by_session_ends_with_its_row_its_time_and_its_password():
    kept, signed_out, expired, changed = [signed_in(UserFactory()) for _ in range(4)]
    SessionStore(signed_out.session_key).delete()
    change(Session, expired.session_key, expire_date=timezone.now() - timedelta(seconds=1))
    user = User.objects.get(pk=changed.user_id)
    user.set_password("something else")
    user.save()

    assert remaining_grants([kept, signed_out, expired, changed]) == {kept}


def test_a_key_does_not_end_with_a_password():
    grant = by_key()
    change(User, grant.user_id, password="another")

    assert services.is_still_valid(grant)


@pytest.mark.parametrize("count", [1, 3])
def test_many_grants_take_three_statements(count, django_assert_num_queries):
    grants = [grant for _ in range(count) for grant in all_kinds()]

    with django_assert_num_queries(3):  # keys, users, sessions
        remaining_grants(grants)
