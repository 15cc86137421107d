"""What somebody used, and what is left."""

import pytest
from rest_framework.test import APIClient

from accounts.services import create_api_key
from accounts.tests.factories import UserFactory
from chat.enums import RunStatus
from chat.tests.factories import RunFactory, SessionFactory
from documents.tests.factories import DocumentFactory
from groups.tests.factories import MembershipFactory
from quotas.models import Quota
from quotas.tests.factories import use_tokens

pytestmark = pytest.mark.django_db


def test_use_without_limits(client_of):
    user = UserFactory()
    use_tokens(user.pk, 7, 3)
    DocumentFactory(owner=user, size=500)
    DocumentFactory(owner=user, size=100).soft_delete()
    RunFactory(session=SessionFactory(user=user), status=RunStatus.RUNNING)
    use_tokens(UserFactory().pk, 900, 0)

    answer = client_of(user).get("/v1/account/usage").json()

    assert answer == {
        "used": {
            "tokens_per_day": 10,
            "tokens_per_month": 10,
            "stored_bytes": 600,
            "documents": 1,
            "runs_at_once": 1,
        },
        "limits": [],
    }


def test_limits_of_user_group_and_key():
    user = UserFactory()
    group = MembershipFactory(user=user).group
    key, secret = create_api_key(user, name="nightly", scopes=["account"], actor=user)
    Quota.objects.create(user=user, documents=4)
    Quota.objects.create(group=group, tokens_per_month=100)
    Quota.objects.create(api_key=key, runs_at_once=2)
    use_tokens(MembershipFactory(group=group).user.pk, 130, 0)

    client = APIClient(headers={"Authorization": f"Bearer {secret}"})
    limits = client.get("/v1/account/usage").json()["limits"]

    assert {
        (row["scope"], row["name"], row["limit"], row["used"], row["left"]) for row in limits
    } == {
        ("user", user.username, 4, 0, 4),
        ("group", group.name, 100, 130, 0),
        ("api_key", "nightly", 2, 0, 2),
    }
    assert {row["unit"]: row["resets_at"] is None for row in limits} == {
        "documents": True,
        "tokens": False,
        "answers": True,
    }


def test_nobody_else_is_told():
    assert APIClient().get("/v1/account/usage").status_code == 401
