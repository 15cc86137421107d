"""Who may read the figures."""

import pytest
from django.test import Client

from youworker.tests.support.configuring import override_config

pytestmark = pytest.mark.django_db


def status(address="127.0.0.1", **headers):
    return Client(REMOTE_ADDR=address, headers=headers).get("/metrics").status_code


def test_without_a_token_this_machine_reads_them_and_nobody_else():
    answer = Client(REMOTE_ADDR="127.0.0.1").get("/metrics")

    assert answer.status_code == 200
    assert b"django_http_requests" in answer.content
    assert status("::1") == 200
    assert [status(address) for address in ("192.0.2.1", "10.0.0.1", "")] == [403] * 3


def test_with_a_token_it_counts_and_the_address_does_not():
    with override_config("security", metrics_token="figures"):
        assert status("192.0.2.1", Authorization="Bearer figures") == 200
        assert [
            status("127.0.0.1"),
            status("127.0.0.1", Authorization="Bearer figure"),
            status("127.0.0.1", Authorization="Bearer ünicode"),
        ] == [403] * 3


def test_a_refusal_has_the_shape_of_the_api():
    answer = Client(REMOTE_ADDR="192.0.2.1").get("/metrics")

    assert answer.json()["errors"][0]["code"] == "permission_denied"
