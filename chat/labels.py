"""What people read instead of the names of models and fields."""

from django.utils.translation import gettext_lazy as _

from chat.models import (
    AnswerEvaluation,
    Attachment,
    Citation,
    JudgedAnswer,
    Message,
    ModelCall,
    ModelServer,
    Run,
    ServedModel,
    Session,
    SessionCollection,
    Summary,
    SystemPrompt,
    ToolGrant,
    ToolRun,
)
from youworker.core.labels import name_model

name_model(
    Session,
    _("conversation"),
    _("conversations"),
    enable_tools=_("tools allowed"),
    enable_web=_("web allowed"),
    system_prompt=_("system prompt"),
    awaits_title=_("waits for a title"),
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
    error_code=_("kind of error"),
    error_words=_("error, for people"),
)
name_model(
    ModelServer,
    _("model server"),
    _("model servers"),
    address=_("address"),
    key=_("API key"),
    is_configured=_("from the environment"),
    position=_("order"),
    max_runs=_("answers at a time"),
    told_runs=_("answers at a time, as the server tells"),
    context_tokens=_("window (tokens)"),
    kind=_("program"),
    last_error=_("last error"),
    latency_ms=_("answered after (ms)"),
    checked_at=_("checked"),
)
name_model(
    ServedModel,
    _("model"),
    _("models"),
    server=_("model server"),
    tools=_("uses tools"),
    reasoning=_("thinks aloud"),
    vision=_("sees images"),
    context_tokens=_("window (tokens)"),
    context_assumed=_("window assumed"),
    longest_context=_("longest window (tokens)"),
    tokens_per_second=_("tokens per second"),
    first_token_ms=_("time to first token (ms)"),
    error=_("error"),
    checked_at=_("checked"),
    probed_at=_("tried"),
)
name_model(
    ModelCall,
    _("answer without a run"),
    _("answers without a run"),
    endpoint=_("model server"),
    process=_("process"),
    until=_("counts until"),
)
name_model(
    Summary,
    _("summary"),
    _("summaries"),
    upto=_("up to message"),
    messages=_("messages"),
    content=_("text"),
)
name_model(
    SystemPrompt,
    _("system prompt"),
    _("system prompt"),
    content=_("text"),
    is_only=_("only one"),
)
name_model(
    Attachment,
    _("attachment"),
    _("attachments"),
    tool_run=_("tool call"),
    position=_("position"),
    item=_("file"),
)
name_model(
    SessionCollection,
    _("collection of a conversation"),
    _("collections of conversations"),
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
name_model(
    AnswerEvaluation,
    _("evaluation of answers"),
    _("evaluations of answers"),
    asker=_("with whose rights"),
    total=_("questions"),
    error=_("error"),
)
name_model(
    JudgedAnswer,
    _("judged answer"),
    _("judged answers"),
    question=_("question"),
    kind=_("kind of question"),
    verdict=_("verdict"),
    text=_("text"),
    sources=_("sources"),
    is_right_document=_("right document named first"),
    cited=_("citations"),
    supported=_("citations that hold their sentences"),
    seconds=_("seconds"),
)
