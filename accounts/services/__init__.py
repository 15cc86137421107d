"""What people and operators do with accounts, sessions and keys."""

from accounts.services.access import (
    access_by,
    grant_of,
    grant_of_request,
    is_still_valid,
    session_store,
)
from accounts.services.identities import normal_name, user_of_identity
from accounts.services.keys import (
    create_api_key,
    digest_of,
    replace_api_keys,
    revoke_api_key,
    rotate_api_key,
)
from accounts.services.passwords import change_password, record_password, store_password
from accounts.services.people import (
    create_user,
    ensure_superuser,
    outranks,
    update_profile,
    update_user,
)
from accounts.services.recognition import (
    is_known_key,
    opens_somewhere,
    usable_key,
    user_of_key,
)
from accounts.services.second_factor import (
    begin_totp,
    confirm_totp,
    pending_totp,
    remove_second_factor,
    renew_recovery_codes,
    second_factor_of,
)
from accounts.services.sessions import (
    begin_session,
    end_session,
    end_sessions,
    forget_expired_sessions,
    note_use,
    sign_out,
    user_of_session,
)
from accounts.services.sign_in import (
    check_credentials,
    password_matches,
    prove_identity,
    require_recent_sign_in,
    sign_in,
    sign_in_with_code,
)
from accounts.services.staff_access import may_read_private, open_private

__all__ = [
    "access_by",
    "begin_session",
    "begin_totp",
    "change_password",
    "check_credentials",
    "confirm_totp",
    "create_api_key",
    "create_user",
    "digest_of",
    "end_session",
    "end_sessions",
    "ensure_superuser",
    "forget_expired_sessions",
    "grant_of",
    "grant_of_request",
    "is_known_key",
    "is_still_valid",
    "may_read_private",
    "normal_name",
    "note_use",
    "open_private",
    "opens_somewhere",
    "outranks",
    "password_matches",
    "pending_totp",
    "prove_identity",
    "record_password",
    "remove_second_factor",
    "renew_recovery_codes",
    "replace_api_keys",
    "require_recent_sign_in",
    "revoke_api_key",
    "rotate_api_key",
    "second_factor_of",
    "session_store",
    "sign_in",
    "sign_in_with_code",
    "sign_out",
    "store_password",
    "update_profile",
    "update_user",
    "usable_key",
    "user_of_identity",
    "user_of_key",
    "user_of_session",
]
