"""What is known about people here: nothing, for sums name nobody."""

from youworker.core.data_policies import OTHERS, impersonal

DATA_POLICIES = (
    impersonal(
        "analytics.UsageDay",
        "day zone runs failed_runs stopped_runs sessions searches active_users tokens_in "
        "tokens_out tool_calls failed_tool_calls tool_p50_ms tool_p95_ms files failed_files bytes",
        because=OTHERS,
    ),
)
