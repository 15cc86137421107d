"""What people and operators do with accounts, sessions and keys."""

from accounts.services.keys import (
    create_api_key,
    digest_of,
    revoke_api_key,
    rotate_api_key,
    user_of_key,
)
from accounts.services.people import (
    ensure_root,
    may_still_act,
    update_profile,
)
from accounts.services.sessions import (
    begin_session,
    end_session,
    end_sessions,
    sign_out,
    user_of_session,
)
from accounts.services.sign_in import sign_in

__all__ = [
    "begin_session",
    "create_api_key",
    "digest_of",
    "end_session",
    "end_sessions",
    "ensure_root",
    "may_still_act",
    "revoke_api_key",
    "rotate_api_key",
    "sign_in",
    "sign_out",
    "update_profile",
    "user_of_key",
    "user_of_session",
]
