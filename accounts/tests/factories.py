"""People and keys for tests."""

from __future__ import annotations

import factory

from accounts.models import ApiKey, User
from accounts.services import digest_of


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.org")


class ApiKeyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ApiKey

    user = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"key {n}")
    prefix = factory.Sequence(lambda n: f"yw_test{n:04}")
    digest = factory.Sequence(lambda n: digest_of(f"yw_test{n:04}"))
    scopes = ["chat"]
