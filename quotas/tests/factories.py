"""Usage for tests."""

from quotas.enums import UsageKind
from quotas.services import record_usage


def use_tokens(user_id, tokens_in, tokens_out=0, *, key_id=None):
    record_usage(UsageKind.RUN, user_id, key_id=key_id, tokens_in=tokens_in, tokens_out=tokens_out)
