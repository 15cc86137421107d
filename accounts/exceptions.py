"""What signing in may be refused with."""

from youworker.common.exceptions import DomainError


class SignInFailed(DomainError):
    """Wrong name or password; the same answer for both."""

    code, status = "authentication_failed", 401


class LastSuperuser(DomainError):
    """Somebody has to be able to manage the installation."""

    code, status = "last_superuser", 409
