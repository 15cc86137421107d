"""What is known about people here, and what exports and erasures do with it."""

from youworker.core.data_policies import (
    LEASE,
    OTHERS,
    SECRET,
    TECHNICAL,
    TIMES,
    DataPolicy,
    ErasureAction,
    names,
    not_exported,
)

TASK = f"attempts {LEASE}"

DATA_POLICIES = (
    DataPolicy(
        "accounts.User",
        owners=("pk",),
        file="account",
        exported=names(
            "id username display_name first_name last_name email language time_zone is_active",
            "is_staff is_superuser date_joined last_login user_permissions groups",
        ),
        not_exported=not_exported(SECRET, "password"),
    ),
    DataPolicy(
        "accounts.ApiKey",
        owners=("user",),
        file="api-keys",
        exported=names(
            "id name prefix scopes allowed_networks expires_at revoked_at rotated_at last_used_at",
            TIMES,
        ),
        not_exported=not_exported(SECRET, "digest") | not_exported(TECHNICAL, "user"),
    ),
    DataPolicy(
        "accounts.SignIn",
        owners=("user",),
        file="sign-ins",
        exported=names("id method address user_agent last_seen_at", TIMES),
        not_exported=not_exported(SECRET, "session") | not_exported(TECHNICAL, "user"),
    ),
    DataPolicy(
        "accounts.Authenticator",
        owners=("user",),
        file="second-factors",
        exported=names("id kind last_used_at", TIMES),
        not_exported=not_exported(SECRET, "secret") | not_exported(TECHNICAL, "user last_step"),
    ),
    DataPolicy(
        "accounts.LinkedIdentity",
        owners=("user",),
        file="identities",
        exported=names("id issuer subject", TIMES),
        not_exported=not_exported(TECHNICAL, "user"),
    ),
    DataPolicy(
        "accounts.PrivateAccess",
        owners=("owner",),
        file="private-accesses",
        exported=names("id kind object_id title reason", TIMES),
        not_exported=not_exported(TECHNICAL, "owner") | not_exported(OTHERS, "reader"),
    ),
    DataPolicy(
        "accounts.DataExport",
        owners=("user",),
        file="exports",
        exported=names("id status expires_at finished_at bytes error_code", TIMES),
        not_exported=not_exported(TECHNICAL, f"user {TASK}"),
    ),
    DataPolicy(
        "accounts.Erasure",
        owners=("subject",),
        not_exported=not_exported(
            TECHNICAL,
            "id created_at updated_at subject status shared_documents finished_at error_code "
            + TASK,
        ),
        erasure_action=ErasureAction.KEPT,
        reason="proves that the erasure happened; knows the pseudonym only",
    ),
)
