"""What is known about people here, and what exports and erasures do with it."""

from quotas.enums import QuotaKind
from youworker.common.privacy import TECHNICAL, TIMES, Treatment, names, withheld

TREATMENTS = (
    Treatment(
        "quotas.Quota",
        owners=("user", "api_key__user"),
        file="quotas",
        exported=names("id api_key", QuotaKind.values, TIMES),
        withheld=withheld(TECHNICAL, "user group"),
    ),
)
