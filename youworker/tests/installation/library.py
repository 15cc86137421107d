"""Documents of every format, and files in every stage of their way in."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from documents import services as documents
from documents.enums import Access, DocumentStatus
from documents.models import Collection, Document, EmbeddingTask, PassageEmbedding
from documents.services.embedding_queue import queue_documents
from groups.models import Group
from ingestion.enums import IngestionStatus, Stage
from ingestion.models import IngestionItem, IngestionRun
from ingestion.tests.samples import EVERY
from youworker.tests.installation.people import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

HANDBOOK = """# Handbook

## Leave

Everybody has thirty days of leave in a year. Leave that is not taken by March is lost.

## Travel

Journeys are booked by the office in Turin. Trains are preferred to planes below 800 km.
"""
RULES = "The archive keeps invoices for ten years and letters for six.\n"
UPLOADED = {"rules.txt": RULES, "again.txt": RULES, "lost.txt": "Umbrellas are kept at the gate.\n"}


def make_library() -> dict[str, Any]:
    """Documents of Ada's, shared with a group, tagged, and one of each deleted."""
    ada, readers = User.objects.get(username="ada"), Group.objects.get(name="Readers")
    upload_files("ada", UPLOADED, tags=["paper"])
    with tempfile.TemporaryDirectory() as folder:
        for name, sample in {**EVERY, "handbook.md": HANDBOOK.encode}.items():
            Path(folder, name).write_bytes(sample())
        Path(folder, "broken.pdf").write_bytes(b"%PDF-1.7 and nothing that follows")
        try:
            call_command("ingest", folder, user="ada", collection="Handbooks", tags="work,2026")
        except CommandError as error:
            # The broken file fails, as it should.
            if not str(error).startswith("1 of "):
                raise
    shelf = Collection.objects.get(owner=ada, name="Handbooks")
    shares: Any = [{"group_id": readers.pk, "access": Access.READ}]
    documents.update_collection(shelf, shares=shares, actor=ada)
    rules = Document.objects.get(owner=ada, title__startswith="rules")
    documents.update_document(rules, shares=[readers.pk], actor=ada)
    gone = Document.objects.get(owner=ada, title__startswith="lost")
    documents.delete_document(gone, actor=ada)
    documents.delete_collection(documents.create_collection("Emptied", actor=ada), actor=ada)
    ready = Document.objects.filter(owner=ada, status=DocumentStatus.READY)
    return {
        "documents": {str(row.pk): row.sha256 for row in ready},
        "deleted": str(gone.pk),
        "shared": str(rules.pk),
        "collection": str(shelf.pk),
    }


def upload_files(name: str, files: Mapping[str, str], *, tags: list[str]) -> UUID:
    """Files as a browser sends them; the run they make."""
    client = Client()
    client.login(username=name, password=PASSWORD)
    handed = [SimpleUploadedFile(each, text.encode()) for each, text in files.items()]
    answer = client.post(
        "/v1/ingestion/uploads",
        {"files": handed, "tags": tags},
        headers={"Idempotency-Key": f"{name}-{min(files)}"},
    )
    if answer.status_code != 202:
        raise RuntimeError(f"the upload was refused: {answer.content!r}")
    client.logout()
    return IngestionRun.objects.latest("created_at").pk


def leave_unfinished() -> dict[str, Any]:
    """Files that wait or were being worked on when everything stopped."""
    found: dict[str, Any] = {}
    texts = {
        "queued.txt": "Bicycles stand in the yard.\n",
        "parsing.txt": "The kitchen closes at nine.\n",
    }
    run = upload_files("ada", texts, tags=["left"])
    IngestionItem.objects.filter(run=run, name="parsing.txt").update(
        stage=Stage.PARSING, attempts=1, **lost_lease()
    )
    IngestionRun.objects.filter(pk=run).update(status=IngestionStatus.RUNNING)
    found["waiting"] = str(run)
    found["embedding"] = str(leave_embedding())
    cancelled = upload_files("ada", {"cancelled.txt": "Nobody wants this.\n"}, tags=[])
    client = Client()
    client.login(username="ada", password=PASSWORD)
    client.post(f"/v1/ingestion/runs/{cancelled}/cancel")
    client.logout()
    found["cancelled"] = str(cancelled)
    stages = set(IngestionItem.objects.values_list("stage", flat=True))
    if stages != set(Stage.values):
        raise RuntimeError(f"no item is {set(Stage.values) - stages}")
    return found


def leave_embedding() -> UUID:
    """A document whose vectors were being computed."""
    item = IngestionItem.objects.filter(stage=Stage.READY, name="handbook.md").get()
    rows = Document.objects.filter(ingestion_items=item)
    PassageEmbedding.objects.filter(document__in=rows).delete()
    rows.update(status=DocumentStatus.SEARCHABLE)
    with transaction.atomic():
        queue_documents(list(rows.values_list("pk", flat=True)))
    EmbeddingTask.objects.filter(document__in=rows, model__active=True).update(**lost_lease())
    IngestionItem.objects.filter(pk=item.pk).update(stage=Stage.EMBEDDING)
    IngestionRun.objects.filter(pk=item.run_id).update(
        status=IngestionStatus.RUNNING, finished_at=None
    )
    return item.run_id


def lost_lease() -> dict[str, Any]:
    """The lease of a worker that is gone."""
    return {"lease_token": uuid4(), "lease_until": timezone.now() - timedelta(minutes=5)}
