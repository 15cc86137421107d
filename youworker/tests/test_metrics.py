"""The figures for Prometheus: who may read them, and that they are true."""

from io import BytesIO

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.db import OperationalError
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from redis.exceptions import ConnectionError as RedisAway

from accounts.tests.factories import UserFactory
from chat.enums import RunStatus
from chat.tests.factories import RunFactory
from quotas.enums import UsageKind
from quotas.services import record_usage
from youworker.appliance.metrics import scrape, state
from youworker.appliance.metrics.scrape import write_figures
from youworker.appliance.metrics.views import may_read
from youworker.core.metrics import families, shared
from youworker.core.network import clean_scope
from youworker.tests.support.configuring import override_config

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _begin_at_zero(monkeypatch):
    shared.sync_redis().delete(shared.HASH, shared.HEARTBEAT)
    shared.pending.clear()
    # In the test's own transaction: another thread would not see what it wrote.
    monkeypatch.setattr(scrape.state_reader, "read", lambda seconds: state.read_state())


def status(address="127.0.0.1", **headers):
    return Client(REMOTE_ADDR=address, headers=headers).get("/metrics").status_code


def figures():
    """Every sample, by its name and labels."""
    found = text_string_to_metric_families(write_figures().decode())
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in found
        for sample in family.samples
    }


def test_without_a_token_this_machine_reads_them_and_nobody_else():
    answer = Client(REMOTE_ADDR="127.0.0.1").get("/metrics")

    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    assert b"youworker_http_requests_total" in answer.content
    assert status("::1") == 200
    assert [status(address) for address in ("192.0.2.1", "10.0.0.1", "")] == [404] * 3


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], True),
        ([(b"x-forwarded-for", b"127.0.0.1")], False),
        ([(b"forwarded", b"for=192.0.2.1")], False),
        ([(b"x-real-ip", b"192.0.2.1")], False),
    ],
)
def test_whoever_comes_through_a_proxy_of_this_machine_is_not_of_it(headers, expected):
    scope = {"type": "http", "method": "GET", "path": "/metrics", "headers": headers}
    cleaned = clean_scope({**scope, "client": ["127.0.0.1", 4711]})

    assert may_read(ASGIRequest(cleaned, BytesIO())) is expected


def test_with_a_token_it_counts_and_the_address_does_not():
    with override_config("security", metrics_token="figures"):
        assert status("192.0.2.1", Authorization="Bearer figures") == 200
        assert [
            status("127.0.0.1"),
            status("127.0.0.1", Authorization="Bearer figure"),
            status("127.0.0.1", Authorization="Bearer ünicode"),
        ] == [404] * 3


def test_prometheus_is_not_sent_to_an_address_of_tls(settings):
    settings.SECURE_SSL_REDIRECT = True

    assert status("127.0.0.1") == 200
    assert Client().get("/v1/auth/me").status_code == 301
    assert Client().get("/metrics/other").status_code == 301


def test_a_refusal_looks_like_an_address_that_there_is_not():
    refused = Client(REMOTE_ADDR="192.0.2.1").get("/metrics")
    missing = Client(REMOTE_ADDR="192.0.2.1").get("/metrics/nothing")

    assert refused.json() == missing.json()


def test_requests_are_told_apart_by_pattern_not_by_path():
    before = figures()
    client = Client()
    for path in ("/v1/sessions/018f0000-0000-7000-8000-000000000000", "/never/heard-of-it"):
        client.get(path)
    client.generic("HACK", "/never/heard-of-it")
    after = figures()

    grown = {key for key in after if after[key] != before.get(key) and "requests_total" in key[0]}
    assert ("youworker_http_requests_total", "4xx", "GET", "v1/sessions/<uuid:pk>") in grown
    assert ("youworker_http_requests_total", "4xx", "GET", "unmatched") in grown
    assert ("youworker_http_requests_total", "4xx", "other", "unmatched") in grown
    assert b"heard-of-it" not in write_figures()
    assert b"018f0000" not in write_figures()


@pytest.mark.django_db(transaction=True)
def test_what_is_used_is_counted_once_it_is_committed():
    user = UserFactory()
    record_usage(UsageKind.RUN, user.pk, outcome="failed", tokens_in=7, tokens_out=5)
    record_usage(UsageKind.TOOL_CALL, user.pk, name="clock.now", duration_ms=20)
    record_usage(UsageKind.TOOL_CALL, user.pk, name="", outcome="failed")
    record_usage(UsageKind.SEARCH, user.pk, name="hybrid", duration_ms=40)
    record_usage(UsageKind.INGESTION, user.pk, duration_ms=3000)

    found = figures()

    assert found["youworker_runs_total", "failed"] == 1
    assert found["youworker_runs_total", "succeeded"] == 0
    assert found["youworker_tokens_total", "in", "run"] == 7
    assert found["youworker_tokens_total", "out", "run"] == 5
    assert found["youworker_tool_calls_total", "clock", "succeeded"] == 1
    assert found["youworker_tool_calls_total", "failed", "unknown"] == 1
    assert found["youworker_searches_total", "hybrid"] == 1
    assert found["youworker_search_duration_seconds_bucket", "0.025"] == 0
    assert found["youworker_search_duration_seconds_bucket", "0.05"] == 1
    assert found["youworker_search_duration_seconds_bucket", "+Inf"] == 1
    assert found["youworker_search_duration_seconds_sum",] == pytest.approx(0.04)
    assert found["youworker_ingestion_files_total", "succeeded"] == 1
    assert found["youworker_ingestion_stage_duration_seconds_sum", "parsing"] == 3
    assert str(user.pk).encode() not in write_figures()


def test_what_is_rolled_back_is_not_counted():
    record_usage(UsageKind.RUN, UserFactory().pk, tokens_in=7)

    assert figures()["youworker_runs_total", "succeeded"] == 0


def test_runs_that_have_not_ended_are_shown_with_the_age_of_the_oldest():
    queued = [RunFactory(status=RunStatus.QUEUED) for _ in range(2)]
    RunFactory(status=RunStatus.SUCCEEDED)
    type(queued[0]).objects.filter(pk=queued[0].pk).update(created_at="2020-01-01T00:00Z")

    found = figures()

    assert found["youworker_active_runs", "queued"] == 2
    assert found["youworker_active_runs", "running"] == 0
    assert found["youworker_oldest_queued_run_age_seconds",] > 86_400
    assert found["youworker_ingestion_oldest_item_age_seconds",] == 0


def test_processes_add_up_and_one_that_is_killed_takes_nothing_along():
    for _ in range(3):
        # Each time as another process, which has counted nothing before.
        families.RUNS.add("succeeded")
        assert shared.flush()

    families.RUNS.add("succeeded")
    shared.pending.clear()

    assert figures()["youworker_runs_total", "succeeded"] == 3


def test_without_redis_counts_wait_and_sums_are_left_out(monkeypatch, caplog):
    def away():
        raise RedisAway

    families.RUNS.add("succeeded")
    with monkeypatch.context() as patched:
        patched.setattr(shared, "sync_redis", away)
        found = figures()
        families.RUNS.add("succeeded")
        assert not shared.flush()
    assert found["youworker_redis_up",] == 0
    assert not [key for key in found if key[0].startswith("youworker_runs")]
    assert [record.message for record in caplog.records].count(
        "counts cannot be added up, they are kept (ConnectionError)"
    ) == 1

    found = figures()
    assert found["youworker_redis_up",] == 1
    assert found["youworker_runs_total", "succeeded"] == 2


def test_without_a_database_the_rest_is_shown(monkeypatch):
    def away(seconds):
        raise OperationalError

    monkeypatch.setattr(scrape.state_reader, "read", away)

    found = figures()

    assert found["youworker_database_up",] == 0
    assert ("youworker_active_runs", "queued") not in found
    assert found["youworker_redis_up",] == 1


@pytest.mark.django_db(transaction=True)
def test_the_database_is_read_in_another_thread_and_once_for_scrapes_at_the_same_time():
    RunFactory(status=RunStatus.QUEUED)
    reader = scrape.StateReader()

    read = reader.read(30)

    (runs,) = (metric for metric in read if metric.name == "youworker_active_runs")
    assert {sample.labels["status"]: sample.value for sample in runs.samples}["queued"] == 1


def test_hostile_names_are_cut_and_cannot_become_many():
    for number in range(3 * shared.MOST_SERIES):
        families.TOOL_CALLS.add(f"tool{number}\n\x1f{'x' * 500}", "failed")
    try:
        text = write_figures().decode()
        found = [key for key in figures() if key[0] == "youworker_tool_calls_total"]
    finally:
        families.TOOL_CALLS.seen.clear()

    assert len(found) <= shared.MOST_SERIES + 1
    assert ("youworker_tool_calls_total", "other", "other") in found
    assert max(map(len, text.splitlines())) < 500


def test_sums_that_became_too_many_begin_at_zero(monkeypatch, caplog):
    monkeypatch.setattr(shared, "MOST_FIELDS", 2)
    for name in ("a", "b", "c"):
        families.SEARCHES.add(name)
    assert shared.flush()

    assert shared.read_sums() == {}
    assert "begin at zero" in caplog.text


def test_sums_of_other_versions_are_left_alone():
    fields = [
        ("youworker_gone_total", "", "x"),
        ("youworker_runs_total", ""),
        ("youworker_runs_total", "", "failed"),
    ]
    shared.sync_redis().hset(
        shared.HASH, mapping={shared.SEPARATOR.join(field): 1 for field in fields}
    )

    assert shared.read_sums() == {("youworker_runs_total", "", ("failed",)): 1}


def test_a_forked_process_does_not_bring_what_its_parent_counted():
    families.RUNS.add("succeeded")
    shared.forget_pending()

    assert shared.pending == {}
    families.RUNS.add("failed")
    assert figures()["youworker_runs_total", "succeeded"] == 0
    assert figures()["youworker_runs_total", "failed"] == 1


def test_every_name_follows_the_conventions():
    for family in text_string_to_metric_families(write_figures().decode()):
        name = family.name
        assert name.startswith(("youworker_", "process_")), name
        assert family.documentation, name
        if family.type == "histogram":
            assert name.endswith("_seconds"), name
        assert not name.endswith(("_ms", "_milliseconds", "_minutes")), name
