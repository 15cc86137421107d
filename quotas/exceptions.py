"""What quotas refuse with."""

from youworker.core.exceptions import Forbidden, RateLimited


class QuotaExceeded(RateLimited):
    """No tokens or no place for another answer are left; `wait` says when there may be."""

    code, status = "quota_exceeded", 429


class StorageQuotaExceeded(Forbidden):
    """No room for another file is left."""

    code = "quota_exceeded"
