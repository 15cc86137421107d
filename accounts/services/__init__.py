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
from accounts.services.private import may_read_private, open_private
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
    "may_read_private",
    "may_still_act",
    "open_private",
    "revoke_api_key",
    "rotate_api_key",
    "sign_in",
    "sign_out",
    "update_profile",
    "user_of_key",
    "user_of_session",
]
