"""Bodies that nobody sends by mistake: on every route that takes one, the sender is told."""

from __future__ import annotations

import zlib

import pytest
from django.conf import settings
from django.db import transaction
from rest_framework.test import APIClient

from youworker.tests.matrix.routes import ROWS
from youworker.tests.matrix.test_routes import url_of

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
DEEP = 5000
PART = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\na\r\n'
FIELD = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\na\r\n'
MULTIPART = "multipart/form-data; boundary=x"

UNREADABLE = {
    "nested lists": (JSON, b"[" * DEEP + b"]" * DEEP),
    "nested objects": (JSON, b'{"a":' * DEEP + b"1" + b"}" * DEEP),
    "nested, half the limit": (JSON, b'{"name":' + b"[" * 480 + b"]" * 480 + b"}"),
    "nested without an end": (JSON, b"[" * 100_000),
    "not UTF-8": (JSON, b'{"name": "\xff\xfe"}'),
    "another encoding": (JSON + "; charset=utf-16", '{"name": "a"}'.encode("utf-16")),
    "an encoding that unpacks": (JSON + "; charset=zlib_codec", zlib.compress(b"[1]")),
    "an unknown encoding": (JSON + "; charset=nonsense", b"\xff"),
    "a number without an end": (JSON, b'{"limit": ' + b"9" * 5000 + b"}"),
    "no number": (JSON, b'{"limit": NaN, "rating": Infinity}'),
    "half a surrogate pair": (JSON, rb'{"\ud800": "\udfff", "name": "\udfff"}'),
    "a null character": (JSON, rb'{"name": "\u0000", "text": "\u0000", "q": "\u0000"}'),
    "nothing": (JSON, b""),
    "null": (JSON, b"null"),
    "a list": (JSON, b"[1]"),
    "a text": (JSON, b'"a"'),
    "nested 50,000 deep": (JSON, b"[" * 50_000 + b"]" * 50_000),
    "nested 50,000 deep, by name": (JSON, b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
    "infinite": (JSON, b'{"limit": 1e999999, "rating": -1e999999}'),
    "beyond a bigint": (JSON, b'{"limit": 9223372036854775808, "rating": -99999999999999999999}'),
    "a byte order mark": (JSON, b"\xef\xbb\xbf{}"),
    "a charset of no letters": (JSON + "; charset=\xff\x80", b"{}"),
    "no type at all": ("", b"{}"),
    "a type of no shape": ("a/b/c; ;;=", b"{}"),
    "two boundaries": ("multipart/form-data; boundary=x; boundary=y", PART + b"--x--\r\n"),
    "another boundary": ("multipart/form-data; boundary=y", PART + b"--x--\r\n"),
    "a boundary too long": (f"multipart/form-data; boundary={'x' * 500}", PART),
    "a boundary of no letters": ('multipart/form-data; boundary="\xe9"', PART),
    "parts in UTF-7": (MULTIPART + "; charset=utf-7", FIELD + b"--x--\r\n"),
    "a part without a name": (MULTIPART, FIELD.replace(b'; name="a"', b"") + b"--x--\r\n"),
    "a part with many headers": (
        MULTIPART,
        FIELD.replace(b"\r\n\r\n", b"\r\n" + b"X-A: b\r\n" * 20_000 + b"\r\n", 1) + b"--x--\r\n",
    ),
    "a part in broken base64": (
        MULTIPART,
        PART.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n", 1)
        + b"--x--\r\n",
    ),
    "a file name in no encoding": (
        MULTIPART,
        PART.replace(b'filename="a.txt"', b"filename*=bogus''a%ff") + b"--x--\r\n",
    ),
    "a file name with a null": (MULTIPART, PART.replace(b"a.txt", b"a\0.txt") + b"--x--\r\n"),
    "parts without heads": (MULTIPART, b"--x\r\n\r\n\r\n" * 5000 + b"--x--\r\n"),
    "5,000 fields": (MULTIPART, FIELD * 5000 + b"--x--\r\n"),
    "5,000 values": (FORM, b"a=1&" * 5000),
    "a form of no text": (FORM, b"name=%ff%fe&title=\xff&password=%00&csrfmiddlewaretoken=%00"),
    "no boundary": ("multipart/form-data", PART),
    "a broken boundary": ("multipart/form-data; boundary=\x00", PART),
    "an end too early": (MULTIPART, PART[:40]),
    "parts in an encoding that unpacks": (MULTIPART + "; charset=zlib_codec", FIELD + b"--x--\r\n"),
    "too many files": (MULTIPART, PART * 2001 + b"--x--\r\n"),
    "too many fields": (MULTIPART, FIELD * 2001 + b"--x--\r\n"),
    "too many values": (FORM, b"a=1&" * 2001),
    "values in an encoding that unpacks": (FORM + "; charset=zlib_codec", b"a=1"),
}
WRITES = [row for row in ROWS if row.method != "get"]


def browser(user):
    """A client with a session, whose token is looked for in the form that it sends."""
    client = APIClient(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(user)
    client.cookies[settings.CSRF_COOKIE_NAME] = "t" * 32
    return client


def program(client_as, row):
    """A client with a key that may do this."""
    return client_as("staff_key:admin" if row.scope == "admin" else f"key:{row.scope}")


@pytest.mark.slow
@pytest.mark.parametrize("row", WRITES, ids=lambda row: row.name)
def test_no_body_is_a_mistake_of_ours(row, world, client_as):
    url, wrong = url_of(row, world), {}
    # A key where one is enough: a session's token would be looked for first.
    client = program(client_as, row) if row.scope else browser(world.staff)

    for name, (content_type, body) in UNREADABLE.items():
        with transaction.atomic():
            answer = client.generic(row.method.upper(), url, body, content_type=content_type)
            transaction.set_rollback(True)
        if answer.status_code == 500:
            wrong[name] = (answer.status_code, answer.content)

    assert wrong == {}


@pytest.mark.slow
@pytest.mark.parametrize("client", [browser, None])
def test_too_many_files_are_counted_out(client, world, client_as):
    sender = client(world.owner) if client else client_as("key:documents.write")
    content_type, body = UNREADABLE["too many files"]

    answer = sender.post("/v1/ingestion/uploads", body, content_type=content_type)

    assert answer.status_code == 413
    assert answer.json() == {
        "type": "client_error",
        "errors": [
            {"code": "too_large", "detail": "A request has at most 2,000 files.", "attr": None}
        ],
    }


@pytest.mark.parametrize("name", ["nested lists", "nested objects", "not UTF-8", "no number"])
def test_json_that_cannot_be_read_is_a_refusal_with_a_reason(name, client_as):
    content_type, body = UNREADABLE[name]

    answer = client_as("key:chat").post("/v1/sessions", body, content_type=content_type)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "parse_error"
    assert answer.json()["errors"][0]["detail"].startswith("JSON parse error - ")
