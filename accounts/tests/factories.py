"""People, keys and sessions for tests."""

from __future__ import annotations

import time

import factory
from django.contrib.auth.models import Permission
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.test import Client
from pyotp import TOTP

from accounts.authenticators import new_secret
from accounts.enums import SignInMethod
from accounts.models import ApiKey, SignIn, User
from accounts.services import digest_of
from accounts.services.second_factor import create_totp


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


def new_session():
    store = SessionStore()
    store.create()
    return Session.objects.get(pk=store.session_key)


class SignInFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SignIn

    user = factory.SubFactory(UserFactory)
    session = factory.LazyFunction(new_session)
    method = SignInMethod.PASSWORD


def second_factor_for(user):
    """Give somebody a second factor; its secret and recovery codes."""
    secret = new_secret()
    return secret, create_totp(user, secret, 0, actor=user)


def code_of(secret, *, later=0):
    """What an app shows now, or some steps later."""
    return TOTP(secret).at(time.time(), counter_offset=later)


def staff_client(*rights, **fields):
    """A browser in which somebody of the staff with these rights has signed in."""
    user = UserFactory(is_staff=True, **fields)
    user.user_permissions.add(*Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(user)
    return client
