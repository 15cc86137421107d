"""What people read instead of the names of models and fields."""

from django.utils.translation import gettext_lazy as _

from chat.models import Citation, Message, Run, Session, ToolGrant, ToolRun
from youworker.core.labels import name_model

name_model(
    Session,
    _("conversation"),
    _("conversations"),
    enable_tools=_("tools allowed"),
    enable_web=_("web allowed"),
    collections=_("collections"),
    limited=_("limited to its collections"),
    active_at=_("last active"),
    archived_at=_("archived"),
    origin=_("held in"),
)
name_model(
    Message,
    _("message"),
    _("messages"),
    parent=_("reply to"),
    content=_("text"),
    reasoning=_("reasoning"),
    rating=_("rating"),
    comment=_("comment"),
    tainted=_("read content of others"),
)
name_model(
    Run,
    _("answer run"),
    _("answer runs"),
    question=_("question"),
    answer=_("answer"),
    endpoint=_("model server"),
    options=_("options"),
    iterations=_("turns"),
    takeovers=_("takeovers"),
    stop_requested_at=_("asked to stop"),
    ttft_ms=_("time to first token (ms)"),
    correlation_id=_("correlation ID"),
    thread=_("thread of a client"),
)
name_model(
    Citation,
    _("citation"),
    _("citations"),
    index=_("number"),
    quote=_("quote"),
    supported=_("supported by the source"),
)
name_model(
    ToolRun,
    _("tool call"),
    _("tool calls"),
    tool=_("tool"),
    tool_name=_("tool"),
    decision=_("decision"),
    decided_at=_("decided"),
    decided_by=_("decided by"),
    reason=_("reason to ask"),
    latency_ms=_("duration (ms)"),
    arguments=_("arguments"),
    result_preview=_("beginning of the result"),
    error=_("error"),
)
name_model(
    ToolGrant,
    _("tool grant"),
    _("tool grants"),
    tool=_("tool"),
    session=_("conversation"),
    tool_edition=_("edition of the tool"),
    expires_at=_("ends"),
)
