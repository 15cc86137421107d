"""What signing in may be refused with."""

from youworker.common.exceptions import DomainError


class SignInFailed(DomainError):
    """Wrong name or password; the same answer for both."""

    code, status = "authentication_failed", 401
    audited = True
