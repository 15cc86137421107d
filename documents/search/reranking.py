"""A reranker: a server that reads question and passage together, and orders the best ones anew.

Search does without it whenever it is slow, away or wrong.
"""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from documents.search.rerank_answers import UnusableAnswer, scores_of, spread
from youworker.core.config import config
from youworker.core.slots import holding_nothing
from youworker.upstream.client import read_answer_in_thread, sync_client
from youworker.upstream.configured import rerank_endpoint
from youworker.upstream.errors import TRANSPORT_ERRORS, StatusError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from documents.types import SearchHit
    from youworker.upstream.endpoint import Endpoint

logger = logging.getLogger(__name__)

# More cost time, and what stands behind them is hardly ever the best.
CANDIDATES = 40
LONGEST_QUESTION = 2000  # characters; longer ones are texts to compare with, not questions
LONGEST_PASSAGE = 4000  # characters; models read some hundred tokens
# Servers may send the passages back, each character as an escape.
BYTES_PER_CHARACTER = 6
BYTES_BESIDE = 65_536
# After trouble, nobody waits for the server again for so long.
REST_SECONDS = 30.0
# One that never answers keeps its threads; then there are no more of them.
MOST_AT_ONCE = 16
WRONG_PATH = {404, 405, 501}
WRONG_BODY = {400, 422}
FAILURES = (*TRANSPORT_ERRORS, StatusError, UnusableAnswer, UnicodeError, OSError)


@dataclass(frozen=True, slots=True)
class Form:
    """Where a server is asked, and how it wants the passages: Jina's and Cohere's way, or TEI's."""

    endpoint: Endpoint
    passages: str


class Reranker:
    """One server, with what is known of it; shared by all threads."""

    def __init__(self, endpoint: Endpoint, model: str) -> None:
        self.endpoint, self.model = endpoint, model
        self.client = sync_client(endpoint)
        # It would send passages to a server that no operator named.
        self.client.follow_redirects = False
        self.forms = list(forms_of(endpoint))
        self.places = threading.BoundedSemaphore(MOST_AT_ONCE)
        self.rests_until = 0.0
        self.is_failing = False

    def scores(self, question: str, passages: Sequence[str]) -> dict[int, float] | None:
        """The scores by place in `passages`; none while the server is of no use."""
        if time.monotonic() < self.rests_until or not self.places.acquire(blocking=False):
            return None
        try:
            found = self.ask_in_time(question, passages)
        except FAILURES as error:
            self.note_failure(error)
            return None
        self.is_failing = False
        return found

    def ask_in_time(self, question: str, passages: Sequence[str]) -> dict[int, float]:
        """Ask in a thread that is left alone when the time is up; it gives its place back."""
        outcome: Future[dict[int, float]] = Future()
        seconds = self.endpoint.timeouts.total
        deadline = time.monotonic() + seconds

        def work() -> None:
            try:
                outcome.set_result(self.ask(question, passages, deadline))
            except Exception as error:  # noqa: BLE001 -- raised where somebody waits for it
                outcome.set_exception(error)
            finally:
                self.places.release()

        threading.Thread(target=copy_context().run, args=(work,), daemon=True).start()
        with holding_nothing():
            return outcome.result(timeout=seconds)

    def ask(self, question: str, passages: Sequence[str], deadline: float) -> dict[int, float]:
        """Ask in the form that worked last, else in the others."""
        failure: StatusError | None = None
        skipped: set[str] = set()
        for form in list(self.forms):
            if form.endpoint.url in skipped or time.monotonic() >= deadline:
                continue
            try:
                found = self.ask_in_form(form, question, passages)
            except StatusError as error:
                if error.status in WRONG_PATH:
                    skipped.add(form.endpoint.url)
                elif error.status not in WRONG_BODY:
                    raise
                failure = error
            else:
                self.forms.sort(key=lambda each: each != form)
                return found
        raise failure or TimeoutError("No form of the question was answered in time.")

    def ask_in_form(self, form: Form, question: str, passages: Sequence[str]) -> dict[int, float]:
        """The scores a server gives when it is asked in one form."""
        body: dict[str, Any] = {"query": question, form.passages: list(passages)}
        if form.passages == "documents":
            body |= {"top_n": len(passages), "return_documents": False}
        else:
            body["truncate"] = True
        if self.model:
            body["model"] = self.model
        longest = BYTES_BESIDE + BYTES_PER_CHARACTER * sum(map(len, passages))
        content = read_answer_in_thread(self.client, form.endpoint, "rerank", body, longest=longest)
        try:
            answer = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise UnusableAnswer("The answer is no JSON.") from error
        return scores_of(answer, count=len(passages))

    def note_failure(self, error: Exception) -> None:
        """Let the server rest, and say once that it is of no use."""
        self.rests_until = time.monotonic() + REST_SECONDS
        if not self.is_failing:
            reason = error.reason if isinstance(error, StatusError) else str(error)
            name = type(error).__name__
            logger.warning(
                "the reranker at %s is of no use (%s), searching without it",
                self.endpoint.name,
                reason or name,
            )
        self.is_failing = True


def forms_of(endpoint: Endpoint) -> Iterator[Form]:
    """How a server may want to be asked, the likeliest first: with and without `/v1`."""
    base = endpoint.url.removesuffix("/rerank")
    other = base.removesuffix("/v1") if base.endswith("/v1") else f"{base}/v1"
    for url in (base, other):
        for passages in ("documents", "texts"):
            yield Form(replace(endpoint, url=url), passages)


@lru_cache(maxsize=4)
def reranker_of(endpoint: Endpoint, model: str) -> Reranker:
    """The reranker of this process for one server."""
    return Reranker(endpoint, model)


def reranker_for(question: str) -> Reranker | None:
    """The reranker of the settings, if they name one and it can read the question."""
    endpoint = rerank_endpoint(config.vector)
    if endpoint is None or not 0 < len(question) <= LONGEST_QUESTION:
        return None
    return reranker_of(endpoint, config.vector.rerank_model)


def depth_of(question: str, limit: int) -> int:
    """How many passages are to be found, of which the best `limit` are shown."""
    return max(limit, CANDIDATES) if reranker_for(question) else limit


def rerank(question: str, hits: list[SearchHit]) -> list[SearchHit] | None:
    """The hits in the order of the reranker; none when there is none, or it is of no use.

    What it was not asked about, or gave no score, stays behind in its order.
    """
    reranker = reranker_for(question)
    if reranker is None or len(hits) < 2:  # noqa: PLR2004 -- one has no order
        return None
    scores = reranker.scores(question, [read_text(hit) for hit in hits[:CANDIDATES]])
    if scores is None:
        return None
    shown = spread(scores)
    for place, hit in enumerate(hits):
        hit.fused_score, hit.score = hit.score, shown.get(place, 0.0)
        hit.rerank_score = scores.get(place)
    order = sorted(range(len(hits)), key=lambda place: (place not in scores, -scores.get(place, 0)))
    return [hits[place] for place in order]


def read_text(hit: SearchHit) -> str:
    """What a reranker reads of a passage."""
    return "\n".join(filter(None, (hit.title, hit.heading, hit.text)))[:LONGEST_PASSAGE]
