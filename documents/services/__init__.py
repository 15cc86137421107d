"""What people, workers and commands do with collections and documents."""

from documents.services.collections import (
    change_collection_share,
    create_collection,
    create_private_collection,
    delete_collection,
    ensure_collection,
    ensure_default_collection,
    find_collection,
    require_owner,
    restore_collection,
    update_collection,
    writable_collection,
)
from documents.services.documents import (
    change_document_share,
    content_path_hash,
    delete_document,
    member_path_hash,
    passages_of,
    record_access,
    require_writable,
    restore_document,
    server_path_hash,
    update_document,
    upload_path_hash,
)
from documents.services.embedding_leases import reclaim_expired_tasks
from documents.services.embedding_models import (
    activate_model,
    complete_model,
    drop_model,
    missing_vectors,
    prepare_model,
    previous_model,
    retry_model,
    roll_back_model,
    settle_models,
)
from documents.services.embedding_queue import (
    has_waiting_tasks,
    refresh_outdated_statuses,
    retry_tasks,
)
from documents.services.embedding_work import embed_next
from documents.services.embeddings import ensure_active_model
from documents.services.files import (
    local_original,
    move_to_storage,
    prepare_files,
    register_stray_files,
    remove_unused_files,
    stored_original,
    stray_hashes,
)
from documents.services.golden_questions import (
    import_questions,
    named_collection,
    remove_questions,
    save_question,
    table_of,
)
from documents.services.handover import hand_over_library
from documents.services.passages import replace_passages
from documents.services.reindexing import reindex_documents
from documents.services.removal import (
    erase_library,
    purge_deleted,
    purge_private_collections,
)
from documents.services.sharing import (
    ShareInput,
    access_reasons,
    collection_access_reasons,
    users_shown,
    users_with_access,
    users_with_collection_access,
)
from documents.services.storing import (
    ParsedFile,
    StoredDocument,
    move_file_of_document,
    store_parsed,
)
from documents.services.tags import remove_unused_tags
from documents.services.texts import embed_texts, find_offered_model, offered_embedding_models
from documents.services.versions import (
    delete_version,
    restore_version,
    versions_of,
    visible_version,
)

__all__ = [
    "ParsedFile",
    "ShareInput",
    "StoredDocument",
    "access_reasons",
    "activate_model",
    "change_collection_share",
    "change_document_share",
    "collection_access_reasons",
    "complete_model",
    "content_path_hash",
    "create_collection",
    "create_private_collection",
    "delete_collection",
    "delete_document",
    "delete_version",
    "drop_model",
    "embed_next",
    "embed_texts",
    "ensure_active_model",
    "ensure_collection",
    "ensure_default_collection",
    "erase_library",
    "find_collection",
    "find_offered_model",
    "hand_over_library",
    "has_waiting_tasks",
    "import_questions",
    "local_original",
    "member_path_hash",
    "missing_vectors",
    "move_file_of_document",
    "move_to_storage",
    "named_collection",
    "offered_embedding_models",
    "passages_of",
    "prepare_files",
    "prepare_model",
    "previous_model",
    "purge_deleted",
    "purge_private_collections",
    "reclaim_expired_tasks",
    "record_access",
    "refresh_outdated_statuses",
    "register_stray_files",
    "reindex_documents",
    "remove_questions",
    "remove_unused_files",
    "remove_unused_tags",
    "replace_passages",
    "require_owner",
    "require_writable",
    "restore_collection",
    "restore_document",
    "restore_version",
    "retry_model",
    "retry_tasks",
    "roll_back_model",
    "save_question",
    "server_path_hash",
    "settle_models",
    "store_parsed",
    "stored_original",
    "stray_hashes",
    "table_of",
    "update_collection",
    "update_document",
    "upload_path_hash",
    "users_shown",
    "users_with_access",
    "users_with_collection_access",
    "versions_of",
    "visible_version",
    "writable_collection",
]
