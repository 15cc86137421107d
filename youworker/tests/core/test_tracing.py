"""Spans: who is told what, by a real collector; nothing of content, and nobody waits for it."""

import logging
import subprocess
import sys
from uuid import uuid4

import pytest
from django.test import Client
from mcp.shared._otel import inject_trace_context

from accounts.tests.factories import UserFactory
from documents.search import search
from youworker.appliance.health.checks import check_collector
from youworker.core import tracing
from youworker.core.config import BASE_DIR
from youworker.core.metrics import tasks
from youworker.core.network import PASSED_ON, clean_scope
from youworker.core.request_context import current
from youworker.core.tracing import beginning
from youworker.core.tracing.exporting import fit_to_tell, is_reachable
from youworker.tests.support.collectors import attributes_of, running_collector, traced_to
from youworker.tests.support.configuring import override_config
from youworker.tests.support.ports import free_port

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
CANARY = "canary7f3a"


@pytest.fixture
def collector():
    with running_collector() as made:
        yield made


@pytest.fixture
def traced(collector, monkeypatch):
    with traced_to(collector.url, monkeypatch, headers="X-Token=a%20b") as made:
        yield made


def test_without_a_collector_nothing_is_made_or_imported():
    code = (
        "import sys; from youworker.core import tracing;"
        "from youworker.core.tracing import beginning; beginning.begin_tracing('web');"
        "assert tracing.span('x') is tracing.NOTHING and tracing.tracer is None;"
        "assert not tracing.headers_for('h') and tracing.take_cause(1) == 'none';"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    )
    environment = {"DATA_DIR": ".venv/detached", "OTEL_EXPORTER_OTLP_ENDPOINT": ""}

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, b"")


def test_a_collector_without_the_library_is_one_warning(monkeypatch, caplog):
    monkeypatch.setattr(beginning, "EXTRA", "opentelemetry.nowhere.at.all")

    with override_config("tracing", endpoint="http://127.0.0.1:9"):
        beginning.begin_tracing("web")

    assert caplog.messages == [beginning.NOT_INSTALLED]
    assert tracing.tracer is None


def test_spans_arrive_as_they_were(traced, collector):
    run = uuid4()
    token = current.set("abc-1")
    with tracing.span("run", run_id=run), tracing.span("tool call", server="files") as inner:
        inner.note(outcome="ok", tokens_in=3)
    with pytest.raises(ValueError, match=CANARY), tracing.span("search"):
        raise ValueError(CANARY)
    current.reset(token)
    traced.provider.force_flush()

    outer, inner, failed = (collector.named(one) for one in ("run", "tool call", "search"))
    assert (inner.trace_id, inner.parent_span_id) == (outer.trace_id, outer.span_id)
    assert failed.trace_id != outer.trace_id
    assert attributes_of(outer) == {
        "youworker.run_id": str(run),
        "youworker.correlation_id": "abc-1",
    }
    assert attributes_of(inner)["youworker.tokens_in"] == 3
    assert attributes_of(failed)["error.type"] == "ValueError"
    assert (failed.status.code, failed.status.message, list(failed.events)) == (2, "", [])
    [resource] = [one.resource for one in collector.requests()[0].resource_spans]
    assert attributes_of(resource)["service.name"] == "youworker"
    assert collector.headers[0]["x-token"] == "a b"
    assert CANARY.encode() not in b"".join(collector.bodies)


@pytest.mark.parametrize(
    "value", ["two words", "Łódź", "a@b.example", "x" * 201, "line\nfeed", "", None, b"x", ["x"]]
)
def test_what_may_be_words_of_somebody_is_left_out(value):
    assert fit_to_tell(value) is None


def test_attributes_that_are_not_declared_are_left_out(traced, collector):
    with tracing.span("run", title="Title", query="q", outcome="ok"):
        tracing.note(email="nobody", passages=2)
    traced.provider.force_flush()

    assert attributes_of(collector.named("run")) == {
        "youworker.outcome": "ok",
        "youworker.passages": 2,
    }


@pytest.mark.django_db
def test_a_request_is_told_by_its_pattern(traced, collector):
    user = UserFactory(username=CANARY, email=f"{CANARY}@example.org")
    client = Client(headers={"traceparent": TRACEPARENT, "x-canary": CANARY})
    client.force_login(user)
    session = client.post(
        "/v1/sessions", {"title": CANARY}, content_type="application/json"
    ).json()["id"]
    answer = client.get(f"/v1/sessions/{session}?q={CANARY}")
    client.get(f"/v1/{CANARY}")
    client.get("/health/live")
    search(CANARY, mode="keyword", actor=user)
    traced.provider.force_flush()

    told = collector.named("GET v1/sessions/<uuid:pk>")
    assert (told.trace_id.hex(), told.parent_span_id.hex()) == (TRACE, PARENT)
    assert attributes_of(told) == {
        "http.request.method": "GET",
        "http.route": "v1/sessions/<uuid:pk>",
        "http.response.status_code": 200,
        "youworker.user_id": str(user.pk),
        "youworker.correlation_id": answer["X-Correlation-ID"],
    }
    assert attributes_of(collector.named("search"))["youworker.mode"] == "keyword"
    assert collector.named("GET unmatched")
    assert "health" not in str(collector.spans())
    assert CANARY.encode() not in b"".join(collector.bodies)


@pytest.mark.parametrize("wrong", ["", "00-x-y-01", f"00-{'0' * 32}-{PARENT}-01", "é" * 2000])
def test_a_parent_that_is_none_begins_a_trace(traced, collector, wrong):
    with tracing.span("run", parent=wrong):
        pass
    traced.provider.force_flush()

    assert collector.named("run").parent_span_id == b""


def test_only_trusted_proxies_say_of_which_trace_something_is():
    scope = {
        "type": "http",
        "client": ["10.0.0.1", 1],
        "scheme": "http",
        "headers": [
            (b"host", b"x"),
            (b"traceparent", TRACEPARENT.encode()),
            (b"Tracestate", b"a=b"),
            (b"baggage", b"user=eve"),
        ],
    }

    stranger = clean_scope(scope)
    assert (stranger["headers"], stranger[PASSED_ON]) == ([(b"host", b"x")], False)
    with override_config("security", trusted_proxies=("10.0.0.0/8",)):
        assert len(clean_scope(scope)["headers"]) == 4


def test_only_hosts_the_operator_names_are_told(collector, monkeypatch):
    with (
        traced_to(collector.url, monkeypatch, propagate_to=("gpu",)) as traced,
        tracing.span("run"),
    ):
        told = {host: dict(tracing.headers_for(host)) for host in ("gpu", "other")}
        metas = {}
        for host in told:
            with tracing.ambient_for(host):
                inject_trace_context(metas.setdefault(host, {}))
        own = traced.traceparent()

    assert told == {"gpu": {"traceparent": own}, "other": {}}
    assert metas == told


def test_what_is_done_later_belongs_to_what_caused_it(traced, collector, monkeypatch):
    monkeypatch.setattr(tracing, "MOST_REMEMBERED", 2)
    with tracing.span("http request"):
        for key in ("lost", "a", "b"):
            tracing.remember_cause(key)
        headers = {}
        tracing.attach_to_message(headers)
    tracing.remember_cause("outside")
    with tracing.span("run", parent=tracing.take_cause("a")):
        pass
    task = type("Task", (), {"name": "chat.tasks.x", "app": None, "request": None})()
    task.request = type("Request", (), headers)()
    monkeypatch.setattr(tasks, "routine_tasks", lambda app: {"chat.tasks.y"})
    tasks.note_begin("1", task)
    with tracing.span("search"):
        pass
    tasks.report_task("1", task, "FAILURE")
    task.name = "chat.tasks.y"
    tasks.note_begin("2", task)
    tasks.report_task("2", task, "SUCCESS")
    traced.provider.force_flush()

    cause = collector.named("http request")
    told = collector.named("task")
    assert collector.named("run").parent_span_id == cause.span_id
    assert (told.parent_span_id, told.trace_id) == (cause.span_id, cause.trace_id)
    assert collector.named("search").parent_span_id == told.span_id
    assert attributes_of(told)["youworker.task"] == "chat.tasks.x"
    assert told.status.code == 2
    assert [tracing.take_cause(key) for key in ("lost", "a", "outside")] == [tracing.NONE] * 3


def test_a_collector_that_hangs_holds_nobody_up(collector, monkeypatch):
    collector.answers.clear()
    # All of this would wait for the collector, which answers only afterwards.
    with traced_to(collector.url, monkeypatch) as traced:
        for _ in range(5000):
            with tracing.span("run"):
                pass
        traced.stop()
        assert collector.bodies == []
        collector.answers.set()


def test_a_collector_that_is_away_is_told_once(monkeypatch, caplog):
    caplog.set_level(logging.INFO, "youworker.core.tracing.exporting")
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    with traced_to(f"http://127.0.0.1:{free_port()}", monkeypatch, seconds=0.1) as traced:
        assert not is_reachable()
        for _ in range(3):
            with tracing.span("run"):
                pass
            traced.provider.force_flush()

    assert [one for one in caplog.messages if "collector" in one] == [
        "the OpenTelemetry collector does not take spans (ConnectionError)"
    ]


def test_certificates_that_are_not_there_are_told(collector, monkeypatch, caplog):
    certificate = "/nowhere/ca.pem"
    https = collector.url.replace("http:", "https:")
    with (
        traced_to(https, monkeypatch, seconds=0.3, certificate=certificate) as traced,
        tracing.span("run"),
    ):
        with tracing.span("search"):
            pass
        traced.provider.force_flush()

    assert "the OpenTelemetry collector does not take spans" in caplog.text


def test_a_collector_that_refuses_is_told_and_one_that_is_back_too(traced, collector, caplog):
    caplog.set_level(logging.INFO, "youworker.core.tracing.exporting")
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    for status in (401, 401, 200, 200):
        collector.status = status
        assert is_reachable() == (status == 200)
        with tracing.span("run"):
            pass
        traced.provider.force_flush()

    assert len([one for one in caplog.messages if "does not take spans" in one]) == 2
    assert caplog.messages[-1].startswith("over: ")


def test_health_says_what_becomes_of_spans(collector, monkeypatch):
    assert check_collector() == {"endpoint": None}
    with override_config("tracing", endpoint=collector.url):
        assert check_collector() == {"endpoint": collector.url}
        collector.status = 400
        assert check_collector()["warning"]
        monkeypatch.setattr(beginning, "EXTRA", "opentelemetry.nowhere.at.all")
        with pytest.raises(LookupError, match=beginning.NOT_INSTALLED):
            check_collector()


def test_a_look_at_the_collector_logs_nothing_of_the_library(caplog):
    logging.getLogger("opentelemetry").setLevel(logging.NOTSET)

    with override_config("tracing", endpoint="http://127.0.0.1:9"):
        assert check_collector()["warning"]

    # Tracers of other tests may still be telling of theirs.
    assert [one.name for one in caplog.records if one.name.startswith("opentelemetry")] == []
