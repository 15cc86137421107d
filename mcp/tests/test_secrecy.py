"""What is left out of the words of tool servers, and what stays."""

from __future__ import annotations

import json
import re
import time
from base64 import b64encode, encodebytes, urlsafe_b64encode
from functools import partial
from urllib.parse import quote, quote_plus

import pytest

from mcp.calls import ToolFile
from mcp.descriptions import Endpoint, FoundTool, Listing
from mcp.results import read_result
from mcp.secrecy import (
    CALLED_KEY,
    NAMED_LIKE_A_KEY,
    files_without,
    hide_in_listing,
    keys_of,
    result_without,
    secrets_of,
    without_secrets,
)

KEY = "sk-Abc/123+XYZ"


def given(**env: str) -> Endpoint:
    return Endpoint("s", "stdio", env=tuple(env.items()))


def read(endpoint, result, *, limit=10_000):
    return read_result(
        result, limit=limit, hide=partial(result_without, endpoint, keys_of(endpoint))
    )


@pytest.mark.parametrize(
    "name",
    [
        *("Authorization", "Proxy-Authorization", "AUTHORISATION", "OAUTH", "X-Auth", "Cookie"),
        *("API_KEY", "X-Api-Key", "apikey", "DB_PASS", "PGPASSWORD", "MYSQL_PWD", "GITHUB_PAT"),
        *("GITHUB_TOKEN", "CLIENT_SECRET", "CREDENTIALS", "SENTRY_DSN", "KEY", "PASSPHRASE"),
    ],
)
def test_called_a_key(name):
    assert CALLED_KEY.search(name)


@pytest.mark.parametrize(
    "name",
    [
        *("GIT_AUTHOR_NAME", "AUTHORITY", "KEYBOARD", "KEYWORD_FIELD", "CREDIT_LIMIT", "PATH"),
        *("COMPASS_HEADING", "PASSENGERS", "DIRECTORY", "COMPATIBLE", "LANG"),
    ],
)
def test_not_called_a_key(name):
    assert not CALLED_KEY.search(name)


def test_the_token_behind_a_scheme_is_left_out_of_a_successful_answer():
    endpoint = Endpoint("s", "http", headers=(("Authorization", f"Bearer {KEY}"),))

    outcome = read(endpoint, {"content": f"sent {KEY}", "structuredContent": {"sent": KEY}})

    assert (outcome.text, outcome.structured) == ("sent …", {"sent": "…"})


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("The postgres of postgresql, postgresPOSTGRES", "The … of postgresql, postgresPOSTGRES"),
        ("PGPASSWORD=postgres", "PGPASSWORD=…"),
        ("postgres_1 (postgres)", "…_1 (…)"),
        ('"a\\npostgres\\tb"', '"a\\n…\\tb"'),
        ("p%20postgres", "p%20…"),
        ("Postgres", "Postgres"),
    ],
)
def test_a_key_that_is_a_word_is_left_out_as_a_whole_word_only(told, shown):
    assert keys_of(given(PGPASSWORD="postgres")).text(told) == shown


def test_names_keep_words_and_lose_keys_without_losing_a_value():
    endpoint = given(PASSWORD="password", TOKEN=KEY, OTHER_TOKEN="Other-12345")
    data = {"password": "password", KEY: 1, "Other-12345": 2, "…": 3, "n": [KEY, None, 1.5]}

    shown = keys_of(endpoint).data(data)

    assert shown["password"] == "…"
    assert list(shown.values()) == ["…", 1, 2, 3, ["…", None, 1.5]]
    assert KEY not in json.dumps(list(shown))


def test_data_in_which_no_key_stands_is_the_same():
    data = {"a": ["b" * 100]}

    assert keys_of(given(TOKEN=KEY)).data(data) is data


def test_the_password_in_an_address_is_a_key_whatever_it_is_called():
    endpoint = given(
        DATABASE_URL="postgresql://jo:pa%2Fss-word@db/x", CACHE="redis://:postgres@cache"
    )
    told = "jo:pa%2Fss-word@db, pa/ss-word, redis://:postgres@cache, the postgres at db"

    shown = keys_of(endpoint).text(told)

    assert shown == "jo…db, …, redis://…cache, the postgres at db"


def lower_escapes(text):
    return re.sub("%..", lambda found: found[0].lower(), quote(text, safe=""))


def base64_with_line(text):
    return b64encode(f"Authorization: {text}".encode()).decode()


ENCODINGS = {
    "base64": lambda text: b64encode(text.encode()).decode(),
    "base64 behind one byte": lambda text: b64encode(f"x{text}".encode()).decode(),
    "base64 behind two bytes": lambda text: b64encode(f"xy{text}!".encode()).decode(),
    "base64 within a header": base64_with_line,
    "base64 of addresses": lambda text: urlsafe_b64encode(f"?{text}>".encode()).decode(),
    "base64 of a letter": lambda text: encodebytes(b"-" * 50 + text.encode()).decode().strip(),
    "base64 of a letter in JSON": lambda text: json.dumps(
        encodebytes(b"-" * 50 + text.encode()).decode().strip()
    ),
    "base64 of a letter, set in": lambda text: (
        encodebytes(b"-" * 50 + text.encode()).decode().strip().replace("\n", "\r\n    ")
    ),
    "hex": lambda text: text.encode().hex(),
    "hex of a dump": lambda text: text.encode().hex(" "),
    "hex of a fingerprint": lambda text: text.encode().hex(":").upper(),
    "capital hex": lambda text: text.encode().hex().upper(),
    "an address": lambda text: quote(text, safe=""),
    "an address with small digits": lower_escapes,
    "a path": quote,
    "a form": quote_plus,
    "JSON of Python": json.dumps,
    "JSON of PHP": lambda text: json.dumps(text).replace("/", r"\/"),
}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize("key", [KEY, "aB3~/+ü 9?>xyz", "0123456789abcdef01234567"])
def test_an_encoded_key_is_left_out(encode, key):
    encoded = encode(key)

    outcome = read(given(TOKEN=key), {"content": f"a {encoded} b", "structuredContent": [encoded]})

    (data,) = outcome.structured
    assert outcome.text.startswith("a ")
    assert outcome.text.endswith(" b")
    for told in (outcome.text, data):
        assert "…" in told
        # A letter beside the key may tell a few bits of its first or last byte.
        assert len(told.replace("a ", "").replace(" b", "")) < len(encoded) - len(key) + 4


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_what_is_another_key_stays_however_it_is_encoded(encode):
    told = encode(KEY.replace("X", "Y"))

    assert keys_of(given(TOKEN=KEY)).text(told) == told


def test_a_file_in_which_an_encoded_key_stands_is_left_out():
    inside = b64encode(f"user:{KEY}".encode())
    files = [ToolFile("a", "", b64encode(b"\0" + inside).decode())]

    assert files_without(keys_of(given(TOKEN=KEY)), files) == ()


def test_the_name_and_password_of_a_basic_scheme_are_left_out():
    pair = f"jo:{KEY}"
    value = f"Basic {b64encode(pair.encode()).decode()}"
    endpoint = Endpoint("s", "http", headers=(("Authorization", value),))

    for keys in (keys_of(endpoint), secrets_of(endpoint)):
        assert keys.text(f"{value}, {pair}, {KEY}, jo") == "…, …, …, jo"


@pytest.mark.parametrize("value", ["Basic", "Basic ?", "Basic a", "Basic /w==", "Basics dGVzdA=="])
def test_a_basic_scheme_that_is_none_hides_nothing_else(value):
    endpoint = Endpoint("s", "http", headers=(("X-Scheme", value),))

    assert keys_of(endpoint).text(f"{value} test") == f"{value} test"


def test_a_failure_does_not_tell_the_password_in_an_address_either():
    endpoint = given(DATABASE_URL="postgresql://jo:pa%2Fss-word@db/x")

    told = without_secrets(endpoint, "postgresql://jo:pa%2Fss-word@db:5432, pa/ss-word")

    assert told == "postgresql://jo…db:5432, …"


@pytest.mark.parametrize("value", ["http://[", "x://:@y", "://", "http://a:b@c", "no address"])
def test_an_address_that_is_none_hides_nothing(value):
    assert keys_of(given(URL=value)).text(f"{value} b a") == f"{value} b a"


def test_no_half_of_a_key_is_left_where_an_answer_is_cut():
    told = "x" * 1020 + KEY + "y" * 1000

    outcome = read(given(TOKEN=KEY), {"content": told}, limit=1024)

    assert "was cut" in outcome.text
    assert KEY[:3] not in outcome.text


def test_a_failure_tells_no_value_in_its_data_either():
    endpoint = given(FOLDER="/srv/x-1")

    failed = {"isError": True, "content": "no /srv/x-1", "structuredContent": {"at": "/srv/x-1"}}
    outcome = read(endpoint, failed)
    fine = read(endpoint, {**failed, "isError": False})

    assert (outcome.text, outcome.structured) == ("no …", {"at": "…"})
    assert (fine.text, fine.structured) == ("no /srv/x-1", {"at": "/srv/x-1"})


def test_names_of_files_and_their_addresses_have_no_key():
    resource = {"uri": f"file:///srv/{quote(KEY, safe='')}.bin", "blob": "AAAA"}

    outcome = read(given(TOKEN=KEY), {"content": [{"type": "resource", "resource": resource}]})

    assert outcome.text == "[file file:///srv/….bin]"
    assert [file.name for file in outcome.files] == ["….bin"]


def test_a_file_in_which_a_key_stands_is_left_out():
    with_key, without = (b64encode(body).decode() for body in (f"\0{KEY}".encode(), b"\0"))
    files = [ToolFile("a", "", with_key), ToolFile(f"b {KEY}", "", without), ToolFile("c", "", "x")]

    kept = files_without(keys_of(given(TOKEN=KEY)), files)

    assert [file.name for file in kept] == ["b …", "c"]


def test_a_listing_has_no_key_and_keeps_what_it_is_called_by():
    schema = {
        "type": "object",
        "properties": {"password": {"type": "string", "default": KEY}},
        "required": ["password"],
    }
    deep = json.loads("[" * 300 + "]" * 300)
    about = {"description": f"Speaks with {KEY}", "reads_only": True, "stays_inside": True}
    tools = [
        FoundTool("fine", input_schema=schema, output_schema={"const": KEY}, **about),
        FoundTool(f"use {KEY}", input_schema={}, **about),
        FoundTool("deep", input_schema={"d": deep, "s": "\ud800"}, **about),
    ]
    listing = Listing(tools, refused=[(KEY, f"{KEY} is bad")], mended=[("fine", f"no {KEY}")])

    hide_in_listing(given(TOKEN=KEY, PASSWORD="password", API_KEY="required"), listing)

    first, second = listing.tools
    assert first.description == second.description == "Speaks with …"
    assert first.input_schema["properties"] == {"password": {"type": "string", "default": "…"}}
    assert first.input_schema["required"] == ["password"]
    assert first.output_schema == {"const": "…"}
    assert listing.refused == [("…", "… is bad"), ("use …", NAMED_LIKE_A_KEY)]
    assert listing.mended == [("fine", "no …")]


def test_a_failure_keeps_words_that_a_value_is_part_of():
    told = without_secrets(given(LOG_LEVEL="info"), "more information at level info")

    assert told == "more information at level …"


def seconds(work) -> float:
    """How much of the processor some work takes at best."""
    found = []
    for _ in range(3):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


@pytest.mark.parametrize("unit", ["a", "aaaaaaab ", "sk-", "\\n", "%20"])
def test_many_keys_and_long_answers_take_time_in_proportion(unit):
    values = {f"TOKEN_{n}": f"{'a' * n}-{n:08}" for n in range(40)}
    words = {f"WORD_KEY_{n}": chr(97 + n) * 8 for n in range(10)}
    keys = keys_of(given(**values, **words))
    short, long = unit * (50_000 // len(unit)), unit * (400_000 // len(unit))

    # Eight times as long: what is quadratic takes sixty-four times as long.
    assert seconds(lambda: keys.text(long)) < 30 * max(seconds(lambda: keys.text(short)), 0.0005)
