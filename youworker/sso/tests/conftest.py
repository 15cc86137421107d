"""Proxies, providers and browsers for the tests of single sign-on."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import httpx2
import pytest
from asgiref.sync import async_to_sync
from auditlog.models import LogEntry
from django.test import AsyncClient, Client

from youworker.core.network import clean_scope
from youworker.tests.support.configuring import override_config
from youworker.tests.support.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider
from youworker.upstream.guard import trusted_authorities

PROXY = "10.0.0.1"
FORM = "application/x-www-form-urlencoded"


class Peer(AsyncClient):
    """Sends headers from an address, and through the part that cleans them."""

    def __init__(self, headers, *, address, through):
        super().__init__()
        self.pairs = [(name.lower().encode(), encoded(value)) for name, value in headers]
        self.address, self.through = address, through

    def _base_scope(self, **request):
        scope = super()._base_scope(**request)
        headers = [*scope["headers"], *self.pairs]
        return self.through({**scope, "headers": headers, "client": [self.address, 4711]})


def encoded(value):
    return value if isinstance(value, bytes) else value.encode("latin-1")


@pytest.fixture
def proxy(db):
    """POST as a proxy, or as somebody else, to the application behind `ProxyHeadersMiddleware`."""

    def post(headers=(), *, path="/v1/auth/sso", client=PROXY, through=clean_scope):
        pairs = headers.items() if isinstance(headers, dict) else headers
        return async_to_sync(Peer(pairs, address=client, through=through).post)(path)

    with override_config("security", trusted_proxies=("10.0.0.0/24",)):
        yield post


@pytest.fixture
def provider(db):
    """A provider we are a client of."""
    with (
        IdentityProvider() as running,
        override_config(
            "identity",
            oidc_issuer=running.issuer,
            oidc_client_id=CLIENT_ID,
            oidc_client_secret=CLIENT_SECRET,
            oidc_name="Corp ID",
        ),
    ):
        yield running


class Browser(Client):
    """Goes through the sign-in as people's browsers do."""

    def __init__(self, **options):
        super().__init__(raise_request_exception=False, **options)

    def start(self, **form):
        return self.post("/auth/oidc/login", urlencode(form), content_type=FORM)

    def visit_provider(self, location):
        """Follow the redirect to the provider; where it sends us back to."""
        # Authorities that are read already: reading them takes as long as all of a sign-in.
        answer = httpx2.get(location, follow_redirects=False, verify=trusted_authorities())
        assert answer.status_code == 302, answer.text
        url = urlsplit(answer.headers["location"])
        assert f"{url.scheme}://{url.netloc}{url.path}" == "http://testserver/auth/oidc/callback"
        return f"{url.path}?{url.query}"

    def sign_in(self, **form):
        return self.get(self.visit_provider(self.start(**form)["Location"]))

    def me(self):
        answer = self.get("/v1/auth/me")
        return answer.json() if answer.status_code == 200 else None


@pytest.fixture
def browser():
    return Browser()


@pytest.fixture
def actions():
    """The audited acts so far."""

    def listed():
        rows = LogEntry.objects.order_by("pk")
        return [row.additional_data["action"] for row in rows]

    return listed
