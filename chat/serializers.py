"""Conversations as clients read and write them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.utils.translation import gettext, gettext_noop
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.enums import Language
from chat.approvals import DECISIONS
from chat.enums import (
    AskReason,
    AttachmentStatus,
    GrantReach,
    MessageRole,
    RunStatus,
    SessionOrigin,
    ToolRunStatus,
)
from chat.models import Session
from chat.rendering import rendered_session
from chat.services.attachments import MOST_ATTACHMENTS
from chat.services.questions import LONGEST_TEXT
from chat.services.system_prompts import LONGEST_PROMPT
from mcp.enums import Approver
from youworker.core.api.schema import example
from youworker.core.shapes import Shape, serializer_for
from youworker.speech.configured import can_hear, can_speak
from youworker.speech.exceptions import NO_HEARING, NO_SPEAKING

MOST_COLLECTIONS = 100
BOTH = gettext_noop("A question is written or spoken, not both.")
RATINGS = (-1, 0, 1)


class SessionSerializer(serializers.ModelSerializer[Session]):
    """A conversation."""

    title = serializers.CharField(read_only=True)
    system_prompt = serializers.CharField(
        read_only=True, help_text="What its user tells every model before their questions."
    )
    archived = serializers.SerializerMethodField()
    collections = serializers.SerializerMethodField()
    limited = serializers.BooleanField(
        read_only=True,
        help_text="Whether searches stay in the collections; with none left nothing is found.",
    )
    leaf = serializers.UUIDField(
        read_only=True,
        allow_null=True,
        help_text="A message of the branch that was chosen; null = that of the newest message.",
    )

    class Meta:
        model = Session
        fields = (
            "id",
            "title",
            "model",
            "enable_tools",
            "enable_web",
            "language",
            "system_prompt",
            "collections",
            "limited",
            "archived",
            "leaf",
            "origin",
            "created_at",
            "updated_at",
            "active_at",
        )
        read_only_fields = fields

    def get_archived(self, session: Session) -> bool:
        """Whether it was put away."""
        return session.archived_at is not None

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_collections(self, session: Session) -> list[Any]:
        """The collections its searches are limited to, as far as they are not deleted."""
        return list(session.alive_collection_ids)

    def to_representation(self, instance: Session) -> dict[str, Any]:
        """Do what the fields do, without them: a list has hundreds of these rows."""
        return rendered_session(instance)


@example(title="Replication", enable_tools=True)
class CreateSessionSerializer(serializers.Serializer[Any]):
    """A new conversation."""

    title = serializers.CharField(max_length=300, required=False, allow_blank=True)
    model = serializers.CharField(max_length=200, required=False, allow_blank=True)
    enable_tools = serializers.BooleanField(required=False, default=True)
    enable_web = serializers.BooleanField(required=False, default=True)
    language = serializers.ChoiceField(Language.choices, required=False, allow_blank=True)
    system_prompt = serializers.CharField(
        max_length=LONGEST_PROMPT, required=False, allow_blank=True
    )
    collections = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=MOST_COLLECTIONS
    )


class UpdateSessionSerializer(serializers.Serializer[Any]):
    """What may be changed about a conversation."""

    title = serializers.CharField(max_length=300, required=False, allow_blank=True)
    model = serializers.CharField(max_length=200, required=False, allow_blank=True)
    enable_tools = serializers.BooleanField(required=False)
    enable_web = serializers.BooleanField(required=False)
    language = serializers.ChoiceField(Language.choices, required=False, allow_blank=True)
    system_prompt = serializers.CharField(
        max_length=LONGEST_PROMPT, required=False, allow_blank=True
    )
    archived = serializers.BooleanField(required=False)
    leaf = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="A message of the branch to show; null = that of the newest message.",
    )
    collections = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=MOST_COLLECTIONS
    )


class BoxShape(Shape):
    """A box on a page, from 0 to 1 of its width and height."""

    page: int
    left: float
    top: float
    right: float
    bottom: float


class CitationShape(Shape):
    """One `[n]` of an answer."""

    index: int
    document_id: UUID | None
    title: str
    chunk_id: UUID | None
    page: int | None
    heading: str
    quote: str
    # The quote as people read it: without the signs of Markdown, the cells of tables apart.
    excerpt: str
    # Whether the quote is of a file of source code, whose lines and columns mean something.
    is_code: bool
    start: int
    end: int
    # Of a recording: the second at which it is said.
    second: int | None
    # Where the quote stands on its pages: shares of their width and height, from their top left.
    boxes: list[BoxShape]
    # Of a spreadsheet: the cells that the quote shows, as `Sales!A2:F40`.
    cells: str
    supported: bool


class AttachmentShape(Shape):
    """A file of a question or of a tool's result, as it is now for whoever has the conversation.

    Until it is read it has no document, but an item of ingestion; `reason` says why it failed.
    """

    id: UUID
    document_id: UUID | None
    item_id: UUID | None
    collection_id: UUID | None
    name: str
    mime: str
    status: Annotated[str, AttachmentStatus]
    reason: str
    is_private: bool


class ToolRunShape(Shape):
    """One call of a tool."""

    id: UUID
    tool: str
    status: Annotated[str, ToolRunStatus]
    args: Any
    latency_ms: int | None
    result_preview: str
    error: str
    # The kind of error; empty for those of before there were kinds.
    error_code: str
    session_id: UUID | None
    run_id: UUID | None
    message_id: UUID | None
    created_at: datetime
    # Pictures and other files in its result; they are files of the conversation.
    files: list[AttachmentShape]


class ApprovalShape(ToolRunShape):
    """A call that waits for somebody's word: the user's, or that of an admin of the groups."""

    server: str
    reason: Annotated[str, AskReason]
    approver: Annotated[str, Approver]
    groups: list[str]
    asked_by: str
    can_remember: bool
    expires_at: datetime


class ToolGrantShape(Shape):
    """A tool that is called without asking: in one conversation, or in all of them."""

    id: UUID
    tool: str
    server: str
    session_id: UUID | None
    created_at: datetime
    expires_at: datetime


@example(decision="allow")
class DecideCallSerializer(serializers.Serializer[Any]):
    """What the user says to a tool call that waits."""

    decision = serializers.ChoiceField(DECISIONS)
    remember = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Allow further calls of the tool, where that may be; see /v1/tool-grants.",
    )
    remember_for = serializers.ChoiceField(
        GrantReach.choices, required=False, default=GrantReach.CONVERSATION
    )


@example(rating=1, comment="Just what I needed.")
class FeedbackSerializer(serializers.Serializer[Any]):
    """What the user thinks of an answer."""

    rating = serializers.ChoiceField(RATINGS)
    comment = serializers.CharField(max_length=4000, required=False, allow_blank=True, default="")


class FeedbackShape(Shape):
    """What the user thought of an answer."""

    rating: Annotated[int, RATINGS]
    comment: str


class SpanShape(Shape):
    """A place in a text, counted in Unicode code points (JavaScript counts UTF-16 units)."""

    start: int
    end: int


class MessageShape(Shape):
    """Something that was said; its siblings are other versions of it, itself included."""

    id: UUID
    role: Annotated[str, MessageRole]
    content: str
    model: str
    created_at: datetime
    parent_id: UUID | None
    run_id: UUID | None
    tokens_in: int
    tokens_out: int
    citations: list[CitationShape]
    tool_runs: list[ToolRunShape]
    feedback: FeedbackShape | None
    siblings: list[UUID]
    attachments: list[AttachmentShape]
    unsupported: list[SpanShape]
    has_reasoning: bool


class WholeMessageShape(MessageShape):
    """Something that was said, with what the model thought before it spoke."""

    reasoning: str


class FoundMessageShape(Shape):
    """A message that has the words that were looked for, and where they stand in its excerpt."""

    id: UUID
    session_id: UUID
    title: str
    role: Annotated[str, MessageRole]
    created_at: datetime
    excerpt: str
    matches: list[SpanShape]


class AudioSerializer(serializers.Serializer[Any]):
    """A spoken question."""

    data = serializers.CharField(  # type: ignore[assignment]
        trim_whitespace=False, help_text="The file, or the samples, in base64."
    )
    format = serializers.CharField(max_length=20, help_text="As webm, ogg, wav, mp3 or pcm16.")
    sample_rate = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=1_000_000,
        help_text="Of pcm16: 8000 to 48000.",
    )


@example(text="How does a standby follow the primary?")
class PostMessageSerializer(serializers.Serializer[Any]):
    """A question."""

    text = serializers.CharField(max_length=LONGEST_TEXT, required=False, trim_whitespace=False)
    audio = AudioSerializer(required=False)
    model = serializers.CharField(max_length=200, required=False, allow_blank=True)
    parent_id = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="The message it follows: the newest unless given; null = it begins anew.",
    )
    expect_audio = serializers.BooleanField(required=False, default=False)
    attachments = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=MOST_ATTACHMENTS,
        help_text="Documents, or files of an upload that are still being read, by their ids.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A question is written or spoken; speech needs somebody who hears, or speaks."""
        if attrs.get("audio") and not can_hear():
            raise serializers.ValidationError({"audio": gettext(NO_HEARING)})
        if attrs.get("expect_audio") and not can_speak():
            raise serializers.ValidationError({"expect_audio": gettext(NO_SPEAKING)})
        if attrs.get("audio"):
            if "text" in attrs:
                raise serializers.ValidationError({"audio": gettext(BOTH)})
            return attrs
        if "text" not in attrs:
            raise serializers.ValidationError({"text": "This field is required."}, "required")
        if not attrs["text"].strip():
            raise serializers.ValidationError({"text": "This may not be blank."}, "blank")
        return attrs


@example(text="How does a standby follow the primary?", stream=False)
class ChatSerializer(PostMessageSerializer):
    """A question in one call."""

    parent_id = None  # type: ignore[assignment]
    session_id = serializers.UUIDField(required=False, allow_null=True)
    stream = serializers.BooleanField(required=False, default=False)
    enable_tools = serializers.BooleanField(required=False)
    enable_web = serializers.BooleanField(required=False)
    collections = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=MOST_COLLECTIONS
    )


class BeginAttachingSerializer(serializers.Serializer[Any]):
    """For which conversation files are to be uploaded; for a new one without."""

    session_id = serializers.UUIDField(required=False, allow_null=True)


class PrivateCollectionShape(Shape):
    """The collection of a conversation, in which its files are."""

    collection_id: UUID


class RegenerateSerializer(serializers.Serializer[Any]):
    """How the other answer is made."""

    model = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class ErrorOfRunShape(Shape):
    """Why a run failed, or what its user should know about an answer that succeeded."""

    code: str
    detail: str


class RunShape(Shape):
    """An answer in the making, or made; `position` is its place in the queue, 1 is next."""

    id: UUID
    session_id: UUID
    status: Annotated[str, RunStatus]
    model: str
    started_at: datetime | None
    finished_at: datetime | None
    iterations: int
    tokens_in: int
    tokens_out: int
    ttft_ms: int | None
    error: ErrorOfRunShape | None
    message_id: UUID | None
    position: int | None


class IdShape(Shape):
    """A reference."""

    id: UUID


class RunStateShape(IdShape):
    """A run and where it stands."""

    status: Annotated[str, RunStatus]


class PostedShape(Shape):
    """An accepted question, and the run that answers it."""

    message: IdShape
    run: RunStateShape


class SummaryShape(Shape):
    """What a model reads instead of the messages of a branch up to one of them."""

    id: UUID
    message_id: UUID
    model: str
    messages: int
    content: str
    tokens_in: int
    tokens_out: int
    created_at: datetime


class UsageShape(Shape):
    """Tokens."""

    tokens_in: int
    tokens_out: int


class TranscriptShape(Shape):
    """What was understood of a spoken question."""

    text: str
    language: str
    # Between 0 and 1; 0 where nobody knows.
    confidence: float


class SoundShape(Shape):
    """An answer as it sounds, in base64."""

    data: str
    format: str
    sample_rate: int


class ChatAnswerShape(Shape):
    """The whole answer of a one-call chat."""

    session_id: UUID
    run_id: UUID
    status: Annotated[str, RunStatus]
    message: MessageShape
    usage: UsageShape
    tool_runs: list[ToolRunShape]
    error: ErrorOfRunShape | None
    transcript: TranscriptShape | None
    audio: SoundShape | None


AttachmentSerializer = serializer_for(AttachmentShape)
PrivateCollectionSerializer = serializer_for(PrivateCollectionShape)
ToolRunSerializer = serializer_for(ToolRunShape)
ApprovalSerializer = serializer_for(ApprovalShape)
ToolGrantSerializer = serializer_for(ToolGrantShape)
MessageSerializer = serializer_for(MessageShape)
WholeMessageSerializer = serializer_for(WholeMessageShape)
FoundMessageSerializer = serializer_for(FoundMessageShape)
RunSerializer = serializer_for(RunShape)
SummarySerializer = serializer_for(SummaryShape)
PostedSerializer = serializer_for(PostedShape)
ChatAnswerSerializer = serializer_for(ChatAnswerShape)


class SessionFilterSerializer(serializers.Serializer[Any]):
    """`search` in titles, `archived`, and `origin`: `openai` for those of OpenAI's clients."""

    search = serializers.CharField(max_length=200, required=False)
    archived = serializers.BooleanField(required=False, default=False)
    origin = serializers.ChoiceField(SessionOrigin.values, required=False, default="")


class MessageSearchSerializer(SessionFilterSerializer):
    """`search`: words, or a `"phrase"`, that messages have; the rest as in the list of sessions."""

    search = serializers.CharField(max_length=200)


class MessageWindowSerializer(serializers.Serializer[Any]):
    """`leaf`: the branch from the root to this message; `before` or `after`: what is next to one.

    With `before` the page ends right in front of that message, and `offset` counts backwards.
    """

    leaf = serializers.UUIDField(required=False)
    before = serializers.UUIDField(required=False)
    after = serializers.UUIDField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A page lies on one side of a message."""
        if "before" in attrs and "after" in attrs:
            raise serializers.ValidationError({"after": "Give either `before` or `after`."})
        return attrs
