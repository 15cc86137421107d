"""Whether a call of a run may be made at once, or somebody is asked first.

A run is tainted once its model has read what others may have written: the answer of any tool but
ours that only compute, or a file, for this answer or for one before it on the same branch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chat.enums import AskReason, Decision
from chat.models import Message, ToolGrant
from mcp.enums import Policy
from mcp.services import approving_groups, lacks_sign_in
from youworker.core.sql import fetch_row

if TYPE_CHECKING:
    from uuid import UUID

    from chat.models import Run, ToolRun
    from mcp.calls import CallContext, ToolInfo

TAINTED = """
WITH RECURSIVE branch AS (
    SELECT parent_id, tainted FROM chat_message WHERE id = %s AND session_id = %s
    UNION ALL
    SELECT said.parent_id, said.tainted
    FROM branch JOIN chat_message AS said ON said.id = branch.parent_id
    WHERE said.session_id = %s AND NOT branch.tainted
)
SELECT EXISTS (SELECT FROM branch WHERE tainted)
"""


@dataclass(frozen=True, slots=True)
class Consent:
    """How a call stands: somebody is asked, for a reason; or it was allowed before; or neither."""

    reason: AskReason | None = None
    is_granted: bool = False
    # The groups whose admins are asked instead of the user.
    groups: tuple[str, ...] = ()
    # Whether the answer may hold for further calls.
    can_remember: bool = False

    @property
    def asks(self) -> bool:
        """Whether the call waits for an answer."""
        return self.reason is not None

    @property
    def decision(self) -> str:
        """What is written down about the call before it is made."""
        return Decision.GRANTED if self.is_granted else ""


NOT_NEEDED = Consent()


def consent_of(run: Run, tool: ToolInfo) -> Consent:
    """How a call of a tool stands now, in a thread.

    Whoever has to sign in at its server first is not asked about a call that cannot be made.
    """
    if lacks_sign_in(tool, run.user_id):
        return NOT_NEEDED
    tainted = tool.has_consequences and is_tainted(run)
    if tool.policy == Policy.ASK:
        return consent_to_ask(run, tool, is_tainted=tainted)
    return Consent(AskReason.UNTRUSTED) if tainted else NOT_NEEDED


def consent_to_ask(run: Run, tool: ToolInfo, *, is_tainted: bool) -> Consent:
    """How a call stands of a tool that asks; grants end where content of others was read."""
    reason = AskReason.UNTRUSTED if is_tainted else AskReason.POLICY
    if tool.needs_admin:
        return Consent(reason, groups=tuple(approving_groups(tool.id, run.user_id)))
    if not is_tainted and is_granted(run, tool.id):
        return Consent(is_granted=True)
    return Consent(reason, can_remember=not is_tainted)


def is_tainted(run: Run) -> bool:
    """Whether the model of a run has read, by now, what others may have written.

    Files of the conversation stand in its first prompt, also in what is left of it as a summary.
    """
    if run.options.get("attachments"):
        return True
    row = fetch_row(TAINTED, [run.answer_id, run.session_id, run.session_id])
    return bool(row and row[0])


def mark_tainted(row: ToolRun) -> None:
    """Note that a call brought its model what others may have written, and so to its readers."""
    if row.message_id is not None:
        mark_answer_tainted(row.message_id)


def mark_answer_tainted(answer_id: UUID) -> None:
    """Note that the model of an answer reads what others may have written."""
    Message.objects.filter(pk=answer_id, tainted=False).update(tainted=True)


def is_granted(run: Run, tool_id: UUID) -> bool:
    """Whether the user of a run allowed a tool for this conversation, or for all."""
    return ToolGrant.objects.covering(run.user_id, tool_id, run.session_id).exists()


def context_of(row: ToolRun, tool: ToolInfo, run: Run, context: CallContext) -> CallContext:
    """The context of a call that somebody decided about, as it stands now; in a thread."""
    allowed = row.decision == Decision.ALLOW
    if row.decision == Decision.GRANTED:
        allowed = is_granted(run, tool.id)
    return replace(
        context, approved=allowed, approver_id=row.decided_by_id, form_hash=row.form_hash
    )
