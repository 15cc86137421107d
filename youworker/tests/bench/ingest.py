"""How fast files become searchable: through HTTP into a running product, and the parser alone."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import httpx2

from documents.embedding import configured_model, embedder_of
from documents.services.embedding_work import BATCH
from documents.services.embeddings import embedded_text
from ingestion.parsing.process import Parser
from youworker.core.config import config
from youworker.tests.bench import Figure, at_least

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILES_PER_SECOND = 100
SHARE = 0.9
# Passages the model alone is timed with.
SAMPLE = 256
# Seconds between two looks at the run, and for everything.
PAUSE = 0.25
# Where it takes minutes: looking more often cost the web process 6 % of all CPU time.
LONG_PAUSE = 2.0
PATIENCE = 1800.0

PARAGRAPH = (
    "The {topic} of unit {number} is described here: how it is opened, what it keeps, and when it"
    " is closed again. Whoever changes the {topic} writes down why, because unit {number} is read"
    " by people who were not there. "
)
TOPICS = ("valve", "ledger", "contract", "antenna", "garden", "recipe", "engine", "archive")


def generate(folder: Path, count: int) -> list[Path]:
    """Web pages of about 14 kB, all different."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        path = folder / f"page{number:05}.html"
        path.write_text(page(number))
        paths.append(path)
    return paths


def page(number: int) -> str:
    """One web page with eight sections."""
    sections = (
        f"<h2>The {topic}</h2><p>{PARAGRAPH.format(topic=topic, number=number) * 6}</p>"
        for topic in TOPICS
    )
    title = f"Unit {number}"
    return f"<html><head><title>{title}</title></head><body><h1>{title}</h1>{''.join(sections)}"


def run(base_url: str, key: str, files: Sequence[Path]) -> list[Figure]:
    """Upload the files in one request; files per second until found by keyword, and by meaning."""
    headers = {"Authorization": f"Bearer {key}"}
    with httpx2.Client(base_url=base_url, headers=headers, timeout=300) as client:
        began = time.monotonic()
        identifier = upload(client, files)
        accepted = time.monotonic() - began
        wait(client, identifier, ("queued", "parsing"))
        keyword = time.monotonic() - began
        wait(client, identifier, ("queued", "parsing", "embedding"), pause=LONG_PAUSE)
        ready = time.monotonic() - began
        totals = client.get(f"/v1/ingestion/runs/{identifier}").json()["totals"]
        raw = raw_speed(sample_texts(client))
    speed = len(files) / keyword
    return [
        Figure("upload of all files accepted", accepted, "s"),
        at_least("HTML until searchable by keyword", speed, "files/s", FILES_PER_SECOND),
        Figure("HTML until ready", len(files) / ready, "files/s"),
        Figure("passages until ready", totals["passages"] / ready, "1/s"),
        Figure("raw model on these passages", raw, "1/s"),
        at_least(
            "whole ingestion, share of the raw model", totals["passages"] / ready / raw, "", SHARE
        ),
        Figure("files that failed", totals["failed"], "files", "= 0", totals["failed"] == 0),
        parse_only(files),
    ]


def sample_texts(client: httpx2.Client) -> list[str]:
    """What is embedded of the passages of some documents."""
    documents = client.get("/v1/documents", params={"limit": 100}).json()["results"]
    texts: list[str] = []
    for document in documents:
        url = f"/v1/documents/{document['id']}/passages"
        rows = client.get(url, params={"limit": 100}).json()["results"]
        texts += [embedded_text(document["title"], row["heading"], row["text"]) for row in rows]
        if len(texts) >= SAMPLE:
            break
    return texts[:SAMPLE]


def raw_speed(texts: Sequence[str]) -> float:
    """Passages per second of the model alone, asked by as many as there are workers."""
    model = embedder_of(*configured_model())
    model.embed(texts[:8])
    parts = [texts[first : first + BATCH] for first in range(0, len(texts), BATCH)]
    began = time.monotonic()
    with ThreadPoolExecutor(config.ingestion.worker_processes) as workers:
        list(workers.map(model.embed, parts))
    return len(texts) / (time.monotonic() - began)


def upload(client: httpx2.Client, files: Sequence[Path]) -> str:
    """Hand the files in; the id of their run."""
    with ExitStack() as stack:
        parts = [
            ("files", (path.name, stack.enter_context(path.open("rb")), "text/html"))
            for path in files
        ]
        answer = client.post("/v1/ingestion/uploads", files=parts)
    answer.raise_for_status()
    return str(answer.json()["id"])


def wait(
    client: httpx2.Client, run_id: str, stages: Sequence[str], *, pause: float = PAUSE
) -> None:
    """Wait until no item of a run is in any of the stages; raises `TimeoutError`."""
    deadline = time.monotonic() + PATIENCE
    while any(count_in(client, run_id, stage) for stage in stages):
        if time.monotonic() > deadline:
            raise TimeoutError(f"run {run_id} has not ended after {PATIENCE:g} s")
        time.sleep(pause)


def count_in(client: httpx2.Client, run_id: str, stage: str) -> int:
    """How many items of a run are in a stage."""
    query: dict[str, Any] = {"stage": stage, "limit": 1}
    answer = client.get(f"/v1/ingestion/runs/{run_id}/items", params=query)
    answer.raise_for_status()
    return int(answer.json()["count"])


def parse_only(files: Sequence[Path]) -> Figure:
    """Files per second of one parser process, nothing stored."""
    parser = Parser(timeout=60, memory_mb=2048)
    began = time.monotonic()
    try:
        for path in files:
            parser.parse(path, "text/html", name=path.name, heartbeat=lambda: None)
    finally:
        parser.close()
    return Figure("parser alone", len(files) / (time.monotonic() - began), "files/s")
