"""Refusals of this app."""

from typing import Self

from django.utils.translation import gettext_noop

from youworker.core.exceptions import Conflict, DomainError, Forbidden, UpstreamUnavailable
from youworker.core.words import Sentence

NOT_AVAILABLE = gettext_noop("The tool server %(server)r is not available: %(reason)s.")
# Where the reason is a sentence with its own end.
NOT_AVAILABLE_BECAUSE = gettext_noop("The tool server %(server)r is not available: %(sentence)s")
NO_ANSWER = gettext_noop("no answer within %(seconds)s s")


def silence(seconds: float) -> Sentence:
    """The reason of a server that took too long."""
    return Sentence(NO_ANSWER, {"seconds": f"{seconds:g}"})


class ToolServerUnavailable(UpstreamUnavailable):
    """The server could not be reached, broke off or took too long."""

    code = "tool_server_unavailable"

    @classmethod
    def because(cls, slug: str, reason: str | Sentence) -> Self:
        """The refusal of a server by its short name; the reason is what there is between."""
        return cls(NOT_AVAILABLE, server=slug, reason=reason)

    @classmethod
    def following(cls, slug: str, sentence: Sentence) -> Self:
        """The same, where what went wrong before is a whole sentence."""
        return cls(NOT_AVAILABLE_BECAUSE, server=slug, sentence=sentence)


class TokenNotTaken(ToolServerUnavailable):
    """The server does not let the user in with the token that was sent; `scope` would do."""

    scope = ""


class ServerSlugExists(Conflict):
    """Another server has this short name."""

    code = "mcp_server_exists"


class ToolChanged(Conflict):
    """The tool is no longer the one that was looked at."""

    code = "tool_changed"


class SignInNeeded(Conflict):
    """The user is not signed in to the tool server, or not any more."""

    code = "tool_sign_in_required"


class BrowserNeeded(Forbidden):
    """A program's key asked for what only a person in a browser can do."""

    code = "browser_needed"


class AuthorizationFailed(DomainError):
    """A sign-in at a tool server did not come to its end."""

    code = "authorization_failed"


class AuthorizationUnusable(UpstreamUnavailable):
    """What a tool server says about signing in cannot be followed, or must not."""

    code = "authorization_unusable"


class TokenRefused(AuthorizationFailed):
    """An authorization server does not take a code or a token any more."""
