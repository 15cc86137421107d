"""What is known about people here: where they signed in; servers and tools are the company's."""

from youworker.core.data_policies import (
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
        "mcp.Server",
        not_exported=not_exported(SECRET, "secrets")
        | not_exported(
            TECHNICAL,
            "id created_at updated_at slug title transport url base_url argv document enabled "
            "builtin status last_error last_seen_at tool_faults protocol authorization scope",
        ),
        erasure_action=ErasureAction.KEPT,
        reason="belongs to the company",
    ),
    impersonal(
        "mcp.Tool",
        "id created_at updated_at server local_name name safe_name description input_schema "
        "output_schema recipe effects schema_hash approved_hash approved_form enabled policy "
        "writes egress edition missing_since",
    ),
    DataPolicy(
        "mcp.Connection",
        owners=("user",),
        file="tool-connections",
        exported=names("id status issuer resource scope expires_at", TIMES),
        also={"server_name": "server.slug"},
        not_exported=not_exported(SECRET, "tokens client")
        | not_exported(
            TECHNICAL,
            "user server server_url token_endpoint revocation_endpoint refreshing_until",
        ),
    ),
    DataPolicy(
        "mcp.ClientRegistration",
        not_exported=not_exported(SECRET, "credentials")
        | not_exported(TECHNICAL, "id created_at updated_at server issuer redirect_uri"),
        erasure_action=ErasureAction.KEPT,
        reason="belongs to the company",
    ),
    impersonal("mcp.GroupPolicy", "id created_at updated_at tool group policy approver"),
)
