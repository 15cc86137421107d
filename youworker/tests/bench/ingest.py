"""How fast files become searchable: through HTTP into a running product, and the parser alone."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import httpx2

from ingestion.parsing.process import Parser
from youworker.tests.bench import Figure, at_least

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILES_PER_SECOND = 100
# Seconds between two looks at the run, and for everything.
PAUSE = 0.25
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
        wait(client, identifier, ("queued", "parsing", "embedding"))
        ready = time.monotonic() - began
        totals = client.get(f"/v1/ingestion/runs/{identifier}").json()["totals"]
    speed = len(files) / keyword
    return [
        Figure("upload of all files accepted", accepted, "s"),
        at_least("HTML until searchable by keyword", speed, "files/s", FILES_PER_SECOND),
        Figure("HTML until ready", len(files) / ready, "files/s"),
        Figure("passages until ready", totals["passages"] / ready, "1/s"),
        Figure("files that failed", totals["failed"], "files", "= 0", totals["failed"] == 0),
        parse_only(files),
    ]


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


def wait(client: httpx2.Client, run_id: str, stages: Sequence[str]) -> None:
    """Wait until no item of a run is in any of the stages; raises `TimeoutError`."""
    deadline = time.monotonic() + PATIENCE
    while any(count_in(client, run_id, stage) for stage in stages):
        if time.monotonic() > deadline:
            raise TimeoutError(f"run {run_id} has not ended after {PATIENCE:g} s")
        time.sleep(PAUSE)


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
