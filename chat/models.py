"""Conversations, their messages, runs, citations and tool calls. Content is encrypted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import ApiKey
from chat.attachment_models import Attachment, SessionCollection
from chat.enums import (
    ACTIVE_STATUSES,
    AskReason,
    Decision,
    MessageRole,
    RunStatus,
    SessionOrigin,
    ToolRunStatus,
)
from chat.evaluation_models import AnswerEvaluation, JudgedAnswer
from chat.managers import (
    CitationQuerySet,
    MessageQuerySet,
    RunQuerySet,
    SessionQuerySet,
    SummaryQuerySet,
    SystemPromptQuerySet,
    ToolGrantQuerySet,
    ToolRunQuerySet,
)
from chat.model_servers import ModelCall, ModelServer, ServedModel
from documents.models import Collection, Document, Passage
from mcp.models import Tool
from youworker.core.leases import LeasedModel
from youworker.core.managers import AliveManager
from youworker.core.models import SoftDeleteModel, TimestampedModel
from youworker.encryption.fields import EncryptedJSONField, EncryptedTextField

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from django.db.models import Manager

    from chat.types import ShownAttachment


__all__ = [
    "AnswerEvaluation",
    "Attachment",
    "Citation",
    "JudgedAnswer",
    "Message",
    "ModelCall",
    "ModelServer",
    "Run",
    "ServedModel",
    "Session",
    "SessionCollection",
    "ToolRun",
]


class Session(SoftDeleteModel):
    """One conversation of one user."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sessions")
    title = EncryptedTextField(blank=True, default="")
    model = models.CharField(max_length=200, blank=True)
    enable_tools = models.BooleanField(default=True)
    enable_web = models.BooleanField(default=True)
    language = models.CharField(max_length=8, blank=True)
    # What its user tells every model before their questions.
    system_prompt = EncryptedTextField(blank=True, default="")
    # Whether its title is the beginning of a question, so that a model may find a better one.
    awaits_title = models.BooleanField(default=False, editable=False)
    collections = models.ManyToManyField(Collection, blank=True, related_name="+")
    # Whether searches stay in the collections, also when none of them is left.
    limited = models.BooleanField(default=False, editable=False)
    active_at = models.DateTimeField(default=timezone.now, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    # A message of the branch that its user chose to read; empty = the branch of the newest message.
    # No foreign key: it would be one more thing to look at whenever messages are removed.
    leaf = models.UUIDField(null=True, blank=True, editable=False)
    # Programs make one for each of their conversations, so lists leave theirs out unless asked.
    origin = models.CharField(
        max_length=16,
        blank=True,
        choices=SessionOrigin,
        default=SessionOrigin.PRODUCT,
        editable=False,
    )

    collection_ids: Sequence[UUID]  # only of a new or locked one
    # Only of a new or locked one: whether files came with a question.
    has_attachments: bool = False
    # Only of one whose collections were just chosen, or after `with_alive_collection_ids()`.
    alive_collection_ids: Sequence[UUID]

    objects: ClassVar = AliveManager.from_queryset(SessionQuerySet)()
    all_objects: ClassVar = SessionQuerySet.as_manager()

    class Meta:
        base_manager_name = "all_objects"
        indexes = [
            models.Index(
                fields=["user", "-active_at", "-id"],
                condition=Q(deleted_at__isnull=True),
                name="session_of_user",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Message(TimestampedModel):
    """Something that was said; an answer grows while its run goes on."""

    session = models.ForeignKey(Session, models.CASCADE, related_name="messages")
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="replies"
    )
    # The run that writes this answer, or that this question started.
    run = models.ForeignKey("Run", models.SET_NULL, null=True, blank=True, related_name="messages")
    role = models.CharField(max_length=16, choices=MessageRole)
    content = EncryptedTextField(blank=True, default="")
    reasoning = EncryptedTextField(blank=True, default="")
    model = models.CharField(max_length=200, blank=True)
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    rating = models.SmallIntegerField(default=0)
    comment = EncryptedTextField(blank=True, default="")
    # Places in the text whose citations do not support them: `start` and `end` in code points.
    unsupported = models.JSONField(blank=True, default=list, editable=False)
    # Whether, while it was made, the model read what others may have written.
    tainted = models.BooleanField(default=False, editable=False)

    attachments: Manager[Attachment]
    # With what became of them; only of messages that were read with their details.
    attached: Sequence[ShownAttachment]
    # The same of the calls of an answer, by their ids.
    returned: Mapping[UUID, Sequence[ShownAttachment]]
    # Only after `with_details()`, and of an answer whose run has just ended.
    has_attachments: bool

    objects = MessageQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["session", "created_at", "id"], name="message_in_session")]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.pk}"

    @property
    def has_reasoning(self) -> bool:
        """Whether the model thought aloud; that is not decrypted for it."""
        return bool(self.__dict__.get("reasoning", ""))


class Run(TimestampedModel, LeasedModel):
    """One answer in the making: its state, and the lease of the process that makes it.

    Only a running one has a lease. The token of the process that ended a run stays in the row.
    """

    session = models.ForeignKey(Session, models.CASCADE, related_name="runs")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="runs")
    question = models.ForeignKey(Message, models.CASCADE, related_name="+")
    answer = models.ForeignKey(Message, models.CASCADE, null=True, related_name="+")
    # The key it was asked with, whose quotas count.
    api_key = models.ForeignKey(
        ApiKey, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    status = models.CharField(max_length=20, choices=RunStatus, default=RunStatus.QUEUED)
    model = models.CharField(max_length=200, blank=True)
    # The model server whose room it takes, as far as was known when it was asked.
    endpoint = models.CharField(max_length=255, blank=True, editable=False)
    options = models.JSONField(default=dict)
    # What any process needs to go on with it, as of its last whole turn; empty once it has ended.
    state = EncryptedJSONField(null=True, editable=False)  # type: ignore[misc]  # any JSON
    # How often it was taken up again after its process had died.
    takeovers = models.PositiveSmallIntegerField(default=0, editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Since when the process that makes the answer is asked to end it.
    stop_requested_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    iterations = models.PositiveIntegerField(default=0)
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    ttft_ms = models.PositiveIntegerField(null=True, blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_detail = EncryptedTextField(blank=True, default="")
    correlation_id = models.CharField(max_length=64, blank=True)
    # A keyed digest of the questions up to this one, where its asker keeps the conversation.
    thread = models.CharField(max_length=64, blank=True, default="", editable=False)

    objects = RunQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["lease_until"],
                condition=Q(status__in=ACTIVE_STATUSES),
                name="run_active_lease",
            ),
            models.Index(
                fields=["user"],
                condition=Q(status__in=ACTIVE_STATUSES),
                name="run_active_of_user",
            ),
            models.Index(
                fields=["created_at"],
                condition=Q(status=RunStatus.QUEUED),
                name="run_queued",
            ),
            models.Index(
                fields=["thread"],
                condition=~Q(thread=""),
                name="run_thread",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()} {self.pk}"

    @property
    def is_active(self) -> bool:
        """Whether more is to come."""
        return self.status in ACTIVE_STATUSES


class Citation(TimestampedModel):
    """One `[n]` of an answer: the passage it points to, as it stood then."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="citations")
    index = models.PositiveIntegerField()
    document = models.ForeignKey(Document, models.SET_NULL, null=True, related_name="+")
    # Its id stays when the passage goes: older versions of documents are found by it.
    passage = models.ForeignKey(
        Passage, models.DO_NOTHING, null=True, related_name="+", db_constraint=False
    )
    title = models.CharField(max_length=500)
    heading = models.TextField(blank=True)
    page = models.PositiveIntegerField(null=True, blank=True)
    start = models.PositiveIntegerField(default=0)
    end = models.PositiveIntegerField(default=0)
    # Of a recording: the second at which it is said.
    second = models.PositiveIntegerField(null=True, blank=True)
    quote = EncryptedTextField()
    supported = models.BooleanField()

    # Only after `with_passage()`, and when the answer was just made; none when the passage is gone.
    passage_text: str | None = None
    passage_start: int | None = None
    passage_layout: str | None = None

    objects = CitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("message", "index", name="citation_once_per_message"),
        ]

    def __str__(self) -> str:
        return f"[{self.index}] {self.title}"


class ToolRun(TimestampedModel):
    """One call of a tool."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tool_runs")
    session = models.ForeignKey(Session, models.CASCADE, null=True, related_name="tool_runs")
    run = models.ForeignKey(Run, models.CASCADE, null=True, related_name="tool_runs")
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="tool_runs")
    tool = models.ForeignKey(Tool, models.SET_NULL, null=True, related_name="+")
    tool_name = models.CharField(max_length=300)
    status = models.CharField(max_length=16, choices=ToolRunStatus, default=ToolRunStatus.RUNNING)
    # What was said to the question whether it may be made, if there was one.
    decision = models.CharField(max_length=16, choices=Decision, blank=True, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    # Why somebody was asked, and about which form of the tool.
    reason = models.CharField(max_length=16, choices=AskReason, blank=True, editable=False)
    form_hash = models.CharField(max_length=64, blank=True, editable=False)
    latency_ms = models.PositiveIntegerField(null=True, blank=True)
    arguments = EncryptedJSONField(default=dict)
    result_preview = EncryptedTextField(blank=True, default="")
    # What the model was told; its kind; and the same for readers (`core.words.Sentence`), where the
    # words are ours.
    error = EncryptedTextField(blank=True, default="")
    error_code = models.CharField(
        max_length=64, blank=True, default="", db_default="", editable=False
    )
    error_words: Any = EncryptedJSONField(null=True, editable=False)  # type: ignore[misc]

    objects = ToolRunQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.tool_name}: {self.get_status_display()}"


class Summary(TimestampedModel):
    """What stands for the messages of a branch up to one of them, where they fill a window."""

    session = models.ForeignKey(Session, models.CASCADE, related_name="summaries")
    # The last message it tells of. All before it are its ancestors, so that it holds on every
    # branch that goes through it, and on no other.
    upto = models.ForeignKey(Message, models.CASCADE, related_name="summaries")
    model = models.CharField(max_length=200)
    messages = models.PositiveIntegerField()
    content = EncryptedTextField()
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)

    objects = SummaryQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("upto", "model", name="summary_once_per_model")]

    def __str__(self) -> str:
        return str(self.pk)


class SystemPrompt(TimestampedModel):
    """What the operator tells every model before all questions; one row at most."""

    content = EncryptedTextField(blank=True, default="")
    is_only = models.BooleanField(default=True, unique=True, editable=False)

    objects = SystemPromptQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.pk)


class ToolGrant(TimestampedModel):
    """What a user allowed a tool beyond one call: in one conversation, or in all of them."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tool_grants")
    tool = models.ForeignKey(Tool, models.CASCADE, related_name="+")
    # None: in every conversation.
    session = models.ForeignKey(
        Session, models.CASCADE, null=True, blank=True, related_name="tool_grants"
    )
    # That of the tool when it was given; the grant ends with it.
    tool_edition = models.PositiveIntegerField()
    expires_at = models.DateTimeField()

    objects = ToolGrantQuerySet.as_manager()

    class Meta:
        verbose_name = "tool grant"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "tool", "session"], nulls_distinct=False, name="tool_grant_once"
            ),
        ]

    def __str__(self) -> str:
        return f"grant {self.pk}"
