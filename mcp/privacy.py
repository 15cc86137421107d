"""What is known about people here: nothing; servers and tools belong to the company."""

from youworker.core.data_policies import (
    SECRET,
    TECHNICAL,
    DataPolicy,
    ErasureAction,
    impersonal,
    not_exported,
)

DATA_POLICIES = (
    DataPolicy(
        "mcp.Server",
        not_exported=not_exported(SECRET, "secrets")
        | not_exported(
            TECHNICAL,
            "id created_at updated_at slug title transport url base_url argv document enabled "
            "builtin status last_error last_seen_at tool_faults protocol",
        ),
        erasure_action=ErasureAction.KEPT,
        reason="belongs to the company",
    ),
    impersonal(
        "mcp.Tool",
        "id created_at updated_at server local_name name safe_name description input_schema "
        "recipe effects schema_hash approved_hash enabled policy missing_since",
    ),
    impersonal("mcp.GroupPolicy", "id created_at updated_at tool group policy"),
)
