"""Fixed vocabularies of tool servers and tools."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Transport(models.TextChoices):
    """How a server is reached."""

    INPROCESS = "inprocess", _("in process")
    STDIO = "stdio", _("program (stdio)")
    HTTP = "http", _("streamable HTTP")
    OPENAPI = "openapi", _("OpenAPI document")


class Protocol(models.TextChoices):
    """What a server speaks, as far as that was found out."""

    UNKNOWN = "", _("unknown")
    MODERN = "modern", _("2026-07-28 and later")
    HANDSHAKE = "handshake", _("2025-11-25 and earlier")
    SSE = "sse", _("2024-11-05 over server-sent events")


class Authorization(models.TextChoices):
    """Who is let in by a server at a URL."""

    SHARED = "shared", _("everybody, by the headers that are set")
    OAUTH = "oauth", _("each user signs in (OAuth)")


class ConnectionStatus(models.TextChoices):
    """Whether a user's sign-in at a tool server holds."""

    CONNECTED = "connected", _("Connected")
    SIGN_IN_NEEDED = "sign_in_needed", _("Sign-in needed")


class ServerStatus(models.TextChoices):
    """What the last contact said."""

    UNKNOWN = "unknown", _("Unknown")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")


class Policy(models.TextChoices):
    """What happens when a model wants the tool."""

    AUTO = "auto", _("call at once")
    ASK = "ask", _("ask the user first")
    DENY = "deny", _("never")


class Approver(models.TextChoices):
    """Who is asked about a call where the policy is to ask."""

    USER = "user", _("the user")
    ADMIN = "admin", _("an admin of the group")


class Effect(models.TextChoices):
    """What a call may do beyond computing an answer."""

    READ = "read", _("reads private data")
    WRITE = "write", _("changes something")
    EGRESS = "egress", _("sends data outside")
