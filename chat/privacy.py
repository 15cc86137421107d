"""What is known about people here, and what exports and erasures do with it."""

from youworker.core.data_policies import LEASE, TECHNICAL, TIMES, DataPolicy, names, not_exported

DATA_POLICIES = (
    DataPolicy(
        "chat.Session",
        owners=("user",),
        file="sessions",
        exported=names(
            "id title model enable_tools enable_web language collections limited active_at",
            "archived_at leaf origin deleted_at",
            TIMES,
        ),
        not_exported=not_exported(TECHNICAL, "user"),
    ),
    DataPolicy(
        "chat.Message",
        owners=("session__user",),
        file="messages",
        exported=names(
            "id session parent run role content reasoning model tokens_in tokens_out rating",
            "comment unsupported",
            TIMES,
        ),
    ),
    DataPolicy(
        "chat.Run",
        owners=("user",),
        file="runs",
        exported=names(
            "id session question answer api_key status model options state started_at finished_at",
            "iterations",
            "tokens_in tokens_out ttft_ms error_code error_detail",
            TIMES,
        ),
        not_exported=not_exported(
            TECHNICAL, f"user stop_requested_at correlation_id takeovers endpoint thread {LEASE}"
        ),
    ),
    # Citations of a user's documents in other people's answers are those people's data.
    DataPolicy(
        "chat.Citation",
        owners=("message__session__user",),
        file="citations",
        exported=names(
            "id message index document passage title heading page start end second quote supported",
            TIMES,
        ),
    ),
    DataPolicy(
        "chat.ToolRun",
        owners=("user",),
        file="tool-runs",
        exported=names(
            "id session run message tool tool_name status latency_ms arguments result_preview",
            "error decision decided_at",
            TIMES,
        ),
        not_exported=not_exported(TECHNICAL, "user"),
    ),
)
