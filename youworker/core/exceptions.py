"""What a service may refuse with; each edge renders these once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext, gettext_noop, override

if TYPE_CHECKING:
    from collections.abc import Mapping


def filled(template: str, details: Mapping[str, Any]) -> str:
    """A message with the details it names; elsewhere a percent sign stands for itself."""
    return template % details if details and "%(" in template else template


class DomainError(Exception):
    """An expected refusal, worded for the person who caused it.

    The message is a constant, so that it can be translated; `%(name)s` stands for a detail.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    # Whether the service has written an audit line of its own about the refusal.
    audited: ClassVar[bool] = False

    def __init__(self, message: str, **details: Any) -> None:
        self.template, self.details = message, details
        # For logs, in English: details may be words that are translated where they are told.
        with override(None):
            self.message = filled(message, details)
        super().__init__(self.message)

    def in_words(self) -> str:
        """The message in the language of whoever is answered."""
        return filled(gettext(self.template), self.details)

    def as_json(self) -> dict[str, Any]:
        """The refusal for edges without a status code of their own."""
        return {"code": self.code, "detail": self.in_words()}


class BadRequest(DomainError):
    """What was sent cannot be understood."""

    code = "bad_request"


class InvalidInput(DomainError):
    """A value that no caller may pass; `attr` names it."""

    code = "invalid"

    def __init__(self, message: str, *, attr: str | None = None, **details: Any) -> None:
        super().__init__(message, **details)
        self.attr = attr


class Forbidden(DomainError):
    """The caller sees the thing but may not do this to it."""

    code, status = "permission_denied", 403


class NotFound(DomainError):
    """It does not exist, or the caller may not know that it does."""

    code, status = "not_found", 404


class Conflict(DomainError):
    """The thing is not in a state that allows this."""

    code, status = "conflict", 409


class IdempotencyMismatch(DomainError):
    """The same `Idempotency-Key` came with another body."""

    code, status = "idempotency_key_reused", 422


class TooLarge(DomainError):
    """More bytes than the configured limit."""

    code, status = "too_large", 413


class RateLimited(DomainError):
    """Too many requests; `wait` is the pause asked for, in seconds."""

    code, status = "throttled", 429

    def __init__(self, message: str, *, wait: int, **details: Any) -> None:
        super().__init__(message, wait=wait, **details)
        self.wait = wait

    def as_json(self) -> dict[str, Any]:
        """The refusal, and how long to wait, which HTTP says in a header."""
        return {**super().as_json(), "retry_after": self.wait}


REDIS_AWAY = gettext_noop("This is not possible right now; try again in a minute.")
DATABASE_AWAY = gettext_noop("The database does not answer; try again in a minute.")
DATABASE_FULL = gettext_noop("There is no room left on the server; try again later.")


class Unavailable(DomainError):
    """A part of the installation that this needs does not answer."""

    code, status = "unavailable", 503


class UpstreamUnavailable(DomainError):
    """A model, a tool server or a web page did not answer; trying again may help."""

    code, status = "upstream_unavailable", 503
