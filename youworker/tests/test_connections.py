"""What clients may send, how much and how slowly, on a real connection."""

import json
import socket
import time
from contextlib import ExitStack

import pytest

from youworker.tests.serving import ask, speak

pytestmark = pytest.mark.slow

HOST = b"Host: localhost\r\n"
GOOD = b"Authorization: Bearer yw_good\r\n"
BAD = b"Authorization: Bearer yw_bad\r\n"
UPLOAD = b"POST /v1/ingestion/uploads HTTP/1.1\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNK = b"10000\r\n" + b"x" * 65536 + b"\r\n"
# A request that must never be carried out as a second one.
SMUGGLED = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"


def parts(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split(b" ")[1])
    lines = [line.split(b": ", 1) for line in head.split(b"\r\n")[1:]]
    return status, {name.lower().decode(): value.decode() for name, value in lines}, body


def refused(answer, status):
    assert answer.count(b"HTTP/1.1") == 1
    found, headers, body = parts(answer)
    assert found == status
    assert headers["x-correlation-id"]
    assert headers["connection"] == "close"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers
    return json.loads(body)["errors"][0]["code"]


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5\r\nContent-Length: 5\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Content-Length : 5\r\n",
        b"Content-Length: " + b"9" * 5000 + b"\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding:\r\n chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"X-Folded: a\r\n b\r\n",
        b"X-Line: a\nContent-Length: 5\r\n",
        b"Host: localhost\r\n",
        b"No colon\r\n",
    ],
)
def test_heads_that_two_servers_may_read_differently_are_refused(port, headers):
    answer = speak(port, b"POST / HTTP/1.1\r\n" + HOST + headers + b"\r\n0\r\n\r\n" + SMUGGLED)

    assert refused(answer, 400) == "bad_request"


@pytest.mark.parametrize("size", [b"zz", b"-1", b"0x5", b"+5", b"5 ", b"f" * 2000])
def test_chunks_of_no_size_are_refused(port, size):
    head = b"POST / HTTP/1.1\r\n" + HOST + GOOD + CHUNKED + b"\r\n"

    answer = speak(port, head + size + b"\r\nhello\r\n0\r\n\r\n" + SMUGGLED)

    assert refused(answer, 400) == "bad_request"


@pytest.mark.parametrize("head", [b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n", b"GET\r\n"])
def test_old_and_broken_requests_are_refused(port, head):
    assert refused(speak(port, head + b"\r\n0\r\n\r\n"), 400) == "bad_request"


def test_a_request_without_a_host_is_refused(port):
    assert refused(speak(port, b"GET / HTTP/1.1\r\n\r\n"), 400) == "bad_request"


def test_heads_have_a_size(port):
    start = b"GET / HTTP/1.1\r\n" + HOST
    many = b"".join(b"X-%d: 1\r\n" % n for n in range(101))
    long = b"".join(b"X-%d: %s\r\n" % (n, b"a" * 8000) for n in range(5))

    assert refused(speak(port, start + many + b"\r\n"), 431) == "headers_too_large"
    assert refused(speak(port, start + long + b"\r\n"), 431) == "headers_too_large"
    assert refused(speak(port, start + b"X: " + b"a" * 70_000), 431) == "headers_too_large"


@pytest.mark.parametrize("length", [9_000, 70_000])
def test_addresses_have_a_length(port, length):
    request = b"GET /" + b"a" * length + b" HTTP/1.1\r\n" + HOST + b"\r\n"

    assert refused(speak(port, request), 414) == "uri_too_long"


def test_packed_bodies_are_not_unpacked(port):
    request = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\n"

    assert refused(speak(port, request + b"hello"), 415) == "unsupported_media_type"


def test_a_body_that_grows_too_large_is_refused_while_it_arrives(port):
    head = b"POST / HTTP/1.1\r\n" + HOST + GOOD + CHUNKED + b"\r\n"

    assert refused(speak(port, head, *[CHUNK] * 40), 413) == "too_large"


def test_only_uploads_may_be_large(port):
    with_length = GOOD + b"Content-Length: 1500000\r\n\r\n"

    elsewhere = speak(port, b"POST /v1/search HTTP/1.1\r\n" + HOST + with_length)
    too_large = speak(port, UPLOAD + HOST + GOOD + b"Content-Length: 3000000\r\n\r\n")
    end = b"Connection: close\r\n"
    upload = speak(port, UPLOAD + HOST + end + with_length, b"x" * 1_500_000)

    assert refused(elsewhere, 413) == "too_large"
    assert refused(too_large, 413) == "too_large"
    assert parts(upload)[0] == 200
    assert b"1500000 " in upload


@pytest.mark.parametrize(
    ("path", "accept", "language", "heading"),
    [
        (b"/documents/add", b"text/html,*/*;q=1", b"it-IT,it;q=0.9", "È troppo in una volta sola"),
        (b"/documents/add", b"text/html", b"xx, en;q=0.1", "That is too much at once"),
        (b"/documents/add", b"text/html", b"a" * 3000, "That is too much at once"),
        (b"/documents/add", b"*/*", b"it", None),
        (b"/v1/search", b"text/html", b"it", None),
    ],
)
def test_people_are_told_on_a_page_what_was_too_large(port, path, accept, language, heading):
    head = b"POST " + path + b" HTTP/1.1\r\n" + HOST + GOOD + b"Content-Length: 1500000\r\n"

    answer = speak(
        port, head + b"Accept: " + accept + b"\r\nAccept-Language: " + language + b"\r\n\r\n"
    )

    status, headers, body = parts(answer)
    assert status == 413
    assert int(headers["content-length"]) == len(body)
    if heading is None:
        assert refused(answer, 413) == "too_large"
    else:
        assert headers["content-type"] == "text/html; charset=utf-8"
        assert f"<h1>{heading}</h1>" in body.decode()
        assert ' href="/">' in body.decode()
        assert "/youworker/css/base.css" in body.decode()
        assert "style-src 'self'" in headers["content-security-policy"]


def test_an_upload_in_chunks_arrives_whole(port):
    head = UPLOAD + HOST + b"Cookie: a=b; sessionid=good\r\nConnection: close\r\n" + CHUNKED
    answer = speak(port, head + b"\r\n", *[CHUNK] * 20, b"0\r\n\r\n")

    assert b"1310720 21" in answer


def test_the_size_of_a_body_in_chunks_is_known_in_the_end(port):
    head = b"POST /length HTTP/1.1\r\n" + HOST + b"Connection: close\r\n" + CHUNKED

    assert b"5 1" in speak(port, head + b"\r\n5\r\nhello\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    "secret", [b"", BAD, b"Cookie: sessionid=forged\r\n", b"X-API-Key: no\r\n"]
)
@pytest.mark.parametrize("size", [CHUNKED, b"Content-Length: 1500000\r\n"])
def test_strangers_cannot_upload(port, secret, size):
    answer = speak(port, UPLOAD + HOST + secret + size + b"\r\n", *[CHUNK] * 20)

    assert refused(answer, 401) == "not_authenticated"
    assert "Bearer" in parts(answer)[1]["www-authenticate"]


@pytest.mark.parametrize("secret", [BAD, b"Cookie: sessionid=forged\r\n"])
def test_a_forged_secret_is_looked_at_before_anything_large(port, secret):
    answer = speak(port, b"POST / HTTP/1.1\r\n" + HOST + secret + b"Content-Length: 99999\r\n\r\n")

    assert refused(answer, 401) == "not_authenticated"


def test_a_small_body_that_is_complete_is_answered_once(port):
    head = UPLOAD + HOST + BAD + CHUNKED + b"\r\n5\r\nhello\r\n0\r\n\r\n"
    last = b"GET / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"

    answer = speak(port, head + last)

    assert answer.count(b"HTTP/1.1 200") == answer.count(b"HTTP/1.1") == 2


def test_trouble_with_the_database_is_no_admission(port):
    secret = b"X-API-Key: yw_crash\r\n"
    answer = speak(port, UPLOAD + HOST + secret + CHUNKED + b"\r\n", *[CHUNK] * 20)

    assert refused(answer, 503) == "error"
    assert b"secret" not in answer


def test_nobody_moves_the_root(port):
    assert ask(port, "/root", **{"Daphne-Root-Path": "//evil.example"})[2] == b"'' 1"
    assert ask(port, "/root", **{"Daphne-Root-Path": "\xff"})[2] == b"'' 1"


UPGRADE = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
READ_AS_TEXT = [
    "Accept",
    "Accept-Language",
    "Authorization",
    "Content-Encoding",
    "Content-Type",
    "Cookie",
    "Expect",
    "Forwarded",
    "Idempotency-Key",
    "If-Modified-Since",
    "If-None-Match",
    "Last-Event-ID",
    "Origin",
    "Range",
    "Referer",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Protocol",
    "User-Agent",
    "X-API-Key",
    "X-Correlation-ID",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
]


@pytest.mark.parametrize("name", READ_AS_TEXT)
@pytest.mark.parametrize("upgrade", [b"", UPGRADE])
def test_bytes_of_no_text_in_a_header_are_no_mistake_of_ours(port, name, upgrade):
    head = f"{name}: ".encode() + b"\xff\xc3\r\nX-Correlation-ID: \xff\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(b"GET / HTTP/1.1\r\n" + HOST + upgrade + head)
        answer = client.recv(65536)

    assert int(answer.split(b" ")[1]) < 500


@pytest.mark.parametrize(
    ("start", "status"),
    [
        (b"GET /?q=\xff HTTP/1.1", 400),
        (b"GET /\xff HTTP/1.1", 400),
        (b"G\xffT / HTTP/1.1", 400),
        (b"GET /?" + b"a=1&" * 5000 + b" HTTP/1.1", 414),
    ],
)
def test_a_refusal_needs_no_readable_correlation_id(port, start, status):
    answer = speak(port, start + b"\r\n" + HOST + b"X-Correlation-ID: \xff\r\n\r\n")

    assert parts(answer)[0] == status


def test_a_packed_body_is_refused_in_words(port):
    packed = b"Content-Encoding: gzip\r\nX-Correlation-ID: \xff\r\n"
    answer = speak(port, b"GET / HTTP/1.1\r\n" + HOST + packed + b"\r\n")

    assert refused(answer, 415) == "unsupported_media_type"
    assert b"leave Content-Encoding out" in answer


def test_an_application_waits_for_a_client_that_does_not_read(port):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(b"GET /much HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        time.sleep(1)
        before = int(ask(port, "/sent")[2].split()[0])
        received = 0
        while piece := client.recv(1 << 20):
            received += len(piece)

    assert before < 500
    assert received > 1000 * 65536
    assert ask(port, "/sent")[2].split()[0] == b"999"


def test_strangers_cannot_send_much_anywhere(port):
    answer = speak(port, b"POST / HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\n", CHUNK, CHUNK)

    assert refused(answer, 401) == "not_authenticated"
    assert ask(port, body=b"x" * 60_000)[0] == 200


def test_nobody_is_asked_for_a_body_that_is_not_wanted(port):
    expecting = b"Expect: 100-continue\r\nContent-Length: 3000000\r\n\r\n"

    assert refused(speak(port, UPLOAD + HOST + GOOD + expecting), 413) == "too_large"


@pytest.mark.parametrize(
    "start",
    [
        b"GET / HTTP/1.1\r\nHost: loc",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhel",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
    ],
)
def test_a_request_that_stops_on_its_way_is_given_up(port, start):
    assert refused(speak(port, start), 408) == "request_timeout"


def trickle(port, start, piece):
    """Send a piece every half second until the server has had enough."""
    with socket.create_connection(("127.0.0.1", port), timeout=0.5) as client:
        client.sendall(start)
        for _ in range(60):
            try:
                if answer := client.recv(65536):
                    return answer
            except TimeoutError:
                client.sendall(piece)
    return b""


def test_a_head_that_trickles_is_given_up(port):
    answer = trickle(port, b"GET / HTTP/1.1\r\n" + HOST, b"X-A: b\r\n")

    assert refused(answer, 408) == "request_timeout"


def test_a_body_that_trickles_is_given_up(port):
    answer = trickle(port, b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 999\r\n\r\n", b"x")

    assert refused(answer, 408) == "request_timeout"


def test_a_connection_that_says_nothing_is_closed(port):
    assert speak(port) == b""


def test_requests_may_follow_each_other_on_a_connection(port):
    request = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello"
    last = b"GET / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"

    answer = speak(port, request + request + last)

    assert answer.count(b"HTTP/1.1 200") == 3
    assert answer.count(b"5 1") == 2


def test_one_address_cannot_take_every_connection(port):
    with ExitStack() as held:
        for _ in range(40):
            held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))

        assert refused(speak(port), 429) == "throttled"


def test_every_answer_carries_the_headers_for_browsers(port):
    status, headers, _body = ask(port)

    assert status == 200
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "strict-transport-security" not in headers
    assert "server" not in headers
