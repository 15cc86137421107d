"""What is known about people here, and what exports and erasures do with it."""

from youworker.core.data_policies import (
    LEASE,
    OTHERS,
    SECRET,
    TECHNICAL,
    TIMES,
    Fate,
    Treatment,
    names,
    withheld,
)

ERRAND = f"attempts {LEASE}"

TREATMENTS = (
    Treatment(
        "accounts.User",
        owners=("pk",),
        file="account",
        exported=names(
            "id username display_name first_name last_name email language time_zone is_active",
            "is_staff is_superuser date_joined last_login user_permissions groups",
        ),
        withheld=withheld(SECRET, "password"),
    ),
    Treatment(
        "accounts.ApiKey",
        owners=("user",),
        file="api-keys",
        exported=names(
            "id name prefix scopes allowed_networks expires_at revoked_at rotated_at last_used_at",
            TIMES,
        ),
        withheld=withheld(SECRET, "digest") | withheld(TECHNICAL, "user"),
    ),
    Treatment(
        "accounts.SignIn",
        owners=("user",),
        file="sign-ins",
        exported=names("id method address user_agent last_seen_at", TIMES),
        withheld=withheld(SECRET, "session") | withheld(TECHNICAL, "user"),
    ),
    Treatment(
        "accounts.Authenticator",
        owners=("user",),
        file="second-factors",
        exported=names("id kind last_used_at", TIMES),
        withheld=withheld(SECRET, "secret") | withheld(TECHNICAL, "user last_step"),
    ),
    Treatment(
        "accounts.LinkedIdentity",
        owners=("user",),
        file="identities",
        exported=names("id issuer subject", TIMES),
        withheld=withheld(TECHNICAL, "user"),
    ),
    Treatment(
        "accounts.PrivateAccess",
        owners=("owner",),
        file="private-accesses",
        exported=names("id kind object_id title reason", TIMES),
        withheld=withheld(TECHNICAL, "owner") | withheld(OTHERS, "reader"),
    ),
    Treatment(
        "accounts.DataExport",
        owners=("user",),
        file="exports",
        exported=names("id status expires_at finished_at bytes error_code", TIMES),
        withheld=withheld(TECHNICAL, f"user {ERRAND}"),
    ),
    Treatment(
        "accounts.Erasure",
        owners=("subject",),
        withheld=withheld(
            TECHNICAL,
            "id created_at updated_at subject status shared_documents finished_at error_code "
            + ERRAND,
        ),
        fate=Fate.KEPT,
        reason="proves that the erasure happened; knows the pseudonym only",
    ),
)
