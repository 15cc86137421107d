"""What people and operators do with accounts, sessions and keys."""

from accounts.services.access import (
    grant_of,
    grant_of_request,
    session_store,
    still_granted,
    watching_access,
)
from accounts.services.keys import (
    create_api_key,
    digest_of,
    revoke_api_key,
    rotate_api_key,
)
from accounts.services.people import (
    ensure_root,
    update_profile,
)
from accounts.services.recognition import (
    usable_key,
    user_of_key,
)
from accounts.services.sign_in import (
    sign_in,
    sign_out,
    user_of_session,
)
from accounts.services.usage import count_tokens

__all__ = [
    "count_tokens",
    "create_api_key",
    "digest_of",
    "ensure_root",
    "grant_of",
    "grant_of_request",
    "revoke_api_key",
    "rotate_api_key",
    "session_store",
    "sign_in",
    "sign_out",
    "still_granted",
    "update_profile",
    "usable_key",
    "user_of_key",
    "user_of_session",
    "watching_access",
]
