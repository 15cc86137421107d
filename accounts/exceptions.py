"""What signing in may be refused with."""

from youworker.core.exceptions import DomainError, Forbidden


class SignInFailed(DomainError):
    """Wrong name, password or code; the same answer for all."""

    code, status = "authentication_failed", 401
    audited = True


class IdentityRefused(SignInFailed):
    """Single sign-on named nobody who may sign in; the same answer for every reason."""


class LastSuperuser(DomainError):
    """Somebody has to be able to manage the installation."""

    code, status = "last_superuser", 409


class SecondFactorRequired(SignInFailed):
    """The password is right, and this account wants a code as well."""

    code = "second_factor_required"


class SignInUnavailable(DomainError):
    """Attempts cannot be counted now, so none is let through."""

    code, status = "sign_in_unavailable", 503


class RecentSignInRequired(Forbidden):
    """The session is too old for this, and no password was given."""

    code = "recent_sign_in_required"


class InsufficientScope(Forbidden):
    """The API key is valid and not meant for this."""

    code = "insufficient_scope"


class AccessEnded(DomainError):
    """The caller was let in and would not be let in any more."""

    code, status = "access_ended", 401
