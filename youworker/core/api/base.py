"""What REST views and their bodies share: the actor, how refusals become answers, names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.core.exceptions import (
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import Http404
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext_noop
from drf_standardized_errors.handler import ExceptionHandler
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from rest_framework import exceptions as drf
from rest_framework import serializers
from rest_framework.fields import empty
from rest_framework.views import APIView

from youworker.core.db import refusal_by
from youworker.core.exceptions import (
    REDIS_AWAY,
    BadRequest,
    DomainError,
    InvalidInput,
    RateLimited,
    TooLarge,
    Unavailable,
)
from youworker.core.request_context import report_denial
from youworker.core.unicode import clean_name

if TYPE_CHECKING:
    from rest_framework.response import Response

    from accounts.models import ApiKey, User


class ActorView(APIView):
    """Gives a view its `actor`: the person on whose behalf it works.

    `scopes` names the API-key scope each kind of access needs: `{"read": …, "write": …}`.
    """

    scopes: dict[str, str] = {}

    @property
    def actor(self) -> User:
        """The signed-in user; permissions refuse anybody else first."""
        return cast("User", self.request.user)

    @property
    def shown_key(self) -> ApiKey | None:
        """The API key by which the caller is here; none for a session."""
        return cast("ApiKey | None", self.request.auth)


class Refused(drf.APIException):
    """A domain error on its way to the caller."""

    def __init__(self, error: DomainError) -> None:
        super().__init__(error.in_words(), error.code)
        self.status_code = error.status
        if isinstance(error, RateLimited):
            self.wait = error.wait


class DomainExceptionHandler(ExceptionHandler):
    """Renders the services' refusals in the one error shape, and notes who was refused what."""

    def run(self) -> Response | None:
        response: Response | None = super().run()
        if response is not None and response.status_code in (401, 403):
            self.note_denial(response)
        return response

    def note_denial(self, response: Response) -> None:
        """Audit a refusal; the transaction of the act is over by now."""
        # Without credentials nobody tried anything: a page whose session has ended asks so, too.
        if getattr(self.exc, "audited", False) or isinstance(self.exc, drf.NotAuthenticated):
            return
        request: Any = self.context["request"]
        report_denial(
            request.user,
            route=request.resolver_match.route,
            method=request.method or "",
            status=response.status_code,
            code=str(response.data["errors"][0]["code"]),
        )

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if isinstance(exc, InvalidInput) and exc.attr:
            detail = drf.ErrorDetail(exc.in_words(), exc.code)
            return drf.ValidationError({exc.attr: [detail]})
        if isinstance(exc, DomainError):
            return Refused(exc)
        is_redis = isinstance(exc, (RedisConnectionError, RedisTimeoutError))
        if refusal := REDIS_AWAY if is_redis else refusal_by(exc):
            return Refused(Unavailable(refusal))
        if isinstance(exc, (SuspiciousOperation, MultiPartParserError)):
            return Refused(refusal_of(exc))
        if isinstance(exc, Http404):
            # Django's own text names the model that was looked for.
            return drf.NotFound()
        return super().convert_known_exceptions(exc)

    def report_exception(self, exc: drf.APIException, response: Response) -> None:
        """Report mistakes of ours; a refusal is none, even when it answers 503."""
        if not isinstance(self.exc, (DomainError, RedisConnectionError, RedisTimeoutError)):
            super().report_exception(exc, response)


def refusal_of(error: Exception) -> DomainError:
    """What Django's refusal of a request means, whoever looked at the body first."""
    if isinstance(error, TooManyFilesSent):
        most = settings.DATA_UPLOAD_MAX_NUMBER_FILES
        words = gettext_noop("A request has at most %(most)s files.")
    elif isinstance(error, TooManyFieldsSent):
        most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
        words = gettext_noop("A request has at most %(most)s fields.")
    elif isinstance(error, RequestDataTooBig):
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        words = gettext_noop("A request has at most %(most)s bytes beside its files.")
    else:
        return BadRequest("The request could not be read.")
    return TooLarge(words, most=f"{most:,}")


class NameField(serializers.CharField):
    """A name, measured as it will be kept; one of nothing visible is empty."""

    def run_validation(self, data: Any = empty) -> Any:
        """The name as it is kept; what cannot be a text is left to the usual refusal."""
        if isinstance(data, str) and "\x00" not in data:
            data = clean_name(data)
        return super().run_validation(data)
