"""A reranker of every dialect, a hostile one, a slow one, and none."""

import json
import logging
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from accounts.tests.factories import UserFactory
from documents.search import reranking, search
from documents.search.rerank_answers import UnusableAnswer, scores_of, spread
from documents.tests.factories import DocumentFactory, write

pytestmark = pytest.mark.django_db

PASSAGES = ["penguins one", "penguins two", "penguins three"]


@contextmanager
def served(answer):
    """A loopback server: `answer(path, body)` gives a status and a page, or pieces of one."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((self.path, body, self.headers.get("Authorization")))
            status, page = answer(self.path, body)
            with suppress(ConnectionError):
                self.send_response(status)
                if status in {302, 307}:
                    self.send_header("Location", page)
                    page = b""
                self.end_headers()
                pieces = [page] if isinstance(page, bytes) else page
                for piece in pieces:
                    self.wfile.write(piece)

        def log_message(self, *args):
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def as_json(value):
    return json.dumps(value).encode()


def liking(word):
    """Scores that put what has a word first."""
    return lambda texts: [0.9 if word in text else 0.1 for text in texts]


def jina(texts, score):
    rows = [{"index": n, "relevance_score": one} for n, one in enumerate(score(texts))]
    return {"model": "m", "results": sorted(rows, key=lambda row: -row["relevance_score"])}


def cohere(path, body):
    if path != "/v1/rerank" or "texts" in body:
        return 404, b""
    return 200, as_json(jina(body["documents"], liking("three")))


def llama(path, body):
    """Logits, in no order, without `/v1` as well."""
    rows = [
        {"index": n, "relevance_score": 5.0 if "three" in text else -7.5 - n}
        for n, text in enumerate(body["documents"])
    ]
    return 200, as_json({"object": "list", "results": rows[::-1], "usage": {}})


def vllm(path, body):
    """Sends the passages back."""
    found = jina(body["documents"], liking("three"))
    for row in found["results"]:
        row["document"] = {"text": body["documents"][row["index"]]}
    return 200, as_json(found)


def tei(path, body):
    if path != "/rerank":
        return 404, b""
    if "texts" not in body:
        return 422, as_json({"error": "missing field `texts`", "error_type": "Validation"})
    rows = [{"index": n, "score": one} for n, one in enumerate(liking("three")(body["texts"]))]
    return 200, as_json(rows[::-1])


def legacy(path, body):
    return 200, as_json({"data": [{"index": 2, "score": 3}, {"index": 0, "score": 1}]})


@pytest.fixture(autouse=True)
def _nothing_known():
    """What a server of another test liked means nothing."""
    reranking.reranker_of.cache_clear()
    yield
    reranking.reranker_of.cache_clear()


@pytest.fixture
def user():
    user = UserFactory()
    for text in PASSAGES:
        write(DocumentFactory(owner=user, title=""), text)
    return user


def ask(user, **options):
    return search("penguins", mode="keyword", actor=user, **options)


def order(answer):
    return [hit.text for hit in answer.results]


@pytest.mark.parametrize("dialect", [cohere, llama, vllm, tei])
@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/", "/rerank", "/v1/rerank"])
def test_every_dialect_is_understood_at_every_address(user, configured, dialect, suffix):
    with served(dialect) as (url, asked):
        configured("vector", rerank_base_url=url + suffix, rerank_model="m", rerank_api_key="k")
        first, second = ask(user), ask(user)

    assert first.reranked
    assert second.reranked
    assert order(first)[0] == order(second)[0] == "penguins three"
    assert sorted(order(first)) == sorted(PASSAGES)
    assert {auth for _, _, auth in asked} == {"Bearer k"}
    assert asked[-1][1]["model"] == "m"
    # What worked is asked at once the next time.
    assert len(asked) <= 5
    assert first.took["rerank"] > 0


def test_scores_are_told_and_lie_between_0_and_1(user, configured):
    with served(llama) as (url, _):
        configured("vector", rerank_base_url=url)
        answer = ask(user)

    scores = [hit.score for hit in answer.results]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert answer.results[0].rerank_score == 5.0
    assert answer.results[0].fused_score is not None
    assert answer.as_json()["reranked"] is True


def test_what_gets_no_score_stays_behind_in_its_order(user, configured):
    without = order(ask(user))

    with served(legacy) as (url, _):
        configured("vector", rerank_base_url=url)
        found = order(ask(user))

    assert found == [without[2], without[0], without[1]]


def endless():
    while True:
        yield b" " * 65_536


def dribbling():
    for _ in range(100):
        yield b" "
        time.sleep(0.05)


HOSTILE = {
    "no json": (200, b"<html>"),
    "empty": (200, b""),
    "nothing": (200, b"{}"),
    "null": (200, b"null"),
    "a number": (200, b"7"),
    "no rows": (200, b'{"results": "x"}'),
    "rows of nothing": (200, b'{"results": [1, null, [], {}]}'),
    "foreign places": (200, b'{"results": [{"index": 99, "score": 1}, {"index": -1, "score": 1}]}'),
    "odd places": (200, b'{"results": [{"index": true, "score": 1}, {"index": "0", "score": 1}]}'),
    "odd scores": (200, b'{"results": [{"index": 0, "score": "1"}, {"index": 1, "score": null}]}'),
    "no numbers": (200, b'{"results": [{"index": 0, "score": NaN}]}'),
    "infinite": (200, b'{"results": [{"index": 0, "score": 1e999}]}'),
    "deep": (200, b"[" * 5000),
    "a refusal": (401, b'{"error": "no"}'),
    "a breakdown": (500, b"oops"),
    "nobody there": (404, b""),
}


@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE.keys())
def test_search_goes_on_when_the_server_is_of_no_use(user, configured, caplog, answer):
    expected = order(ask(user))

    with served(lambda path, body: answer) as (url, asked):
        configured("vector", rerank_base_url=url, rerank_api_key="verysecret")
        with caplog.at_level(logging.WARNING):
            first, second = ask(user), ask(user)
        count = len(asked)

    assert order(first) == order(second) == expected
    assert not first.reranked
    assert not second.reranked
    # The second one did not wait for it, and the trouble was told once.
    assert count <= 4
    assert caplog.text.count("of no use") == 1
    assert "verysecret" not in caplog.text


@pytest.mark.parametrize("pieces", [endless, dribbling])
def test_a_server_gets_no_more_than_its_time_and_bytes(user, configured, pieces):
    with served(lambda path, body: (200, pieces())) as (url, _):
        configured("vector", rerank_base_url=url, rerank_seconds=0.3)
        began = time.monotonic()
        answer = ask(user)

    assert not answer.reranked
    assert sorted(order(answer)) == sorted(PASSAGES)
    assert time.monotonic() - began < 3


def test_a_server_that_is_silent_is_not_waited_for(user, configured):
    held = threading.Event()

    def silent(path, body):
        held.wait(10)
        return 200, b""

    with served(silent) as (url, _):
        configured("vector", rerank_base_url=url, rerank_seconds=0.2)
        answer = ask(user)
        held.set()

    assert not answer.reranked
    assert 150 < answer.took["rerank"] < 3000


def test_a_server_that_comes_back_is_asked_again(user, configured, monkeypatch):
    monkeypatch.setattr(reranking, "REST_SECONDS", 0.0)
    answers = [(500, b""), None]

    def recovering(path, body):
        return answers.pop(0) or vllm(path, body)

    with served(recovering) as (url, _):
        configured("vector", rerank_base_url=url)
        assert [ask(user).reranked, ask(user).reranked] == [False, True]


def test_passages_are_not_sent_on_to_another_server(user, configured):
    with (
        served(vllm) as (elsewhere, received),
        served(lambda path, body: (307, f"{elsewhere}/rerank")) as (url, _),
    ):
        configured("vector", rerank_base_url=url)
        assert not ask(user).reranked

    assert received == []


def test_only_what_the_caller_may_read_is_sent(user, configured):
    write(DocumentFactory(title="Secret"), "penguins of somebody else")

    with served(vllm) as (url, asked):
        configured("vector", rerank_base_url=url)
        ask(user)

    assert sorted(asked[0][1]["documents"]) == sorted(PASSAGES)


def test_more_is_looked_at_than_is_shown(configured):
    user = UserFactory()
    for number in range(60):
        write(DocumentFactory(owner=user, title=""), f"penguins {number}")

    with served(vllm) as (url, asked):
        configured("vector", rerank_base_url=url)
        few, many = ask(user, limit=5), ask(user, limit=50)

    assert (len(few.results), len(many.results)) == (5, 50)
    assert [len(body["documents"]) for _, body, _ in asked] == [reranking.CANDIDATES] * 2
    scores = [hit.score for hit in many.results]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("query", ["type:text", "penguins " * 300, "unicorns", '"penguins one"'])
def test_nobody_is_asked_without_a_question_or_a_choice(user, configured, query):
    with served(vllm) as (url, asked):
        configured("vector", rerank_base_url=url)
        answer = search(query, mode="keyword", actor=user)

    assert not answer.reranked
    assert asked == []


def test_the_first_of_two_scores_counts():
    answer = {"results": [{"index": 1, "score": 0.3}, {"index": 1, "score": 0.9}]}

    assert scores_of(answer, count=2) == {1: 0.3}
    with pytest.raises(UnusableAnswer):
        scores_of(answer, count=1)


def test_logits_are_spread_and_shares_are_not():
    assert spread({0: 0.25, 1: 1.0}) == {0: 0.25, 1: 1.0}
    assert spread({0: 0.0, 1: -1e300, 2: 1e300}) == {0: 0.5, 1: 0.0, 2: 1.0}
