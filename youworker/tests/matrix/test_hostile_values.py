"""Values that nobody means, one at a time in every field and every parameter that is described."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from django.db import transaction
from rest_framework.serializers import Serializer, ValidationError

from youworker.tests.matrix.routes import ROWS
from youworker.tests.matrix.test_routes import url_of
from youworker.tests.support.openapi import openapi_document

pytestmark = pytest.mark.slow

# As they stand in the body, for not every one of them is a value of Python's.
VALUES = [
    *(r'"\u0000"', r'"a\u0000b"', r'"\ud800"', r'"\udfff\ud800"', '""', '" "', '"\u202e"'),
    *('"' + "x" * 70_000 + '"', '"%00"', '"../../etc/passwd"', '"https://[::1"', '"http://a:99999"'),
    *("1e999999", "-1e999999", "1e-999999", "99999999999999999999", "-9223372036854775809"),
    *("2147483648", "9" * 4000, "-1", "0", "1.5", '"1e999999"', '"NaN"', '"Infinity"', '"\u0661"'),
    *('"0001-01-01T00:00:00+14:00"', '"9999-12-31T23:59:59-14:00"', '"10000-01-01T00:00:00Z"'),
    *('"2026-02-30"', '"2026-01-01T00:00:00+99:99"', '"2026-01-01T25:61:61Z"', '"0000-00-00"'),
    *('"00000000-0000-0000-0000-000000000000"', "true", "null", "[]", "{}", "[[]]", "[null]"),
    *('[{"a": [1]}]', r'["\u0000"]', r'["\ud800"]', r'{"\ud800": "\u0000"}', '["a", "a"]'),
    "[1e999]",
    *('["' + '", "'.join(map(str, range(10_000))) + '"]', "[" * 400 + "]" * 400),
]  # fmt: skip
TEXTS = [
    *("%00", "a%00b", "%ff%fe", "%ed%a0%80", "%", "%zz", "", "%20", "x" * 5000, "%E2%80%AE", "-"),
    *("-1", "1e999999", "NaN", "inf", "99999999999999999999", "9" * 4400, "%D9%A1", "1.5", "0x10"),
    *("0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00", "2026-02-30", "null", "true"),
    *("../../etc/passwd", "%5B%5D", "%7B%7D", ",,,", "a,-a"),
    "00000000-0000-0000-0000-000000000000",
]  # fmt: skip
ROLES = {"managers": "group_admin", "leavers": "group_admin", "staff": "staff"}
MARK = "the value that is tried"
# The two make an answer for half a second, whatever is asked.
DEAR = {"v1/schema", "health/detailed"}
QUICK = [row for row in ROWS if row.path not in DEAR]
# What a server that is not there answers is no mistake of ours.
BROKEN = {500, 501, 502, 504}


def operation_of(row):
    """What the document says about a row; empty for pages that are not in it."""
    path = "/" + re.sub(r"<(?:uuid|int):([a-z_]+)>", r"{\1}", row.path)
    paths = {re.sub(r"{\w+}", "{}", each): each for each in openapi_document()["paths"]}
    known = paths.get(re.sub(r"{\w+}", "{}", path))
    return openapi_document()["paths"][known].get(row.method, {}) if known else {}


def resolved(schema):
    """A schema, with what it refers to put in its place."""
    schema = schema.get("allOf", [schema])[0]
    if "$ref" not in schema:
        return schema
    return openapi_document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]


def body_of(row):
    """The schema of the JSON a row takes."""
    content = operation_of(row).get("requestBody", {}).get("content", {})
    return resolved(content.get("application/json", {}).get("schema", {}))


LIKELY = {
    ("string", "date-time"): "2030-01-01T00:00:00Z",
    ("string", "uri"): "https://tools.example/mcp",
    ("string", "email"): "ada@corp.example",
    ("string", None): "a text",
    ("boolean", None): True,
}


def likely(schema, world):
    """A value that a field accepts."""
    schema = resolved(schema.get("oneOf", [schema])[0])
    kind, form = schema.get("type"), schema.get("format")
    kind = kind[0] if isinstance(kind, list) else kind
    if "enum" in schema:
        return schema["enum"][0]
    if form == "uuid":
        return str(world.document.pk)
    if kind == "array":
        return [likely(schema.get("items", {}), world)]
    if kind in {"integer", "number"}:
        return schema.get("minimum", 1)
    return LIKELY.get((kind, form), LIKELY.get((kind, None), {}))


@pytest.fixture
def client_for(client_as):
    """Give a browser of somebody who may do what a row says."""
    return lambda row: client_as(ROLES.get(row.access, "owner"))


def ask(client, method, url, **options):
    """What is answered, of which nothing stays; the body of a stream is not waited for."""
    with transaction.atomic():
        answer = client.generic(method.upper(), url, **options)
        transaction.set_rollback(True)
    return answer


@contextmanager
def refusals_of_fields():
    """Note the fields that refuse their values, as each does whatever the others hold."""
    check, refused = Serializer.to_internal_value, set()

    def noted(serializer, data):
        try:
            return check(serializer, data)
        except ValidationError as error:
            if serializer.parent is None:
                refused.update(error.detail)
            raise

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Serializer, "to_internal_value", noted)
        yield refused


def names_left(names, refused):
    """What is tried alone, too: what was taken may have been hidden by the others' refusals."""
    return [name for name in names if name not in refused] if len(names) > 1 else []


WRITES = [row for row in ROWS if row.method != "get"]


def test_fields_and_parameters_are_found_in_the_document():
    fields = [name for row in WRITES for name in body_of(row).get("properties", ())]
    parameters = [
        each["name"]
        for row in QUICK
        for each in operation_of(row).get("parameters", ())
        if each["in"] == "query"
    ]

    assert {"text", "title", "scopes", "expires_at", "rating"} <= set(fields)
    assert {"limit", "offset", "search", "ordering", "tag"} <= set(parameters)


@pytest.mark.parametrize("row", WRITES, ids=lambda row: row.name)
def test_no_value_of_a_field_is_a_mistake_of_ours(row, world, client_for):
    url, client, wrong = url_of(row, world), client_for(row), {}
    fields = body_of(row).get("properties", {})
    usual = {name: likely(field, world) for name, field in fields.items()}

    def tried(value, *names):
        body = json.dumps({**usual, **dict.fromkeys(names, MARK)}).replace(f'"{MARK}"', value)
        answer = ask(client, row.method, url, data=body, content_type="application/json")
        if answer.status_code in BROKEN:
            wrong[f"{names}: {value[:60]}"] = answer.content[:200]

    for value in VALUES if fields else ():
        with refusals_of_fields() as refused:
            tried(value, *fields)
        for name in names_left(list(fields), refused):
            tried(value, name)

    assert wrong == {}


@pytest.mark.parametrize("row", QUICK, ids=lambda row: row.name)
def test_no_text_in_a_query_is_a_mistake_of_ours(row, world, client_for):
    url, client, wrong = url_of(row, world), client_for(row), {}
    parameters = operation_of(row).get("parameters", ())
    names = [each["name"] for each in parameters if each["in"] == "query"]

    def tried(text, *names):
        answer = ask(client, row.method, f"{url}?" + "&".join(f"{name}={text}" for name in names))
        if answer.status_code in BROKEN:
            wrong[f"{names}={text[:80]}"] = answer.content[:200]

    for text in TEXTS if names else ():
        with refusals_of_fields() as refused:
            tried(text, *names)
        for name in names_left(names, refused):
            tried(text, name)

    assert wrong == {}


MANY = ("&".join(["a=1"] * 5000), "tag=" + "&tag=".join("x" * 3000), "=&&;=;&%&format=%00&page=-1")


@pytest.mark.parametrize("query", MANY)
def test_no_number_of_parameters_is_a_mistake_of_ours(query, world, client_for):
    found = {
        row.name: ask(client_for(row), row.method, f"{url_of(row, world)}?{query}") for row in QUICK
    }

    assert [name for name, answer in found.items() if answer.status_code in BROKEN] == []


# They come together, those that may be refused before the others are looked at first.
READ = (("Accept", "Last-Event-ID", "Range", "If-None-Match"), ("Range", "If-Range"))
WRITTEN = (("Accept", "Idempotency-Key", "Last-Event-ID", "Range", "If-None-Match"),)
ODD = (
    "\xff",
    "x" * 5000,
    "9" * 4400,
    "bytes=99999999999999999999-",
    "bytes=-",
    "a/b/c;q=1e999",
    "",
)


@pytest.mark.parametrize("row", QUICK, ids=lambda row: row.name)
def test_no_header_is_a_mistake_of_ours(row, world, client_for):
    url, client, wrong = url_of(row, world), client_for(row), {}
    body = json.dumps(row.body or {})

    def outcome_with(names, value):
        headers = dict.fromkeys(names, value)
        sent = {"headers": headers, "data": body, "content_type": "application/json"}
        answer = ask(client, row.method, url, **sent)
        if answer.status_code in BROKEN:
            wrong[f"{names}: {value[:40]}"] = answer.content[:200]
        refused = answer.status_code >= 400
        return answer.status_code, answer.content if refused else b""

    usual = outcome_with((), "")
    for names in READ if row.method == "get" else WRITTEN:
        for value in ODD:
            left = names
            while left and outcome_with(left, value) != usual:
                left = left[1:]

    assert wrong == {}


ID = "<uuid:"
NO_IDS = ("\0", "\ud7ff", "x" * 3000, "..", "0" * 36, "é", "%00", " ")


@pytest.mark.parametrize("row", [row for row in ROWS if ID in row.path], ids=lambda row: row.name)
def test_no_path_is_a_mistake_of_ours(row, client_for):
    found, client = {}, client_for(row)

    for text in NO_IDS:
        url = "/" + re.sub(r"<uuid:\w+>", quote(text, safe=""), row.path)
        found[text] = ask(client, row.method, url).status_code

    assert {text: status for text, status in found.items() if status not in (400, 404)} == {}
