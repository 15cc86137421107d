"""API keys do not come back in answers or logs, whatever goes wrong with a request."""

import io
import logging

import pytest
from django.conf import settings as project
from rest_framework.test import APIClient

from accounts import services
from accounts.services import create_api_key
from accounts.tests.factories import UserFactory
from youworker.core import logs

pytestmark = pytest.mark.django_db


@pytest.fixture
def log(monkeypatch):
    """Everything that is logged, as it is written."""
    chosen = {}
    monkeypatch.setattr(logging.config, "dictConfig", chosen.update)
    logs.configure(project.LOGGING | {"level": "DEBUG"})
    made = dict(chosen["formatters"]["structured"])
    handler = logging.StreamHandler(stream := io.StringIO())
    handler.setFormatter(made.pop("()")(**made))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel("DEBUG")
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.slow
def test_a_key_is_neither_logged_nor_answered(log, monkeypatch):
    user = UserFactory()
    key, secret = create_api_key(user, name="k", scopes=["account"], actor=user)
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}", HTTP_REFERER=f"http://x/?k={secret}")

    def broken(*_, **__):
        raise RuntimeError(f"broken by {secret}")

    answers = [
        client.get("/v1/auth/me"),
        client.get(f"/v1/auth/me?api_key={secret}"),
        client.get(f"/v1/{secret}"),
        client.get("/v1/sessions"),
        client.patch("/v1/auth/me", {"time_zone": secret}),
        client.get("/v1/auth/me", HTTP_HOST=f"{secret[:20]}.example"),
        APIClient(headers={"X-API-Key": secret + "x"}).get("/v1/auth/me"),
    ]
    monkeypatch.setattr(services, "update_profile", broken)
    answers.append(client.patch("/v1/auth/me", {"display_name": "x"}))

    assert [answer.status_code for answer in answers] == [200, 200, 404, 403, 400, 400, 401, 500]
    written = log.getvalue()
    assert "RuntimeError" in written
    assert key.prefix in written
    assert secret[:20] not in written
    assert not any(secret[:20] in answer.content.decode() for answer in answers)
