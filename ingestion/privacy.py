"""What is known about people here, and what exports and erasures do with it."""

from youworker.core.data_policies import (
    DERIVED,
    LEASE,
    TECHNICAL,
    TIMES,
    DataPolicy,
    impersonal,
    names,
    not_exported,
)

DATA_POLICIES = (
    DataPolicy(
        "ingestion.IngestionRun",
        owners=("owner",),
        file="ingestion-runs",
        exported=names(
            "id kind target status collection tags source reach started_at finished_at deleted_at",
            TIMES,
        ),
        not_exported=not_exported(TECHNICAL, "owner claimed_at"),
    ),
    DataPolicy(
        "ingestion.IngestionItem",
        owners=("run__owner",),
        file="ingestion-items",
        exported=names(
            "id run parent position name uri mime size sha256 stage attempts error_code",
            "error_detail note duplicate depth",
            "passages document",
            TIMES,
        ),
        not_exported=not_exported(
            TECHNICAL,
            "root level accepted_at path_hash asked_hash source stored_file failures losses etag"
            f" last_modified {LEASE}",
        ),
    ),
    DataPolicy(
        "ingestion.ScannedPage",
        owners=("item__run__owner",),
        not_exported=not_exported(DERIVED, "id item digest number total text words seconds"),
    ),
    DataPolicy(
        "ingestion.HeardPiece",
        owners=("item__run__owner",),
        not_exported=not_exported(DERIVED, "id item start end language segments"),
    ),
    DataPolicy(
        "ingestion.Source",
        owners=("owner",),
        file="sources",
        exported=names(
            "id kind name target collection tags recursive depth max_pages every_hours daily_at",
            "state error_code error_detail last_sync_at next_sync_at counts accepts_deletions",
            TIMES,
        ),
        not_exported=not_exported(TECHNICAL, f"owner {LEASE}"),
    ),
    DataPolicy(
        "ingestion.SourceEntry",
        owners=("source__owner",),
        file="source-entries",
        exported=names("source uri depth size sha256 document"),
        not_exported=not_exported(TECHNICAL, "id path_hash modified_ns"),
    ),
    DataPolicy(
        "ingestion.WebPage",
        owners=("document__owner",),
        file="web-pages",
        exported=names("document etag last_modified"),
    ),
    impersonal("ingestion.WebHost", f"host robots robots_read_at {LEASE}"),
)
