"""What signing in may be refused with."""

from youworker.common.exceptions import DomainError, Forbidden


class SignInFailed(DomainError):
    """Wrong name or password; the same answer for both."""

    code, status = "authentication_failed", 401


class InsufficientScope(Forbidden):
    """The API key is valid and not meant for this."""

    code = "insufficient_scope"


class AccessEnded(DomainError):
    """The caller was let in and would not be let in any more."""

    code, status = "access_ended", 401
