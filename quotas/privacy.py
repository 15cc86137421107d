"""What is known about people here, and what exports and erasures do with it."""

from quotas.enums import QuotaKind
from youworker.core.data_policies import (
    TECHNICAL,
    TIMES,
    DataPolicy,
    ErasureAction,
    names,
    not_exported,
)

DATA_POLICIES = (
    DataPolicy(
        "quotas.Quota",
        owners=("user", "api_key__user"),
        file="quotas",
        exported=names("id api_key", QuotaKind.values, TIMES),
        not_exported=not_exported(TECHNICAL, "user group"),
    ),
    DataPolicy(
        "quotas.UsageEvent",
        owners=("user",),
        file="usage-events",
        exported=names(
            "id created_at api_key group_ids kind name outcome",
            "tokens_in tokens_out bytes duration_ms",
        ),
        not_exported=not_exported(TECHNICAL, "user"),
        erasure_action=ErasureAction.ANONYMISED,
        reason="what was used of the installation, and when; not by whom, nor in which groups",
        # The groups, too: who was in just these may be one person.
        replaced={"user": None, "api_key": None, "group_ids": None},
    ),
    DataPolicy(
        "quotas.TokenUsage",
        owners=("user",),
        file="token-usage",
        exported=names("id api_key day tokens_in tokens_out"),
        not_exported=not_exported(TECHNICAL, "user"),
    ),
)
