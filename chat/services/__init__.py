"""What people do with conversations; carrying out a run is `chat.runs`."""

from chat.deletion import clear_history
from chat.retention import apply_retention
from chat.services.chosen_models import (
    check_model,
    find_model,
    list_models,
    quotes_by_default,
)
from chat.services.direct import (
    admit_direct_call,
    enforce_token_quota,
    record_direct_call,
    record_embedding,
)
from chat.services.histories import Spoken, post_history
from chat.services.questions import (
    AcceptedMessage,
    post_chat,
    post_message,
    regenerate,
)
from chat.services.runs import decide_call, find_call, stop_run
from chat.services.sessions import (
    active_run_id,
    create_session,
    delete_session,
    give_feedback,
    ids_of_titled,
    own_session,
    restore_session,
    run_in_session,
    update_session,
)

__all__ = [
    "AcceptedMessage",
    "Spoken",
    "active_run_id",
    "admit_direct_call",
    "apply_retention",
    "check_model",
    "clear_history",
    "create_session",
    "decide_call",
    "delete_session",
    "enforce_token_quota",
    "find_call",
    "find_model",
    "give_feedback",
    "ids_of_titled",
    "list_models",
    "own_session",
    "post_chat",
    "post_history",
    "post_message",
    "quotes_by_default",
    "record_direct_call",
    "record_embedding",
    "regenerate",
    "restore_session",
    "run_in_session",
    "stop_run",
    "update_session",
]
