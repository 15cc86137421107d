"""Conversations over HTTP."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.utils.timezone import get_current_timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.mixins import ListModelMixin
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.services import grant_of_request
from chat import services
from chat.branches import messages_beside, read_messages, read_tree
from chat.enums import RunStatus
from chat.models import Message, Run, Session, Summary, ToolRun
from chat.queries import SessionRows
from chat.realtime.sse import event_stream, resume_point
from chat.rendering import (
    rendered_found_message,
    rendered_message,
    rendered_run,
    rendered_session,
    rendered_summary,
    rendered_tool_run,
    rendered_whole_message,
)
from chat.runs.manager import accept
from chat.runs.queue import queued_places
from chat.serializers import (
    CreateSessionSerializer,
    FeedbackSerializer,
    FoundMessageSerializer,
    MessageSearchSerializer,
    MessageSerializer,
    MessageWindowSerializer,
    PostedSerializer,
    PostMessageSerializer,
    RegenerateSerializer,
    RunSerializer,
    SessionFilterSerializer,
    SessionSerializer,
    SummarySerializer,
    ToolRunSerializer,
    UpdateSessionSerializer,
    WholeMessageSerializer,
)
from chat.standing import files_of_calls
from chat.transcripts import transcript_answer
from chat.voice import written_in_request
from documents.shown_text import MARKDOWN
from youworker.core.api.base import ActorView
from youworker.core.api.rate_limits import rate_limited

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from django.http import HttpResponse
    from rest_framework.request import Request

    from chat.managers import MessageQuerySet, RunQuerySet, SessionQuerySet, ToolRunQuerySet
    from chat.runs.manager import Posting
    from chat.serializers import PostedShape, ToolRunShape
    from chat.types import ShownAttachment

IDEMPOTENCY_HEADER = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="Makes a retry safe for 24 h."
)


def validated(form: Any) -> dict[str, Any]:
    """The data of a serializer; raises its validation error."""
    form.is_valid(raise_exception=True)
    data: dict[str, Any] = form.validated_data
    return data


def accept_question(post: Posting) -> Response:
    """Accept a question, begin its run in this process, and say where to watch it."""
    posted = accept(post)
    answer: PostedShape = {
        "message": {"id": posted.message_id},
        "run": {"id": posted.run_id, "status": posted.status},
    }
    return Response(answer, status=202)


class ChatView(ActorView):
    """What all routes of a conversation share."""

    scopes = {"read": "chat", "write": "chat"}


class SessionViewSet(ChatView, ListModelMixin, GenericViewSet):
    """The caller's conversations, latest first."""

    queryset = Session.objects.none()
    serializer_class = SessionSerializer

    def get_queryset(self) -> SessionQuerySet:
        return self.own_sessions().with_alive_collection_ids()

    def own_sessions(self) -> SessionQuerySet:
        """The caller's conversations, latest first."""
        visible: SessionQuerySet = Session.objects.visible_to(self.actor)
        return visible.latest_first()

    @extend_schema(parameters=[SessionFilterSerializer])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List conversations; `search` looks into titles."""
        wanted = validated(SessionFilterSerializer(data=request.query_params))
        archived, origin = wanted["archived"], wanted["origin"]
        if "search" in wanted:
            found = self.own_sessions().archived(archived=archived).of_origin(origin)
            ids = self.paginate_queryset(services.ids_of_titled(found, wanted["search"])) or []
            by_id = found.with_alive_collection_ids().in_bulk(ids)
            page = [by_id[pk] for pk in ids if pk in by_id]
        else:
            rows: Any = SessionRows(self.actor, archived=archived, origin=origin)
            page = self.paginate_queryset(rows) or []
        zone = get_current_timezone()
        return self.get_paginated_response([rendered_session(row, zone) for row in page])

    @extend_schema(request=CreateSessionSerializer, responses={201: SessionSerializer})
    @rate_limited("CHAT_SESSION_CREATE")
    def create(self, request: Request) -> Response:
        """Begin a conversation."""
        fields = validated(CreateSessionSerializer(data=request.data))
        session = services.create_session(**fields, actor=self.actor)
        return Response(self.get_serializer(session).data, status=201)

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Read a conversation's settings."""
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=UpdateSessionSerializer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change a conversation's settings, or put it away."""
        fields = validated(UpdateSessionSerializer(data=request.data))
        session = services.update_session(self.get_object(), **fields, actor=self.actor)
        return Response(self.get_serializer(session).data)

    def destroy(self, request: Request, pk: UUID) -> Response:
        """Hide a conversation; `restore` brings it back."""
        services.delete_session(self.get_object(), actor=self.actor)
        return Response(status=204)

    @extend_schema(request=None)
    def restore(self, request: Request, pk: UUID) -> Response:
        """Bring a hidden conversation back."""
        session = services.own_session(pk, deleted=True, actor=self.actor)
        services.restore_session(session, actor=self.actor)
        return Response(self.get_serializer(session).data)

    @extend_schema(responses={(200, MARKDOWN): str})
    def transcript(self, request: Request, pk: UUID) -> HttpResponse:
        """Read the chosen branch of a conversation as Markdown, with its sources."""
        return transcript_answer(services.own_session(pk, actor=self.actor))


class SessionMessageViewSet(ChatView, GenericViewSet):
    """What was said in a conversation, oldest first."""

    queryset = Message.objects.none()
    serializer_class = MessageSerializer

    @extend_schema(parameters=[MessageWindowSerializer], responses=MessageSerializer(many=True))
    def list(self, request: Request, pk: UUID) -> Response:
        """List messages with citations and tool runs: all of them, or those of one branch."""
        wanted = validated(MessageWindowSerializer(data=request.query_params))
        session = services.own_session(pk, actor=self.actor)
        tree = read_tree(session)
        ids = messages_beside(tree, **wanted)
        page = self.paginate_queryset(ids) or []
        rows = read_messages(page[::-1] if "before" in wanted else page)
        return self.get_paginated_response(
            [rendered_message(row, siblings=tree.siblings_of(row.pk)) for row in rows]
        )

    @extend_schema(
        request=PostMessageSerializer,
        responses={202: PostedSerializer},
        parameters=[IDEMPOTENCY_HEADER],
    )
    @rate_limited("CHAT_MESSAGE")
    def create(self, request: Request, pk: UUID) -> Response:
        """Ask something; the answer is a run that can be watched, left and come back to."""
        form = PostMessageSerializer(data=request.data)
        if not form.is_valid():
            # Who has no such conversation learns that, and not what would be wrong in it.
            services.own_session(pk, actor=self.actor)
        fields = validated(form)
        services.check_model(fields.get("model", ""))
        if fields.get("audio"):
            # Nobody is listened to who has no such conversation.
            services.own_session(pk, actor=self.actor)
        fields = written_in_request(fields, actor=self.actor)
        key, session = request.headers.get("Idempotency-Key", ""), Session(pk=pk)
        return accept_question(
            partial(services.post_message, session, **fields, idempotency_key=key, actor=self.actor)
        )


class MessageViewSet(ChatView, GenericViewSet):
    """One message, and acts on it."""

    queryset = Message.objects.none()
    serializer_class = MessageSerializer

    def get_queryset(self) -> MessageQuerySet:
        return Message.objects.visible_to(self.actor).select_related("parent", "session")

    @extend_schema(
        parameters=[MessageSearchSerializer], responses=FoundMessageSerializer(many=True)
    )
    @rate_limited("SEARCH")
    def list(self, request: Request) -> Response:
        """Find messages by words, newest first, each with a few lines around them."""
        wanted = validated(MessageSearchSerializer(data=request.query_params))
        words = wanted.pop("search")
        ids = [found.message_id for found in services.find_said(words, **wanted, actor=self.actor)]
        page = self.paginate_queryset(ids) or []
        rows = services.read_found(page, words, actor=self.actor)
        return self.get_paginated_response([rendered_found_message(row) for row in rows])

    @extend_schema(responses=WholeMessageSerializer)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Read a message with what the model thought before it spoke."""
        return Response(rendered_whole_message(self.get_object()))

    @extend_schema(request=RegenerateSerializer, responses={202: PostedSerializer})
    @rate_limited("CHAT_MESSAGE")
    def regenerate(self, request: Request, pk: UUID) -> Response:
        """Answer the same question again, beside the first answer."""
        message = self.get_object()
        form = validated(RegenerateSerializer(data=request.data))
        services.check_model(form.get("model", ""))
        return accept_question(partial(services.regenerate, message, **form, actor=self.actor))

    @extend_schema(
        request=RegenerateSerializer,
        responses={202: PostedSerializer},
        parameters=[IDEMPOTENCY_HEADER],
    )
    @rate_limited("CHAT_MESSAGE")
    def continue_answer(self, request: Request, pk: UUID) -> Response:
        """Go on with an answer that was stopped, interrupted or cut, as a version beside it."""
        message = self.get_object()
        form = validated(RegenerateSerializer(data=request.data))
        services.check_model(form.get("model", ""))
        key = request.headers.get("Idempotency-Key", "")
        return accept_question(
            partial(
                services.continue_answer, message, **form, idempotency_key=key, actor=self.actor
            )
        )

    @extend_schema(request=FeedbackSerializer, responses=MessageSerializer)
    def feedback(self, request: Request, pk: UUID) -> Response:
        """Note what the user thinks of an answer."""
        answer = self.get_object()
        form = validated(FeedbackSerializer(data=request.data))
        message = services.give_feedback(answer, **form, actor=self.actor)
        return Response(rendered_message(message))


class RunViewSet(ChatView, GenericViewSet):
    """Answers in the making."""

    queryset = Run.objects.none()
    serializer_class = RunSerializer
    pagination_class = None

    def get_queryset(self) -> RunQuerySet:
        return Run.objects.visible_to(self.actor)

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Read where a run stands."""
        run = self.get_object()
        waits = run.status == RunStatus.QUEUED
        position = queued_places(1, only=run.pk).get(run.pk) if waits else None
        return Response(rendered_run(run, position=position))

    @extend_schema(
        parameters=[
            OpenApiParameter("after", int, description="Number of the last event seen."),
            OpenApiParameter("Last-Event-ID", str, OpenApiParameter.HEADER),
        ],
        responses={(200, "text/event-stream"): str},
    )
    def events(self, request: Request, pk: UUID) -> Any:
        """Watch a run as server-sent events, from the start or after the last event seen."""
        run = self.get_object()
        grant = grant_of_request(request)
        return event_stream(run.pk, run.session_id, grant, after=resume_point(request))

    @extend_schema(request=None, responses={202: RunSerializer})
    def stop(self, request: Request, pk: UUID) -> Response:
        """End a run within a second, in whichever process it lives; the text stays."""
        run = self.get_object()
        services.stop_run(run)
        return Response(rendered_run(run), status=202)


class ToolRunViewSet(ActorView, GenericViewSet):
    """Calls of tools: the caller's own, for staff everybody's without their content."""

    queryset = ToolRun.objects.none()
    serializer_class = ToolRunSerializer
    scopes = {"read": "tools"}

    def get_queryset(self) -> ToolRunQuerySet:
        return ToolRun.objects.visible_to(self.actor).newest_first()

    @extend_schema(responses=ToolRunSerializer(many=True))
    def list(self, request: Request) -> Response:
        """List calls, newest first."""
        page = self.paginate_queryset(self.get_queryset()) or []
        own = [row for row in page if row.user_id == self.actor.pk]
        files = files_of_calls(own, user=self.actor) if own else {}
        return self.get_paginated_response([self.serialize(row, files) for row in page])

    def serialize(
        self, row: ToolRun, files: Mapping[UUID, Sequence[ShownAttachment]]
    ) -> ToolRunShape:
        """One call; another user's content is not even decrypted."""
        is_own = row.user_id == self.actor.pk
        return rendered_tool_run(row, private=is_own, files=files.get(row.pk, ()))


class SummaryViewSet(ChatView, GenericViewSet):
    """Summaries of a conversation that fills the window of a model."""

    queryset = Summary.objects.none()
    serializer_class = SummarySerializer

    @extend_schema(responses=SummarySerializer(many=True))
    def list(self, request: Request, pk: UUID) -> Response:
        """List summaries, oldest first: models read them instead of messages up to one."""
        session = services.own_session(pk, actor=self.actor)
        rows = Summary.objects.filter(session=session).oldest_first()
        page = self.paginate_queryset(rows) or []
        return self.get_paginated_response([rendered_summary(row) for row in page])
