"""What the services of documents refuse with."""

from youworker.core.exceptions import Conflict, DomainError, Unavailable, UpstreamUnavailable


class CollectionNameExists(Conflict):
    """The owner has a collection of this name already."""

    code = "collection_name_exists"


class DefaultCollection(Conflict):
    """Everybody keeps one collection."""

    code = "default_collection"


class ModelIncomplete(Conflict):
    """An embedding model without vectors for every passage cannot answer searches."""

    code = "embedding_model_incomplete"


class ModelInUse(Conflict):
    """The embedding model that answers searches cannot be removed."""

    code = "embedding_model_in_use"


class DocumentDeleted(Conflict):
    """The document was deleted after its file was handed in."""

    code = "document_deleted"


class StorageFull(DomainError):
    """The file store takes no more bytes."""

    code, status = "storage_full", 507


class VectorsUnusable(UpstreamUnavailable):
    """The embedding server is there, and refuses a text or answers what cannot be stored.

    Unlike its absence, this does not pass by waiting.
    """

    code = "embedding_unusable"


class SearchDegraded(UpstreamUnavailable):
    """A search could not use its embedding model, so its results say nothing about that."""

    code = "search_degraded"


class NothingToEvaluate(Conflict):
    """There is no golden question to ask."""

    code = "nothing_to_evaluate"


class WorseModel(Conflict):
    """Another embedding model finds less than the one that answers searches now."""

    code = "embedding_model_worse"


class StorageUnavailable(Unavailable):
    """The server that keeps the files does not answer, or refuses us."""

    code = "storage_unavailable"
