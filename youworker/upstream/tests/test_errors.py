"""What model servers say when something is wrong."""

import json
from base64 import b64encode
from dataclasses import replace
from urllib.parse import quote

import orjson
import pytest

from youworker.core.config import config
from youworker.upstream.errors import StatusError, pause, retry_after, said_by_server


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "a"}}, "a"),
        ({"error": "b"}, "b"),
        ({"detail": "c"}, "c"),
        ({"errors": [{"message": "e"}]}, "e"),
        ({"detail": [{"msg": "f", "loc": ["body"]}]}, "f"),
        ([{"error": {"message": "g"}}], "g"),
        ({"error": {"message": "", "code": 5}}, "{'message': '', 'code': 5}"),
        ({"odd": 1}, "{'odd': 1}"),
        ("d", "d"),
        (None, "no reason given"),
    ],
)
def test_reason_of_a_server_is_found_in_every_shape(body, said):
    assert said_by_server(body) == said


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (json.dumps({"error": {"message": "no such model"}}).encode(), "no such model"),
        (b"  plain words\n", "plain words"),
        (b"\xff", "\ufffd"),
        (b"", "status 404"),
        (b"null", "status 404"),
    ],
)
def test_reason_of_a_status_is_the_body_or_the_status_itself(content, reason):
    assert StatusError(404, {}, content).reason == reason


@pytest.mark.parametrize(
    "said",
    [
        "Incorrect API key provided: sk-proj-abc123def456.",
        "Unknown key gsk_1234567890abcdef",
        "bad header 'Authorization: Bearer abc123.def456'",
    ],
)
def test_secrets_in_a_reason_are_not_told(said):
    told = said_by_server({"error": said})

    assert "[key]" in told
    assert not any(part in told for part in ("abc123", "1234567890", "def456"))


def test_the_key_of_the_server_is_not_told():
    content = b'{"error": "no such key: plainwords"}'

    assert StatusError(401, {}, content, key="plainwords").reason == "no such key: [key]"
    assert said_by_server({"error": "key plainwords"}, key="plainwords") == "key [key]"
    assert said_by_server({"error": "a key"}, key="a") == "a key"


@pytest.mark.parametrize(
    "said", ["hf_hub_download failed", "Bearer authentication required", "task-specific"]
)
def test_words_that_are_no_secrets_are_told(said):
    assert said_by_server({"error": said}) == said


def test_a_reason_is_one_short_line_that_can_be_stored():
    told = said_by_server({"error": "a\x00b\n\n  c" + "x" * 2000})

    assert told.startswith("ab c")
    assert len(told) == 500


@pytest.mark.parametrize(
    ("status", "transient"), [(400, False), (404, False), (409, True), (429, True), (503, True)]
)
def test_only_some_statuses_may_pass(status, transient):
    assert StatusError(status, {}, b"").is_transient is transient


def test_pause_doubles_and_is_capped():
    retry = replace(config.retry, base_seconds=1.0, max_seconds=3.0)

    assert 0.75 <= pause(retry, 1, None) <= 1.25
    assert 1.5 <= pause(retry, 2, None) <= 2.5
    assert pause(retry, 9, None) == 3.0
    assert pause(retry, 1, 2.0) == 2.0


@pytest.mark.parametrize(
    ("value", "seconds"), [("2", 2.0), ("0.5", 0.5), ("-1", 0.0), ("Wed, 21 Oct", None)]
)
def test_retry_after_reads_seconds_only(value, seconds):
    assert retry_after({"retry-after": value}) == seconds


@pytest.mark.parametrize(
    "written",
    [
        lambda key: json.dumps(key)[1:-1].replace("/", r"\/"),
        lambda key: b64encode(f"Bearer {key}".encode()).decode(),
        lambda key: quote(key, safe=""),
        lambda key: key.encode().hex(),
    ],
    ids=["JSON of PHP", "base64 of a header", "an address", "hex"],
)
def test_the_key_of_the_server_is_not_told_in_other_letters_either(written):
    key = "aB3~/+ü word"
    told = written(key)

    status = StatusError(401, {}, orjson.dumps({"error": f"got {told}."}), key=key).reason
    in_stream = said_by_server({"error": f"got {told}."}, key=key)

    for reason in (status, in_stream):
        assert "[key]" in reason
        assert told not in reason
