"""Repositories of conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db.models import Exists, F, OuterRef, Prefetch, Q, Subquery, UUIDField
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from chat.attachment_managers import AttachmentQuerySet
from chat.enums import (
    ACTIVE_STATUSES,
    IDLE_STATUSES,
    OPEN_CALLS,
    UNKEPT,
    WORKING_STATUSES,
    RunStatus,
    ToolRunStatus,
)
from documents.managers import DocumentQuerySet, DocumentVersionQuerySet, VersionPassageQuerySet
from mcp.managers import GroupPolicyQuerySet, ToolQuerySet
from youworker.core.evaluations import EvaluationQuerySet
from youworker.core.leases import LeasedQuerySet
from youworker.core.managers import BaseQuerySet, SoftDeleteQuerySet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from accounts.models import User
    from chat.evaluation_models import AnswerEvaluation, JudgedAnswer
    from chat.model_servers import ModelCall, ModelServer, ServedModel
    from chat.models import (
        Citation,
        Message,
        Run,
        Session,
        Summary,
        SystemPrompt,
        ToolGrant,
        ToolRun,
    )

# Of the row at hand, in the order they were made. A prefetch makes a queryset for each row.
ALIVE_COLLECTIONS = """
ARRAY(
    SELECT chosen.collection_id FROM chat_session_collections AS chosen
        JOIN documents_collection AS shelf ON shelf.id = chosen.collection_id
    WHERE chosen.session_id = chat_session.id AND shelf.deleted_at IS NULL
    ORDER BY chosen.collection_id
)
"""


class SessionQuerySet(SoftDeleteQuerySet["Session"]):
    """Conversations."""

    def visible_to(self, user: User) -> Self:
        """Limit to the user's own sessions."""
        return self.filter(user=user)

    def archived(self, *, archived: bool = True) -> Self:
        """Limit to sessions that were put away, or to those that were not."""
        return self.filter(archived_at__isnull=not archived)

    def of_origin(self, origin: str) -> Self:
        """Limit to sessions that are held in one place, and shall be kept."""
        rows = self.filter(origin=origin)
        # Only clients of programs ask for nothing to be kept.
        return rows.exclude(self.is_unkept()) if origin else rows

    def unkept(self) -> Self:
        """Limit to sessions of which nothing shall be kept."""
        return self.filter(self.is_unkept())

    def is_unkept(self) -> Q:
        """Whether nothing of a session shall be kept: who went on in it by other means wants it."""
        runs = self.related_rows("runs", RunQuerySet).filter(session=OuterRef("pk"))
        return Exists(runs.filter(thread=UNKEPT)) & ~Exists(runs.exclude(thread=UNKEPT))

    def with_alive_collection_ids(self) -> Self:
        """Load the ids of the chosen collections that are not deleted."""
        ids = RawSQL(ALIVE_COLLECTIONS, [], output_field=ArrayField(UUIDField()))  # noqa: S611 -- our own words
        return self.annotate(alive_collection_ids=ids)

    def latest_first(self) -> Self:
        """Order by the last activity."""
        return self.order_by("-active_at", "-pk")

    def touch(self, pk: UUID) -> bool:
        """Note activity; false when the session is gone."""
        return bool(self.filter(pk=pk).update(active_at=timezone.now()))


class MessageQuerySet(BaseQuerySet["Message"]):
    """What was said."""

    def visible_to(self, user: User) -> Self:
        """Limit to messages of the user's own, undeleted sessions."""
        return self.filter(session__user=user, session__deleted_at__isnull=True)

    def with_details(self) -> Self:
        """Load citations and tool runs in one query each, and whether files came along."""
        citations = (
            self.related_rows("citations", CitationQuerySet).with_passage().order_by("index")
        )
        calls = self.related_rows("tool_runs", ToolRunQuerySet).oldest_first()
        files = self.related_rows("attachments", AttachmentQuerySet)
        rows = self.annotate(has_attachments=Exists(files.filter(message=OuterRef("pk"))))
        return rows.prefetch_related(Prefetch("citations", citations), Prefetch("tool_runs", calls))

    def with_summarised(self) -> Self:
        """Say of each message whether a summary stands for those up to it."""
        told = self.related_rows("summaries", SummaryQuerySet).filter(upto=OuterRef("pk"))
        return self.annotate(is_summarised=Exists(told))

    def in_order(self) -> Self:
        """Order as it was said; ids are time-ordered."""
        return self.order_by("created_at", "pk")

    def newest_first(self) -> Self:
        """Order by when it was said, latest first."""
        return self.order_by("-created_at", "-pk")


class RunQuerySet(LeasedQuerySet["Run"]):
    """Answers in the making and made."""

    def visible_to(self, user: User) -> Self:
        """Limit to runs of the user's own, undeleted sessions."""
        return self.filter(session__user=user, session__deleted_at__isnull=True)

    def active(self) -> Self:
        """Limit to runs that have not ended."""
        return self.filter(status__in=ACTIVE_STATUSES)

    def working(self) -> Self:
        """Limit to active runs that wait for nobody's decision."""
        return self.filter(status__in=WORKING_STATUSES)

    def idle(self) -> Self:
        """Limit to active runs that no process holds."""
        return self.filter(status__in=IDLE_STATUSES)

    def queued(self) -> Self:
        """Limit to runs that wait for a process to take them up."""
        return self.filter(status=RunStatus.QUEUED)

    def running(self) -> Self:
        """Limit to runs that a process holds."""
        return self.filter(status=RunStatus.RUNNING)

    def leased(self) -> Self:
        """Limit to what somebody holds; ended runs keep their token."""
        return self.running()

    def waiting(self) -> Self:
        """Limit to runs that go on when somebody has decided."""
        return self.filter(status=RunStatus.WAITING_APPROVAL)

    def stalled(self) -> Self:
        """Limit to running ones whose process was silent at two looks."""
        return self.running().lost()

    def renew_held(self, leases: Mapping[UUID, UUID], *, seconds: float) -> set[UUID]:
        """Extend the leases of runs, given with their tokens; which of the runs are still held.

        A run that its holder ended counts as held: nobody else took it.
        """
        held = self.filter(pk__in=list(leases), lease_token__in=list(leases.values()))
        if held.renew(seconds=seconds) == len(leases):
            return set(leases)
        return set(held.values_list("pk", flat=True))

    def lock_held(self, pk: UUID, token: UUID | None) -> bool:
        """Lock a run as long as it is active under this token; false when it is not any more."""
        rows = self.active().held(token).filter(pk=pk)
        return bool(rows.select_for_update(no_key=True).values_list("pk", flat=True))

    def request_stop(self) -> int:
        """Ask the processes that make these answers to end them; how many had not ended."""
        return self.active().update(stop_requested_at=timezone.now())

    def wanted(self) -> Self:
        """Limit to answers whose users are active and did not stop or delete them."""
        return self.filter(
            user__is_active=True, session__deleted_at__isnull=True, stop_requested_at__isnull=True
        )

    def unwanted(self) -> Self:
        """Limit to answers that somebody stopped or deleted, or whose users are not active."""
        gone = Q(user__is_active=False) | Q(session__deleted_at__isnull=False)
        return self.filter(gone | Q(stop_requested_at__isnull=False))

    def finish(self, pk: UUID, status: RunStatus, **changes: Any) -> bool:
        """End an active run once; false when it is not one of these any more."""
        changes |= {"finished_at": Now(), "updated_at": Now(), "state": None}
        return bool(self.active().filter(pk=pk).update(status=status, **changes))


class CitationQuerySet(BaseQuerySet["Citation"]):
    """Which passages an answer points to."""

    def with_passage(self) -> Self:
        """Load what the passages say and where they stand, in documents as they are or were."""
        documents = self.related_rows("document", DocumentQuerySet)
        versions = documents.related_rows("versions", DocumentVersionQuerySet)
        older = versions.related_rows("passages", VersionPassageQuerySet)
        older = older.filter(passage_id=OuterRef("passage_id"))
        return self.annotate(
            **{
                f"passage_{name}": Coalesce(f"passage__{name}", Subquery(older.values(name)[:1]))
                for name in ("text", "start", "layout")
            }
        )


class ToolRunQuerySet(BaseQuerySet["ToolRun"]):
    """Calls of tools."""

    def visible_to(self, user: User) -> Self:
        """Limit to the user's own calls; staff see all."""
        return self if user.is_staff else self.filter(user=user)

    def unfinished(self, run_id: UUID | None) -> Self:
        """Limit to the calls of a run that have no end, locked."""
        locked = self.select_for_update(of=("self",))
        return locked.filter(run_id=run_id, status__in=OPEN_CALLS)

    def undecided(self) -> Self:
        """Limit to calls that wait for somebody's decision."""
        return self.filter(status=ToolRunStatus.WAITING, decision="")

    def decidable_by(self, user: User) -> Self:
        """Limit to calls whose question a user may answer: their own, or as a group's admin.

        Where a group of the asker has its admins asked, only these answer.
        """
        policies = self.related_rows("tool", ToolQuerySet).related_rows(
            "group_policies", GroupPolicyQuerySet
        )
        asking = (
            policies.filter(tool=OuterRef("tool")).asking_admins().of_member(OuterRef("run__user"))
        )
        own = Q(run__user=user) & ~Exists(asking)
        return self.filter(own | Exists(asking.managed_by(user.pk)))

    def with_tool(self) -> Self:
        """Load the tools, their servers and the askers along."""
        return self.select_related("tool__server", "user")


class ToolGrantQuerySet(BaseQuerySet["ToolGrant"]):
    """What users allowed tools beyond one call."""

    def visible_to(self, user: User) -> Self:
        """Limit to the user's own grants, as far as they are in force."""
        return self.filter(user=user).in_force()

    def in_force(self) -> Self:
        """Limit to grants that have not expired, of active users, for unchanged tools."""
        return self.filter(
            Q(session__isnull=True) | Q(session__deleted_at__isnull=True),
            expires_at__gt=Now(),
            user__is_active=True,
            tool__enabled=True,
            tool__missing_since__isnull=True,
            tool__edition=F("tool_edition"),
        )

    def covering(self, user_id: UUID, tool_id: UUID, session_id: UUID) -> Self:
        """Limit to grants in force for a user's calls of a tool in a conversation."""
        there = Q(session__isnull=True) | Q(session_id=session_id)
        return self.in_force().filter(there, user_id=user_id, tool_id=tool_id)

    def ended(self) -> Self:
        """Limit to grants that nothing brings into force again."""
        gone = Q(expires_at__lte=Now()) | Q(user__is_active=False)
        return self.filter(gone | ~Q(tool__edition=F("tool_edition")))

    def newest_first(self) -> Self:
        """The latest one first, with its tool and conversation."""
        return self.select_related("tool__server", "session").order_by("-created_at", "-pk")


class ModelServerQuerySet(BaseQuerySet["ModelServer"]):
    """Servers of language models."""

    def in_order(self) -> Self:
        """Order as they are asked."""
        return self.order_by("position", "created_at", "pk")


class ServedModelQuerySet(BaseQuerySet["ServedModel"]):
    """What is known of the models of servers."""

    def by_server(self) -> Self:
        """Order as their servers are asked, then by name."""
        return self.order_by("server__position", "server__created_at", "server_id", "name")


class ModelCallQuerySet(BaseQuerySet["ModelCall"]):
    """Answers without runs that are being made."""

    def alive(self) -> Self:
        """Limit to those whose processes are there."""
        return self.filter(until__gt=Now())


class SummaryQuerySet(BaseQuerySet["Summary"]):
    """What stands for older messages."""

    def visible_to(self, user: User) -> Self:
        """Limit to summaries of the user's own, undeleted sessions."""
        return self.filter(session__user=user, session__deleted_at__isnull=True)


class SystemPromptQuerySet(BaseQuerySet["SystemPrompt"]):
    """What every model is told before all questions."""


class AnswerEvaluationQuerySet(EvaluationQuerySet["AnswerEvaluation"]):
    """Evaluations of answers, comparable about the same questions and with the same rights."""

    results, compared = "answers", "as_expected"
    alike = ("collection", "asker")


class JudgedAnswerQuerySet(BaseQuerySet["JudgedAnswer"]):
    """Answers beside what was expected of them."""

    def without_texts(self) -> Self:
        """Leave out what is encrypted, where only the judgement counts."""
        return self.defer("text", "sources")
