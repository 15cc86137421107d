"""The ways of signing in, and the staff page of links."""

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from accounts.tests.factories import UserFactory
from youworker.testing.configuring import configured

pytestmark = pytest.mark.django_db


def test_methods_name_the_password_by_default():
    with configured("identity", password_sign_in=True, oidc_issuer=""):
        answer = Client().get("/v1/auth/methods")

    assert answer.status_code == 200
    assert answer.json() == {"password": True, "oidc": None, "forward_auth": False}


def test_methods_name_what_is_configured(provider):
    with (
        configured("security", trusted_proxies=("10.0.0.1",)),
        configured("identity", password_sign_in=False),
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
    link = SocialAccount.objects.create(
        user=root, provider="https://id.example", uid="u-1", extra_data={"secret": "xyzzy"}
    )
    client = Client()
    client.force_login(root)

    listed = client.get("/admin/socialaccount/socialaccount/?q=u-1")
    shown = client.get(f"/admin/socialaccount/socialaccount/{link.pk}/change/")
    changed = client.post(f"/admin/socialaccount/socialaccount/{link.pk}/change/", {"uid": "u-2"})

    assert listed.status_code == shown.status_code == 200
    assert b"u-1" in listed.content
    assert b"xyzzy" not in listed.content + shown.content
    assert changed.status_code == 403


@pytest.mark.parametrize("page", ["socialapp", "socialtoken"])
def test_secrets_and_tokens_have_no_pages(page):
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    assert client.get(f"/admin/socialaccount/{page}/").status_code == 404


def test_the_document_says_what_the_routes_answer():
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]

    assert {"200", "401"} <= set(paths["/v1/auth/sso"]["post"]["responses"])
    assert "200" in paths["/v1/auth/methods"]["get"]["responses"]
    assert not [path for path in paths if "oidc" in path]
