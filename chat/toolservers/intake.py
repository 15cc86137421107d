"""Bringing documents in for the acting user, and how far that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Count

from documents.models import Collection
from ingestion import services
from ingestion.enums import ACTIVE_STAGES, Stage
from mcp.builtin.library import acting_user, named_collections
from youworker.core.exceptions import Forbidden, InvalidInput

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User
    from ingestion.models import IngestionRun
    from mcp.calls import CallContext

MOST_FAILURES = 20


def ingest_url(
    context: CallContext, url: str, *, depth: int, max_pages: int, collection: str | None
) -> dict[str, Any]:
    """Queue a web page, and its run."""
    user = acting_user(context)
    run = services.start_urls(
        [url],
        depth=depth,
        max_pages=max_pages,
        collection_id=chosen(collection, user, context),
        actor=user,
    )
    return described(run)


def ingest_path(
    context: CallContext, path: str, *, recursive: bool, collection: str | None
) -> dict[str, Any]:
    """Queue files of the server, and their run."""
    user = acting_user(context)
    run = services.start_paths(
        [path],
        recursive=recursive,
        collection_id=chosen(collection, user, context),
        actor=user,
    )
    return described(run)


def run_status(context: CallContext, run_id: UUID) -> dict[str, Any]:
    """How far a run of the acting user is; raises `NotFound`."""
    return described(services.visible_run(run_id, actor=acting_user(context)))


def chosen(name: str | None, user: User, context: CallContext) -> UUID | None:
    """The collection a model named; None for the user's own first one.

    Raises `InvalidInput` for one that is not there, and `Forbidden` for one that the conversation
    is not limited to.
    """
    if name is None:
        if context.collections is not None:
            raise Forbidden("This conversation is limited to some collections: name one of them.")
        return None
    found = named_collections([name], user)
    if len(found) > 1:
        raise InvalidInput("Several collections have this name: give the id.", attr="collection")
    if context.collections is not None and found[0] not in context.collections:
        raise Forbidden("This conversation is limited to other collections.")
    return found[0]


def described(run: IngestionRun) -> dict[str, Any]:
    """A run as a model is told of it."""
    counts = dict(run.items.order_by().values_list("stage").annotate(Count("pk")))
    failed = run.items.failed().order_by("position")[:MOST_FAILURES]
    where = run.collection_id
    collection = Collection.objects.filter(pk=where).first() if where else None
    return {
        "run": str(run.pk),
        "status": str(run.status),
        "collection": collection.name if collection else "",
        "files": sum(counts.values()),
        "ready": counts.get(Stage.READY, 0),
        "waiting": sum(counts.get(stage, 0) for stage in ACTIVE_STAGES),
        "skipped": counts.get(Stage.SKIPPED, 0),
        "failures": [
            {"name": item.name, "reason": item.error_detail or item.error_code} for item in failed
        ],
    }
