"""What is known about people here, and what exports and erasures do with it."""

from quotas.enums import QuotaKind
from youworker.core.data_policies import TECHNICAL, TIMES, Fate, Treatment, names, withheld

TREATMENTS = (
    Treatment(
        "quotas.Quota",
        owners=("user", "api_key__user"),
        file="quotas",
        exported=names("id api_key", QuotaKind.values, TIMES),
        withheld=withheld(TECHNICAL, "user group"),
    ),
    Treatment(
        "quotas.UsageEvent",
        owners=("user",),
        file="usage-events",
        exported=names(
            "id created_at api_key group_ids kind name outcome",
            "tokens_in tokens_out bytes duration_ms",
        ),
        withheld=withheld(TECHNICAL, "user"),
        fate=Fate.ANONYMISED,
        reason="what was used of the installation, and when; not by whom, nor in which groups",
        # The groups, too: who was in just these may be one person.
        replaced={"user": None, "api_key": None, "group_ids": None},
    ),
    Treatment(
        "quotas.TokenUsage",
        owners=("user",),
        file="token-usage",
        exported=names("id api_key day tokens_in tokens_out"),
        withheld=withheld(TECHNICAL, "user"),
    ),
)
