"""The built-in server that brings documents in; the call says who acts, no argument does."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID  # noqa: TC003 -- pydantic reads the annotations

from pydantic import Field

from chat.toolservers import intake
from mcp.builtin.declare import Answer, BuiltinServer, Hints, tool_of
from mcp.calls import current_call_context
from youworker.core.db import run_in_thread

BRINGS_IN = Hints(reads_only=False, open_world=True, idempotent=True, destructive=False)
BRINGS_IN_FROM_HERE = Hints(reads_only=False, open_world=False, idempotent=True, destructive=False)

Collection = Annotated[
    str | None,
    Field(description="Name or id; without it the user's own first one."),
]


def create_server() -> BuiltinServer:
    """The server with its three tools."""
    tools = [
        tool_of(ingest_url, "url", hints=BRINGS_IN),
        tool_of(ingest_path, "path", hints=BRINGS_IN_FROM_HERE),
        tool_of(tell_status, "status"),
    ]
    return BuiltinServer("ingest", tools)


async def ingest_url(
    url: Annotated[str, Field(description="An address such as https://example.org/page.")],
    depth: Annotated[int, Field(description="Links to follow on the same site.", ge=0, le=5)] = 0,
    max_pages: Annotated[int, Field(description="Pages at most.", ge=1, le=500)] = 1,
    collection: Collection = None,
) -> Answer:
    """Store a web page or file, and with depth the pages it links to, among the user's documents.

    It is read in the background; ask status with the returned run.
    """
    run = await run_in_thread(
        intake.ingest_url,
        current_call_context(),
        url,
        depth=depth,
        max_pages=max_pages,
        collection=collection,
    )
    return told(run)


async def ingest_path(
    *,
    path: Annotated[str, Field(description="A file or folder of the server.", max_length=4000)],
    recursive: Annotated[bool, Field(description="With all folders below.")] = False,
    collection: Collection = None,
) -> Answer:
    """Store files of the server, below the folders its operator allows. Only for staff.

    It is read in the background; ask status with the returned run.
    """
    run = await run_in_thread(
        intake.ingest_path,
        current_call_context(),
        path,
        recursive=recursive,
        collection=collection,
    )
    return told(run)


async def tell_status(
    run: Annotated[UUID, Field(description="The run that url or path returned.")],
) -> Answer:
    """Tell how far the files of a run are, and which could not be read."""
    return told(await run_in_thread(intake.run_status, current_call_context(), run))


def told(about: dict[str, Any]) -> Answer:
    """How a run stands, in words and as data."""
    lines = [f"{name}: {value}" for name, value in about.items() if name != "failures"]
    lines += [f"failed: {each['name']}: {each['reason']}" for each in about["failures"]]
    return Answer("\n".join(lines), about)
