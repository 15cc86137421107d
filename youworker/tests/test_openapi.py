"""The OpenAPI document is valid, and the running product keeps what it promises."""

from __future__ import annotations

import os

import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings

from youworker.tests.bench.product import running_product

# 1,000 requests over all operations are SCHEMATHESIS_EXAMPLES=25.
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "8"))
# They end the very session or key that asks.
EXCLUDED = {"/v1/auth/logout"}


def test_the_document_has_no_warnings():
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", os.devnull)


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
def test_the_document_shows_a_body_that_works(path):
    document = SchemaGenerator().get_schema(request=None, public=True)

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
