"""A row of each kind that came after the first archive was made."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from accounts.models import User
from chat.enums import CallKind, MessageRole
from chat.models import (
    AnswerEvaluation,
    Attachment,
    JudgedAnswer,
    Message,
    ModelCall,
    ModelServer,
    ServedModel,
    SessionCollection,
    Summary,
    SystemPrompt,
    ToolGrant,
)
from documents.models import (
    Collection,
    Document,
    DocumentVersion,
    EmbeddingModel,
    EmbeddingTask,
    EvaluationResult,
    EvaluationRun,
    GoldenQuestion,
    Passage,
    VersionPassage,
)
from ingestion.enums import SourceKind
from ingestion.models import (
    HeardPiece,
    IngestionItem,
    ScannedPage,
    Source,
    SourceEntry,
    WebHost,
    WebPage,
)
from mcp.models import ClientRegistration, Connection, Server, Tool
from quotas.enums import UsageKind, UsageOutcome
from quotas.models import UsageEvent
from youworker.analytics.daily import settle_days

QUESTION = "How long does the archive keep invoices?"
SUMMARY = "They spoke of leave."
PROMPT = "Answer like a colleague."
NOWHERE = "http://127.0.0.1:9"


def make_newer() -> dict[str, Any]:
    """One of each, of Ada's where somebody owns it; what they say, in the clear."""
    ada = User.objects.get(username="ada")
    answer = Message.objects.filter(citations__isnull=False).distinct().get()
    document = Document.objects.get(owner=ada, title__startswith="rules")
    attached_in = make_conversation_rows(ada, answer, document)
    make_model_rows()
    make_document_rows(ada, document)
    make_ingestion_rows(ada, document)
    make_tool_rows(ada)
    make_usage_rows(ada)
    return {"summary": SUMMARY, "attached_in": attached_in}


def make_conversation_rows(ada: User, answer: Message, document: Document) -> str:
    """What belongs to conversations, and the prompt of all; where the file is."""
    # Not in the conversation that a test goes on with: questions with files are about these.
    asked = Message.objects.filter(role=MessageRole.USER, session__user=ada).latest("created_at")
    shelf = Collection.objects.create(owner=ada, name="Files of a talk", is_private=True)
    SessionCollection.objects.create(user=ada, session=asked.session, collection=shelf)
    Attachment.objects.create(
        session=asked.session, message=asked, position=0, document=document, name="rules"
    )
    Summary.objects.create(
        session=answer.session, upto=answer, model="quote", messages=2, content=SUMMARY
    )
    SystemPrompt.objects.create(content=PROMPT)
    return str(asked.session_id)


def make_model_rows() -> None:
    """A model server with a key, what it serves, and an answer it was making."""
    server = ModelServer.objects.create(
        name="silent", url=f"{NOWHERE}/v1", address="127.0.0.1:9/v1", key="of the fixture"
    )
    server.enabled = False
    server.save(update_fields=["enabled"])
    ServedModel.objects.create(server=server, name="small", tools=True, context_tokens=8192)
    ModelCall.objects.create(
        id=uuid4(),
        endpoint="127.0.0.1:9/v1",
        kind=CallKind.BATCH,
        process=uuid4(),
        until=timezone.now() - timedelta(minutes=5),
    )


def make_document_rows(ada: User, document: Document) -> None:
    """An older version, a question whose answer is known, and vectors that are to come."""
    version = DocumentVersion.objects.create(
        document=document,
        number=1,
        since=timezone.now() - timedelta(days=3),
        title="rules of last year",
        uri="",
        mime="text/plain",
        size=document.size,
        sha256=document.sha256,
        stored_file=document.stored_file,
    )
    VersionPassage.objects.create(
        version=version,
        passage_id=uuid4(),
        ordinal=0,
        text="Invoices, nine years.",
        start=0,
        end=21,
    )
    question = GoldenQuestion.objects.create(
        question=QUESTION, document_ids=[document.pk], author=ada
    )
    model = EmbeddingModel.objects.get(active=True)
    run = EvaluationRun.objects.create(
        model=model, model_name=str(model), searcher=ada, total=1, finished_at=timezone.now()
    )
    EvaluationResult.objects.create(run=run, question=question, place=1, found=1, expected=1)
    asked = AnswerEvaluation.objects.create(asker=ada, total=1, finished_at=timezone.now())
    JudgedAnswer.objects.create(run=asked, question=question, kind="plain", verdict="right")
    other = EmbeddingModel.objects.create(provider="openai", name="away", dimensions=8)
    EmbeddingTask.objects.create(document=document, model=other, lane=1, turn=1)


def make_ingestion_rows(ada: User, document: Document) -> None:
    """A website that is followed, and what was kept of files on their way in."""
    source = Source.objects.create(
        owner=ada,
        kind=SourceKind.WEBSITE,
        name="A website",
        target=f"{NOWHERE}/",
        collection=document.collection,
        next_sync_at=None,
    )
    SourceEntry.objects.create(
        source=source, path_hash="0" * 64, uri=f"{NOWHERE}/rules", document=document
    )
    WebPage.objects.create(document=document, etag='"1"')
    WebHost.objects.create(host="127.0.0.1:9", robots="User-agent: *\nDisallow:\n")
    item = IngestionItem.objects.filter(document=document).earliest("created_at")
    ScannedPage.objects.create(
        item=item, digest="0" * 64, number=1, total=1, text="scanned", seconds=1.0
    )
    HeardPiece.objects.create(item=item, start=0.0, end=60.0, language="en")
    spoken = Document.objects.get(owner=ada, title__startswith="plain")
    Passage.objects.filter(document=spoken).update(second=61)


def make_tool_rows(ada: User) -> None:
    """A sign-in at a tool server, and a call that need not be asked about."""
    server = Server.objects.get(slug="billing")
    us: Any = {"client_id": "us"}
    tokens: Any = {"access_token": "of the fixture"}
    ClientRegistration.objects.create(
        server=server,
        issuer=NOWHERE,
        redirect_uri="http://testserver/",
        credentials=us,
    )
    Connection.objects.create(
        user=ada,
        server=server,
        server_url=server.url,
        resource=server.url,
        issuer=NOWHERE,
        token_endpoint=f"{NOWHERE}/token",
        tokens=tokens,
        client=us,
    )
    tool = Tool.objects.earliest("name")
    ToolGrant.objects.create(
        user=ada,
        tool=tool,
        tool_edition=tool.edition,
        expires_at=timezone.now() + timedelta(days=3650),
    )


def make_usage_rows(ada: User) -> None:
    """Something that was used some days ago, and the sums of the days since."""
    UsageEvent.objects.create(
        created_at=timezone.now() - timedelta(days=3),
        user=ada,
        kind=UsageKind.RUN,
        name="small",
        outcome=UsageOutcome.SUCCEEDED,
        tokens_in=700,
        tokens_out=70,
    )
    settle_days()
