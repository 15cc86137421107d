"""The OpenAPI document is valid, and the running product keeps what it promises."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, Phase, given, settings

from youworker.core.api import openapi
from youworker.core.api.openapi import write_document
from youworker.tests.bench.product import running_product
from youworker.tests.support.openapi import openapi_document

# 1,000 requests over all operations are SCHEMATHESIS_EXAMPLES=25.
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "8"))
# They end the very session or key that asks.
EXCLUDED = {"/v1/auth/logout"}


@pytest.fixture
def document():
    return openapi_document()


@pytest.mark.slow
def test_the_document_has_no_warnings():
    # In JSON: YAML takes three times as long to write.
    shape = ["--format", "openapi-json", "--file", os.devnull]
    call_command("spectacular", "--validate", "--fail-on-warn", *shape)


@pytest.mark.slow
def test_everybody_gets_the_same_document_made_once(client):
    first = client.get("/v1/schema?format=json")
    made = write_document.cache_info().misses
    again = client.get("/v1/schema?format=json", headers={"accept-language": "xx"})

    assert first.json()["info"]["title"] == "YouWorker"
    assert first["content-type"] == "application/vnd.oai.openapi+json"
    assert again.content == first.content
    assert write_document.cache_info().misses == made


def test_who_comes_while_it_is_made_waits_for_the_same_document(monkeypatch):
    begun, go_on, made = threading.Event(), threading.Event(), []

    class Slow:
        def get_schema(self, request, public):
            made.append(public)
            begun.set()
            go_on.wait(30)
            return {}

    class Form:
        def render(self, document):
            return b"written"

    monkeypatch.setattr(openapi, "SchemaGenerator", Slow)
    with ThreadPoolExecutor(3) as visitors:
        first = visitors.submit(openapi.find_document, Form, "en")
        assert begun.wait(30)
        others = [visitors.submit(openapi.find_document, Form, "en") for _ in range(2)]
        go_on.set()
        found = [each.result(30) for each in (first, *others)]

    assert found == [b"written"] * 3
    assert made == [True]


@pytest.mark.slow
def test_the_document_is_offered_in_both_formats_and_languages(client):
    yaml = client.get("/v1/schema").content.decode()
    asked = client.get("/v1/schema?lang=it").content.decode()
    preferred = client.get("/v1/schema", headers={"accept-language": "it"}).content.decode()
    unknown = client.get("/v1/schema?lang=xx&version=9").content.decode()

    assert yaml.startswith("openapi: 3.1.0\n")
    assert asked == preferred != yaml
    assert unknown == yaml
    assert client.get("/v1/schema?format=xml").status_code == 404
    assert client.get("/v1/schema", headers={"accept": "text/html"}).status_code == 406


@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat",
        "/v1/search",
        "/v1/sessions",
        "/v1/auth/login",
        "/v1/account/api-keys",
        "/v1/account/password",
        "/v1/account/mfa/totp/confirm",
    ],
)
def test_the_document_shows_a_body_that_works(path, document):
    body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]

    assert body["examples"]["Example"]["value"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_random_requests_meet_no_server_error_and_no_other_shape():
    import schemathesis  # takes seconds, which every run of any test would pay

    with running_product(LOG_LEVEL="ERROR") as product:
        headers = {"Authorization": f"Bearer {product.api_key}"}
        schema = schemathesis.openapi.from_url(f"{product.base_url}/v1/schema?format=json")
        failures = []
        for found in schema.get_all_operations():
            operation = found.ok()
            if operation.path in EXCLUDED:
                continue
            try:
                exercise(operation, headers)
            except BaseException as error:  # noqa: BLE001 -- groups of check failures
                failures.append(f"{operation.label}: {error}")

    assert not failures, "\n\n".join(failures)


def exercise(operation, headers):
    """Send random requests to one operation and check every answer."""
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks as openapi

    checks = [
        not_a_server_error,
        openapi.status_code_conformance,
        openapi.content_type_conformance,
        openapi.response_schema_conformance,
    ]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def check(case):
        answer = case.call(headers=headers, timeout=30)
        case.validate_response(answer, checks=checks)

    check()
