"""Log lines."""

import io
import json
import logging
import logging.config

import pytest
from django.test import RequestFactory

from youworker.core import logs, request_context


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
    assert "GET /ws" in text


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


def test_libraries_that_quote_what_servers_answer_are_quiet(monkeypatch):
    chosen = {}
    monkeypatch.setattr(logging.config, "dictConfig", chosen.update)
    logs.configure({"level": "DEBUG", "format": "json"})

    levels = {name: each["level"] for name, each in chosen["loggers"].items()}
    assert levels["mcp.client"] == "CRITICAL"
    assert levels["httpcore2"] == "WARNING"
