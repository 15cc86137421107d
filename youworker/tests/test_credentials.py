"""Whose body is taken, before the application knows the request."""

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.utils import timezone

from accounts import services
from accounts.tests.factories import UserFactory
from youworker.server.access_middleware import belongs_to_somebody

pytestmark = pytest.mark.django_db


def key_of(user, **fields):
    return services.create_api_key(user, name="test", scopes=["chat"], actor=user, **fields)


def test_a_key_for_some_networks_lets_a_body_in():
    _key, secret = key_of(UserFactory(), allowed_networks=["10.0.0.0/8"])

    assert belongs_to_somebody(secret, "")
    assert services.user_of_key(secret) is None


def test_keys_that_ended_let_nothing_in_and_are_noted():
    key, secret = key_of(UserFactory())
    services.revoke_api_key(key, actor=key.user)
    expired, other = key_of(UserFactory())
    type(expired).objects.update(expires_at=timezone.now() - timedelta(minutes=1))

    assert not belongs_to_somebody(secret, "")
    assert not belongs_to_somebody(other, "")
    assert not belongs_to_somebody("yw_unknown", "")
    refused = LogEntry.objects.filter(additional_data__result="denied")
    assert sorted(row.additional_data["reason"] for row in refused) == ["expired", "revoked"]


def test_an_invented_session_lets_nothing_in():
    assert not belongs_to_somebody("", "x" * 32)
    assert not belongs_to_somebody("", "")
