"""What people do with conversations; carrying out a run is `chat.runs`."""

from chat.deletion import clear_history
from chat.private_files import remove_abandoned
from chat.retention import apply_retention
from chat.services.attachments import (
    MOST_ATTACHMENTS,
    HandedIn,
    ReceivedFile,
    attachable_documents,
    attachments_in,
    ensure_private_collection,
    find_attachable,
    hand_in_files,
    keep_in_library,
    own_attachment,
)
from chat.services.chosen_models import (
    check_model,
    find_model,
    list_models,
    quotes_by_default,
)
from chat.services.continuing import continue_answer
from chat.services.direct import (
    admit_direct_call,
    enforce_token_quota,
    record_direct_call,
    record_embedding,
    wait_for_housekeeping,
)
from chat.services.histories import Spoken, hand_in_once, post_history, read_earlier
from chat.services.questions import (
    AcceptedMessage,
    post_chat,
    post_message,
    regenerate,
)
from chat.services.runs import decide_call, find_call, stop_run
from chat.services.searching import find_said, ids_of_titled, read_found
from chat.services.sessions import (
    active_run_id,
    create_session,
    delete_session,
    give_feedback,
    own_session,
    restore_session,
    run_in_session,
    update_session,
)
from chat.services.system_prompts import delete_system_prompt, save_system_prompt

__all__ = [
    "MOST_ATTACHMENTS",
    "AcceptedMessage",
    "HandedIn",
    "ReceivedFile",
    "Spoken",
    "active_run_id",
    "admit_direct_call",
    "apply_retention",
    "attachable_documents",
    "attachments_in",
    "check_model",
    "clear_history",
    "continue_answer",
    "create_session",
    "decide_call",
    "delete_session",
    "delete_system_prompt",
    "enforce_token_quota",
    "ensure_private_collection",
    "find_attachable",
    "find_call",
    "find_model",
    "find_said",
    "give_feedback",
    "hand_in_files",
    "hand_in_once",
    "ids_of_titled",
    "keep_in_library",
    "list_models",
    "own_attachment",
    "own_session",
    "post_chat",
    "post_history",
    "post_message",
    "quotes_by_default",
    "read_earlier",
    "read_found",
    "record_direct_call",
    "record_embedding",
    "regenerate",
    "remove_abandoned",
    "restore_session",
    "run_in_session",
    "save_system_prompt",
    "stop_run",
    "update_session",
    "wait_for_housekeeping",
]
