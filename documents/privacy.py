"""What is known about people here, and what exports and erasures do with it."""

from youworker.core.data_policies import (
    DERIVED,
    LEASE,
    OTHERS,
    TECHNICAL,
    TIMES,
    DataPolicy,
    ErasureAction,
    impersonal,
    names,
    not_exported,
)

DATA_POLICIES = (
    DataPolicy(
        "documents.Collection",
        owners=("owner",),
        file="collections",
        exported=names("id name description is_default is_private deleted_at", TIMES),
        not_exported=not_exported(TECHNICAL, "owner"),
    ),
    DataPolicy(
        "documents.CollectionShare",
        owners=("collection__owner",),
        file="collection-shares",
        exported=names("id collection group access", TIMES),
        also={"group_name": "group.name"},
    ),
    DataPolicy(
        "documents.Document",
        owners=("owner",),
        file="documents",
        exported=names(
            "id collection title renamed uri mime size sha256 status language",
            "language_chosen pages passage_count tags version version_since deleted_at",
            TIMES,
        ),
        also={"tag_names": "tags.name"},
        not_exported=not_exported(
            TECHNICAL, "owner path_hash stored_file text_config index_version"
        ),
    ),
    DataPolicy(
        "documents.DocumentVersion",
        owners=("document__owner",),
        file="document-versions",
        exported=names(
            "id document number since title uri mime size sha256 language pages passage_count",
            TIMES,
        ),
        not_exported=not_exported(TECHNICAL, "stored_file"),
    ),
    DataPolicy(
        "documents.VersionPassage",
        owners=("version__document__owner",),
        file="version-passages",
        exported=names("id version passage_id ordinal text heading page start end second layout"),
    ),
    DataPolicy(
        "documents.DocumentShare",
        owners=("document__owner",),
        file="document-shares",
        exported=names("id document group", TIMES),
        also={"group_name": "group.name"},
    ),
    DataPolicy(
        "documents.Passage",
        owners=("document__owner",),
        file="passages",
        exported=names("id document ordinal text heading page start end second layout"),
        not_exported=not_exported(DERIVED, "search"),
    ),
    DataPolicy(
        "documents.PassageEmbedding",
        owners=("document__owner",),
        not_exported=not_exported(DERIVED, "id passage document model vector"),
    ),
    DataPolicy(
        "documents.Tag",
        not_exported=not_exported(OTHERS, "id name"),
        erasure_action=ErasureAction.KEPT,
        reason="a word that others use; those that nobody uses any more go with the erasure",
    ),
    DataPolicy(
        "documents.EmbeddingTask",
        owners=("document__owner",),
        not_exported=not_exported(
            TECHNICAL,
            "id created_at updated_at document model priority lane turn state failures losses"
            f" error_code error_detail {LEASE}",
        ),
    ),
    DataPolicy(
        "documents.GoldenQuestion",
        owners=("author",),
        file="golden-questions",
        exported=names(
            "id question addresses document_ids passage answer follows unanswerable",
            "collection language note",
            TIMES,
        ),
        not_exported=not_exported(TECHNICAL, "author"),
        erasure_action=ErasureAction.ANONYMISED,
        reason="questions by which the installation's search is tested; not who wrote them",
        replaced={"author": None},
    ),
    DataPolicy(
        "documents.EvaluationRun",
        owners=("searcher",),
        file="evaluations-of-searches",
        exported=names(
            "id model_name mode collection status total figures error finished_at", TIMES
        ),
        not_exported=not_exported(TECHNICAL, f"model searcher losses {LEASE}"),
        erasure_action=ErasureAction.ANONYMISED,
        reason="how well the installation's search did, and when; not with whose rights",
        replaced={"searcher": None},
    ),
    impersonal(
        "documents.EvaluationResult",
        "id run question language crosses place found expected took_ms",
    ),
    # The bytes are exported with the documents, and go when no document is left.
    impersonal("documents.StoredFile", "sha256 size name created_at"),
    impersonal(
        "documents.EmbeddingModel",
        "id created_at updated_at provider name dimensions query_prompt passage_prompt active"
        " active_until"
        f" state failures error {LEASE}",
    ),
)
