"""What is known about people here, and what exports and erasures do with it."""

from youworker.core.data_policies import (
    DERIVED,
    LEASE,
    OTHERS,
    TECHNICAL,
    TIMES,
    Fate,
    Treatment,
    impersonal,
    names,
    withheld,
)

TREATMENTS = (
    Treatment(
        "documents.Collection",
        owners=("owner",),
        file="collections",
        exported=names("id name description is_default deleted_at", TIMES),
        withheld=withheld(TECHNICAL, "owner"),
    ),
    Treatment(
        "documents.CollectionShare",
        owners=("collection__owner",),
        file="collection-shares",
        exported=names("id collection group access", TIMES),
        also={"group_name": "group.name"},
    ),
    Treatment(
        "documents.Document",
        owners=("owner",),
        file="documents",
        exported=names(
            "id collection title renamed uri mime size sha256 status language pages passage_count",
            "tags deleted_at",
            TIMES,
        ),
        also={"tag_names": "tags.name"},
        withheld=withheld(TECHNICAL, "owner path_hash stored_file text_config"),
    ),
    Treatment(
        "documents.DocumentShare",
        owners=("document__owner",),
        file="document-shares",
        exported=names("id document group", TIMES),
        also={"group_name": "group.name"},
    ),
    Treatment(
        "documents.Passage",
        owners=("document__owner",),
        file="passages",
        exported=names("id document ordinal text heading page start end"),
        withheld=withheld(DERIVED, "search"),
    ),
    Treatment(
        "documents.PassageEmbedding",
        owners=("document__owner",),
        withheld=withheld(DERIVED, "id passage document model vector"),
    ),
    Treatment(
        "documents.Tag",
        withheld=withheld(OTHERS, "id name"),
        fate=Fate.KEPT,
        reason="a word that others use; those that nobody uses any more go with the erasure",
    ),
    Treatment(
        "documents.EmbeddingTask",
        owners=("document__owner",),
        withheld=withheld(
            TECHNICAL,
            "id created_at updated_at document model priority lane turn state failures losses"
            f" error_code error_detail {LEASE}",
        ),
    ),
    # The bytes are exported with the documents, and go when no document is left.
    impersonal("documents.StoredFile", "sha256 size name created_at"),
    impersonal(
        "documents.EmbeddingModel",
        f"id created_at updated_at provider name dimensions active state failures error {LEASE}",
    ),
)
