"""What is known about people here, and what exports and erasures do with it."""

from youworker.core.data_policies import (
    DERIVED,
    LEASE,
    TECHNICAL,
    TIMES,
    DataPolicy,
    names,
    not_exported,
)

DATA_POLICIES = (
    DataPolicy(
        "ingestion.IngestionRun",
        owners=("owner",),
        file="ingestion-runs",
        exported=names(
            "id kind target status collection tags started_at finished_at deleted_at", TIMES
        ),
        not_exported=not_exported(TECHNICAL, "owner claimed_at"),
    ),
    DataPolicy(
        "ingestion.IngestionItem",
        owners=("run__owner",),
        file="ingestion-items",
        exported=names(
            "id run parent position name uri mime size sha256 stage attempts error_code",
            "error_detail note duplicate",
            "passages document",
            TIMES,
        ),
        not_exported=not_exported(
            TECHNICAL,
            f"root depth accepted_at path_hash source stored_file failures losses {LEASE}",
        ),
    ),
    DataPolicy(
        "ingestion.ScannedPage",
        owners=("item__run__owner",),
        not_exported=not_exported(DERIVED, "id item digest number total text seconds"),
    ),
)
