"""What is known about people here: ids of what they did, for as long as it is to be told."""

from youworker.core.data_policies import (
    DERIVED,
    SECRET,
    TECHNICAL,
    DataPolicy,
    ErasureAction,
    impersonal,
    not_exported,
)

DATA_POLICIES = (
    DataPolicy(
        "webhooks.Endpoint",
        not_exported=not_exported(SECRET, "url secret former_secret")
        | not_exported(
            TECHNICAL,
            "id created_at updated_at description actions former_secret_until state failures "
            "rest_until last_error last_success_at busy_until served_at",
        ),
        erasure_action=ErasureAction.KEPT,
        reason="belongs to the company",
    ),
    # The audit log and the runs, of which this is a part, are exported.
    impersonal("webhooks.Event", "id action data created_at distributed", because=DERIVED),
    impersonal(
        "webhooks.Delivery",
        "id created_at updated_at endpoint event status attempts due_at status_code error log",
    ),
)
