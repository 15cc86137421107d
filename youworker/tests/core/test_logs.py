"""Log lines."""

import io
import json
import logging
import logging.config

import pytest
from django.db import connections
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.log import log_response

from accounts.tests.factories import UserFactory
from chat.tasks import sweep_runs
from youworker.core import logs, request_context
from youworker.core.ids import uuid7
from youworker.core.metrics import process, tasks
from youworker.core.postgres import slow_queries
from youworker.server import request_lines
from youworker.tasks import purge_deleted
from youworker.tests.support.configuring import override_config


@pytest.fixture
def lines(monkeypatch):
    """Log through a handler of the product's own; gives the lines as objects."""
    chosen = {}
    monkeypatch.setattr(logging.config, "dictConfig", chosen.update)
    logs.configure({"level": "INFO", "format": "json"})
    made = dict(chosen["formatters"]["structured"])
    handler = logging.StreamHandler(stream := io.StringIO())
    handler.setFormatter(made.pop("()")(**made))
    logger = logging.getLogger("test.of.logs")
    logger.propagate = False
    logger.addHandler(handler)
    logger.setLevel("INFO")
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)


def test_a_line_is_an_object_with_time_level_name_and_id(lines):
    token = request_context.current.set("trace-1")
    logging.getLogger("test.of.logs").info("hello %s", "you", extra={"rows": 3})
    request_context.current.reset(token)

    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "hello you",
        "level": "info",
        "logger": "test.of.logs",
        "rows": 3,
        "correlation_id": "trace-1",
    }


def test_secrets_are_cut_out_of_messages_extras_and_traces(lines):
    key = "yw_abcdefgh" + "Z" * 35
    logger = logging.getLogger("test.of.logs")
    logger.info("key %s", key, extra={"header": f"Bearer {'t' * 40}"})
    try:
        raise ValueError(key)  # noqa: TRY301
    except ValueError:
        logger.exception("failed")

    text = json.dumps(lines())
    assert "Z" * 20 not in text
    assert "t" * 20 not in text
    assert "yw_abcdefgh" in text
    assert "ValueError" in text


@pytest.mark.parametrize("key", ["yw_-_abcdef" + "Z" * 35, "yw_abcdefg-" + "Z-" * 20])
def test_keys_are_cut_whatever_they_begin_with(lines, key):
    logging.getLogger("test.of.logs").info("this is %s", key, extra={"nested": {"key": [key]}})

    text = json.dumps(lines())
    assert "ZZ" not in text
    assert "Z-Z" not in text
    assert key[:11] in text


def test_requests_are_logged_without_what_their_addresses_carry(lines):
    request = RequestFactory().get("/ws", {"ticket": "T" * 43, "api_key": "K" * 43, "page": "2"})

    logging.getLogger("test.of.logs").error("failed", extra={"request": request})

    text = json.dumps(lines())
    assert "TTT" not in text
    assert "KKK" not in text
    assert "/ws" not in text
    assert "GET (unmatched)" in text


def test_lines_outside_any_work_have_no_id(lines):
    request_context.forget()

    logging.getLogger("test.of.logs").warning("alone")

    assert "correlation_id" not in lines()[0]


def test_what_somebody_looked_for_is_not_in_the_line_about_a_refused_request(lines):
    request = RequestFactory().get("/v1/sessions?search=layoffs&code=sesame")
    logging.getLogger("test.of.logs").warning(
        "Bad Request: %s", request.path, extra={"request": request, "status_code": 400}
    )

    (line,) = lines()
    assert "layoffs" not in json.dumps(line)
    assert "sesame" not in json.dumps(line)
    assert line["request"] == "GET /v1/sessions"


@pytest.mark.parametrize("path", ["/v1/nowhere/layoffs", "/v1/nowhere/layoffs-é", "/"])
def test_addresses_that_fit_nothing_are_in_no_part_of_a_line(lines, path):
    request = RequestFactory().get(path)
    log_response(
        "%s: %s",
        "Not Found",
        request.path,
        response=HttpResponse(status=404),
        request=request,
        logger=logging.getLogger("test.of.logs"),
    )

    (line,) = lines()
    assert "layoffs" not in json.dumps(line)
    assert line["event"].startswith("Not Found: ")
    assert line["request"] == ("GET /" if path == "/" else "GET (unmatched)")


def test_a_matched_address_is_told_by_its_pattern(lines):
    pk = uuid7()
    request = RequestFactory().get(f"/v1/sessions/{pk}")
    logging.getLogger("test.of.logs").error("Gone: %s", request.path, extra={"request": request})

    (line,) = lines()
    assert line["event"] == "Gone: /v1/sessions/<uuid:pk>"
    assert line["request"] == "GET /v1/sessions/<uuid:pk>"


def test_libraries_that_quote_what_servers_answer_are_quiet(monkeypatch):
    chosen = {}
    monkeypatch.setattr(logging.config, "dictConfig", chosen.update)
    logs.configure({"level": "DEBUG", "format": "json"})

    levels = {name: each["level"] for name, each in chosen["loggers"].items()}
    assert levels["mcp.client"] == "CRITICAL"
    # Refusals; each has a line of ours.
    assert levels["django.request"] == "ERROR"
    assert levels["httpcore2"] == "WARNING"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("wanted", "stream", "chosen"),
    [
        ("auto", Terminal(), "console"),
        ("auto", io.StringIO(), "json"),
        ("json", Terminal(), "json"),
        ("console", io.StringIO(), "console"),
    ],
)
def test_lines_are_for_people_in_a_terminal_and_json_elsewhere(wanted, stream, chosen):
    assert logs.choose_format(wanted, stream) == chosen


@pytest.fixture
def slow_lines(lines, monkeypatch):
    """What is logged of statements that take longer than nothing."""
    monkeypatch.setattr(slow_queries, "logger", logging.getLogger("test.of.logs"))
    return lines


def carry_out(sql, params=(), *, fails=False, limit=0.0):
    def execute(*_):
        if fails:
            raise ValueError(params)
        return "rows"

    return slow_queries.SlowQueries(limit)(execute, sql, params, None, {})


def test_a_slow_statement_is_told_without_its_values(slow_lines):
    sql = "SELECT *\n  FROM notes WHERE title = %s AND kind = 'it''s secret' AND n = ANY(%s)"
    assert carry_out(sql, ["hidden"]) == "rows"

    (line,) = slow_lines()
    assert (
        line["statement"] == "SELECT * FROM notes WHERE title = %s AND kind = '…' AND n = ANY(%s)"
    )
    assert line["level"] == "warning"
    assert line["duration_ms"] >= 0


def test_a_statement_that_fails_slowly_is_told_too(slow_lines):
    with pytest.raises(ValueError, match="hidden"):
        carry_out("SELECT %s", ["hidden"], fails=True)

    assert [line["statement"] for line in slow_lines()] == ["SELECT %s"]
    assert "hidden" not in json.dumps(slow_lines())


def test_fast_statements_and_what_is_no_text_say_little(slow_lines):
    carry_out("SELECT 1", limit=3600)
    carry_out(object())
    carry_out("x" * 10_000)

    assert [len(line["statement"]) for line in slow_lines()] == [6, slow_queries.LONGEST_SHOWN]


@pytest.mark.django_db
def test_connections_watch_their_statements_unless_that_is_switched_off():
    def watched(**settings):
        with override_config("api", **settings):
            wrapper = connections.create_connection("default")
        return [each.limit for each in wrapper.execute_wrappers]

    assert watched(log_slow_query_ms=250) == [0.25]
    assert watched(log_slow_query_ms=0) == []


@pytest.fixture
def request_lines_told(lines, monkeypatch):
    monkeypatch.setattr(request_lines, "logger", logging.getLogger("test.of.logs"))
    return lines


@pytest.mark.django_db
def test_a_request_is_one_line_with_ids_and_without_its_path(request_lines_told, client):
    user = UserFactory()
    client.force_login(user)
    pk = uuid7()

    client.get(f"/v1/sessions/{pk}?search=layoffs", headers={"X-Correlation-ID": "trace-2"})
    client.get("/v1/layoffs/are-secret")
    client.get("/health/live")

    found, missing = request_lines_told()
    assert found.pop("duration_ms") > 0
    assert found.pop("timestamp")
    assert found == {
        "event": "request",
        "level": "info",
        "logger": "test.of.logs",
        "method": "GET",
        "route": "v1/sessions/<uuid:pk>",
        "pk": str(pk),
        "status": 404,
        "user_id": str(user.pk),
        "correlation_id": "trace-2",
    }
    assert missing["route"] == "unmatched"
    assert "layoffs" not in json.dumps([found, missing])


@pytest.fixture
def task_lines(lines, monkeypatch):
    monkeypatch.setattr(tasks, "logger", logging.getLogger("test.of.logs"))
    return lines


@pytest.mark.parametrize(
    ("state", "result"), [("SUCCESS", "succeeded"), ("FAILURE", "failed"), ("ODD", "other")]
)
def test_a_task_is_one_line_and_says_that_workers_work(task_lines, state, result):
    tasks.sync_redis().delete(tasks.shared.HEARTBEAT)
    token = request_context.current.set("trace-3")
    tasks.note_begin("one")
    request_context.current.reset(token)

    tasks.report_task("one", purge_deleted, state=state)

    (line,) = task_lines()
    assert line["duration_ms"] >= 0
    assert (line["event"], line["task"], line["task_id"], line["result"]) == (
        "task",
        "youworker.tasks.purge_deleted",
        "one",
        result,
    )
    assert line["correlation_id"] == "trace-3"
    assert tasks.begun == {}
    assert float(tasks.sync_redis().get(tasks.shared.HEARTBEAT)) > 1e9


def test_looks_for_work_every_few_seconds_are_worth_a_line_when_they_fail(task_lines):
    for state in ("SUCCESS", "FAILURE"):
        tasks.report_task("two", sweep_runs, state=state)

    assert [line["result"] for line in task_lines()] == ["failed"]


async def test_an_application_that_is_no_view_has_one_line_an_answer(request_lines_told):
    sent = []

    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 202})
        await send({"type": "http.response.body", "body": b"secret"})

    async def send(message):
        sent.append(message["type"])

    told = request_lines.RequestLinesASGI(application, "mcp")
    await told({"type": "http", "method": "POST", "path": "/mcp"}, None, send)

    (line,) = request_lines_told()
    assert (line["method"], line["route"], line["status"]) == ("POST", "mcp", 202)
    assert sent == ["http.response.start", "http.response.body"]


def test_what_is_refused_before_any_view_is_counted_but_fills_no_log(request_lines_told):
    def refused():
        found = process.registry.get_sample_value(
            "youworker_http_requests_total",
            {"method": "other", "route": "refused", "status": "4xx"},
        )
        return found or 0

    before = refused()
    request_lines.report_answer("HACK\n", request_lines.REFUSED, 403, 0.0)

    assert refused() == before + 1
    assert request_lines_told() == []
