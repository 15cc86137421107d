"""The ways of signing in, and the staff page of links."""

import pytest
from django.test import Client

from accounts.models import LinkedIdentity
from accounts.tests.factories import UserFactory
from youworker.tests.support.configuring import override_config
from youworker.tests.support.openapi import openapi_document

pytestmark = pytest.mark.django_db


def test_methods_name_the_password_by_default():
    with override_config("identity", password_sign_in=True, oidc_issuer=""):
        answer = Client().get("/v1/auth/methods")

    assert answer.status_code == 200
    assert answer.json() == {"password": True, "oidc": None, "forward_auth": False}


def test_methods_name_what_is_configured(provider):
    with (
        override_config("security", trusted_proxies=("10.0.0.1",)),
        override_config("identity", password_sign_in=False),
    ):
        answer = Client().get("/v1/auth/methods")

    assert answer.json() == {
        "password": False,
        "oidc": {"name": "Corp ID", "url": "/auth/oidc/login"},
        "forward_auth": True,
    }
    assert provider.requests == []


def test_staff_see_links_and_change_none():
    root = UserFactory(is_staff=True, is_superuser=True)
    link = LinkedIdentity.objects.create(user=root, issuer="https://id.example", subject="u-1")
    client = Client()
    client.force_login(root)

    listed = client.get("/admin/accounts/linkedidentity/?q=u-1")
    shown = client.get(f"/admin/accounts/linkedidentity/{link.pk}/change/")
    changed = client.post(f"/admin/accounts/linkedidentity/{link.pk}/change/", {"subject": "u-2"})

    assert listed.status_code == shown.status_code == 200
    assert b"u-1" in listed.content
    assert changed.status_code == 403


def test_the_document_says_what_the_routes_answer():
    paths = openapi_document()["paths"]

    assert {"200", "401"} <= set(paths["/v1/auth/sso"]["post"]["responses"])
    assert "200" in paths["/v1/auth/methods"]["get"]["responses"]
    assert not [path for path in paths if "oidc" in path]
