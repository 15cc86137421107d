"""What the people asked, what they were answered, and what that took."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from chat.enums import MessageRole, RunStatus, ToolRunStatus
from chat.models import Citation, Message, Run, Session, ToolRun
from quotas.enums import UsageKind, UsageOutcome
from quotas.models import TokenUsage, UsageEvent
from youworker.demo.tables import Table, write_all
from youworker.demo.words import ANSWERS, MODELS, QUESTIONS, TOOLS, UNANSWERED

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from accounts.models import User
    from youworker.demo.library import Quotable
    from youworker.demo.people import Company
    from youworker.demo.plan import Plan

# Messages of one transaction.
BATCH = 20_000
SEARCH = "semantic.query"
# Of a hundred answers.
FAILING, UNANSWERED_SHARE, WITH_TOOLS = 3, 9, 40
MOST_TURNS = 8
ENDS = (RunStatus.FAILED, RunStatus.STOPPED, RunStatus.INTERRUPTED)


class Conversations:
    """Rows of conversations that wait to be written together."""

    def __init__(self, plan: Plan, company: Company, quotable: list[Quotable]) -> None:
        self.plan, self.company, self.quotable = plan, company, quotable
        self.sessions, self.messages, self.runs = Table(Session), Table(Message), Table(Run)
        self.citations, self.tool_runs = Table(Citation), Table(ToolRun)
        self.events, self.token_days = Table(UsageEvent), Table(TokenUsage)
        self.limits = Table(Session.collections.through)
        self.tokens: Counter[tuple[Any, ...]] = Counter()

    def add_conversation(self, most: int) -> int:
        """Remember a conversation of at most so many messages; how many it has."""
        plan, random = self.plan, self.plan.random
        at, user = plan.moment(), random.choice(self.company.users)
        session, model = plan.ids.at(at), random.choice(MODELS)
        turns = min(random.randint(1, MOST_TURNS), max(most // 2, 1))
        quoted = random.choice(self.quotable) if self.quotable else None
        topic = quoted.title if quoted else "travel expenses"
        parent: UUID | None = None
        moment = at
        for _ in range(turns):
            parent, moment = self.add_turn(user, session, parent, moment, model, quoted)
            moment += timedelta(seconds=random.randint(20, 400))
        self.sessions.add(
            id=session,
            **dated(at),
            user_id=user.pk,
            title=self.sessions.sealed("title", session, f"About {topic}"),
            model=model,
            active_at=moment,
        )
        if random.random() < 0.5:  # noqa: PLR2004 -- every second one
            chosen = random.choice(list(self.company.collections.values()))
            self.limits.add(session_id=session, collection_id=chosen.pk)
        self.add_event(user, at, UsageKind.SESSION, duration_ms=None)
        return 2 * turns

    def add_turn(
        self,
        user: User,
        session: UUID,
        parent: UUID | None,
        at: datetime,
        model: str,
        quoted: Quotable | None,
    ) -> tuple[UUID, datetime]:
        """Remember a question and its answer; the answer, and when it was there."""
        ids, random = self.plan.ids, self.plan.random
        dice = random.randrange(100)
        status = random.choice(ENDS) if dice < FAILING else RunStatus.SUCCEEDED
        is_answered = dice >= FAILING + UNANSWERED_SHARE and quoted is not None
        topic = quoted.title if quoted else "travel expenses"
        seconds = random.uniform(0.8, 25)
        end = at + timedelta(seconds=seconds)
        question, run, answer = ids.at(at), ids.at(at), ids.at(at)
        tokens_in, tokens_out = random.randint(200, 4_000), random.randint(20, 700)
        said = random.choice(ANSWERS) if is_answered else UNANSWERED
        self.add_message(question, at, session, parent, run, random.choice(QUESTIONS), topic)
        self.add_message(
            answer, end, session, question, run, said, topic,
            role=MessageRole.ASSISTANT, model=model, tokens_in=tokens_in, tokens_out=tokens_out,
            rating=random.choices((0, 1, -1), (90, 7, 3))[0],
        )  # fmt: skip
        self.runs.add(
            id=run,
            session_id=session,
            user_id=user.pk,
            **dated(at, end),
            question_id=question,
            answer_id=answer,
            status=status,
            model=model,
            started_at=at,
            finished_at=end,
            iterations=1,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            ttft_ms=random.randint(150, 3_000),
            error_code="model_unavailable" if status == RunStatus.FAILED else "",
        )
        self.add_event(
            user, end, UsageKind.RUN, name=model, outcome=UsageOutcome(status.value),
            tokens_in=tokens_in, tokens_out=tokens_out, duration_ms=int(seconds * 1000),
        )  # fmt: skip
        if not is_answered or dice < WITH_TOOLS:
            tool = random.choice(TOOLS) if is_answered else SEARCH
            self.add_tool_run(user, session, run, answer, at, tool)
        if is_answered and quoted is not None:
            self.add_citation(answer, end, quoted)
        return answer, end

    def add_message(
        self,
        pk: UUID,
        at: datetime,
        session: UUID,
        parent: UUID | None,
        run: UUID,
        text: str,
        topic: str,
        role: MessageRole = MessageRole.USER,
        **values: Any,
    ) -> None:
        """Remember what somebody said."""
        content = self.messages.sealed("content", pk, text.format(topic=topic))
        self.messages.add(
            id=pk, session_id=session, parent_id=parent, run_id=run, role=role, content=content,
            **dated(at), **values,
        )  # fmt: skip

    def add_tool_run(
        self, user: User, session: UUID, run: UUID, answer: UUID, at: datetime, name: str
    ) -> None:
        """Remember a call of a tool."""
        random = self.plan.random
        pk, duration = self.plan.ids.at(at), int(random.lognormvariate(5, 1))
        failed = random.randrange(100) < FAILING
        self.tool_runs.add(
            id=pk,
            user_id=user.pk,
            session_id=session,
            run_id=run,
            **dated(at),
            message_id=answer,
            tool_name=name,
            status=ToolRunStatus.FAILED if failed else ToolRunStatus.SUCCEEDED,
            latency_ms=duration,
            arguments=self.tool_runs.sealed("arguments", pk, {"query": "demo"}),
        )
        outcome = UsageOutcome.FAILED if failed else UsageOutcome.SUCCEEDED
        self.add_event(
            user, at, UsageKind.TOOL_CALL, name=name, outcome=outcome, duration_ms=duration
        )
        if name == SEARCH:
            self.add_event(user, at, UsageKind.SEARCH, name="hybrid", duration_ms=duration)

    def add_citation(self, answer: UUID, at: datetime, quoted: Quotable) -> None:
        """Remember what an answer points to."""
        pk = self.plan.ids.at(at)
        self.citations.add(
            id=pk, **dated(at), message_id=answer, index=1, document_id=quoted.document,
            passage_id=quoted.passage, title=quoted.title, heading="Part 1", end=len(quoted.text),
            quote=self.citations.sealed("quote", pk, quoted.text), supported=True,
        )  # fmt: skip

    def add_event(self, user: User, at: datetime, kind: UsageKind, **values: Any) -> None:
        """Remember that something was used, and count its tokens."""
        values.setdefault("outcome", UsageOutcome.SUCCEEDED)
        groups = self.company.groups_of.get(user.pk, [])
        self.events.add(created_at=at, user_id=user.pk, group_ids=groups, kind=kind, **values)
        if "tokens_in" in values:
            self.tokens[user.pk, at.date(), "in"] += values["tokens_in"]
            self.tokens[user.pk, at.date(), "out"] += values["tokens_out"]

    @transaction.atomic
    def write(self) -> None:
        """Write everything that waits."""
        days = {(user, day) for user, day, _ in self.tokens}
        for user, day in sorted(days):
            read, written = self.tokens[user, day, "in"], self.tokens[user, day, "out"]
            self.token_days.add(user_id=user, day=day, tokens_in=read, tokens_out=written)
        self.tokens.clear()
        # Messages and runs name each other: the database looks at the end of the transaction.
        write_all([self.sessions, self.limits, self.messages, self.runs, self.citations])
        write_all([self.tool_runs, self.events, self.token_days])


def dated(at: datetime, changed: datetime | None = None) -> dict[str, datetime]:
    """When a row was made, and when it was changed."""
    return {"created_at": at, "updated_at": changed or at}


def write_conversations(
    plan: Plan, company: Company, quotable: list[Quotable], tell: Callable[[int], object]
) -> None:
    """Write conversations of so many messages, or one more."""
    rows, left, waiting = Conversations(plan, company, quotable), plan.messages, 0
    while left > 0:
        made = rows.add_conversation(left)
        left, waiting = left - made, waiting + made
        if waiting >= BATCH or left <= 0:
            rows.write()
            tell(waiting)
            waiting = 0
