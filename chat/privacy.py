"""What is known about people here, and what exports and erasures do with it."""

from youworker.core.data_policies import (
    LEASE,
    SECRET,
    TECHNICAL,
    TIMES,
    DataPolicy,
    ErasureAction,
    impersonal,
    names,
    not_exported,
)

DATA_POLICIES = (
    DataPolicy(
        "chat.Session",
        owners=("user",),
        file="sessions",
        exported=names(
            "id title model enable_tools enable_web language system_prompt collections limited",
            "active_at archived_at leaf origin deleted_at",
            TIMES,
        ),
        not_exported=not_exported(TECHNICAL, "user awaits_title"),
    ),
    DataPolicy(
        "chat.Message",
        owners=("session__user",),
        file="messages",
        exported=names(
            "id session parent run role content reasoning model tokens_in tokens_out rating",
            "comment unsupported tainted",
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
    DataPolicy(
        "chat.Attachment",
        owners=("session__user",),
        file="attachments",
        exported=names("id session message tool_run position document item name mime", TIMES),
    ),
    DataPolicy(
        "chat.SessionCollection",
        owners=("user",),
        file="collections-of-sessions",
        exported=names("id session collection", TIMES),
        not_exported=not_exported(TECHNICAL, "user"),
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
            "error error_code error_words decision decided_at reason",
            TIMES,
        ),
        not_exported=not_exported(TECHNICAL, "user form_hash decided_by"),
    ),
    DataPolicy(
        "chat.ToolGrant",
        owners=("user",),
        file="tool-grants",
        exported=names("id tool session expires_at", TIMES),
        not_exported=not_exported(TECHNICAL, "user tool_edition"),
    ),
    DataPolicy(
        "chat.ModelServer",
        not_exported=not_exported(SECRET, "key")
        | not_exported(
            TECHNICAL,
            "id created_at updated_at name url address is_configured position enabled max_runs "
            "told_runs context_tokens kind state last_error latency_ms checked_at",
        ),
        erasure_action=ErasureAction.KEPT,
        reason="belongs to the company",
    ),
    impersonal(
        "chat.ServedModel",
        "id created_at updated_at server name tools reasoning vision context_tokens "
        "context_assumed longest_context tokens_per_second first_token_ms error checked_at "
        "probed_at",
    ),
    impersonal("chat.ModelCall", "id endpoint kind process until"),
    DataPolicy(
        "chat.Summary",
        owners=("session__user",),
        file="summaries",
        exported=names("id session upto model messages content tokens_in tokens_out", TIMES),
    ),
    # Answers say what their asker may read, so nothing of them stays without the account.
    DataPolicy(
        "chat.AnswerEvaluation",
        owners=("asker",),
        file="evaluations-of-answers",
        exported=names("id model collection status total figures error finished_at", TIMES),
        not_exported=not_exported(TECHNICAL, f"asker losses {LEASE}"),
    ),
    DataPolicy(
        "chat.JudgedAnswer",
        owners=("run__asker",),
        file="judged-answers",
        exported=names(
            "id run question kind verdict text sources is_right_document cited supported seconds",
            TIMES,
        ),
    ),
    impersonal("chat.SystemPrompt", "id content is_only created_at updated_at"),
)
