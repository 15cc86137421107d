"""Fixed vocabularies of tool servers and tools."""

from django.db import models


class Transport(models.TextChoices):
    """How a server is reached."""

    INPROCESS = "inprocess", "in process"
    STDIO = "stdio", "program (stdio)"
    HTTP = "http", "streamable HTTP"


class Protocol(models.TextChoices):
    """What a server speaks, as far as that was found out."""

    UNKNOWN = "", "unknown"
    MODERN = "modern", "2026-07-28 and later"
    HANDSHAKE = "handshake", "2025-11-25 and earlier"
    SSE = "sse", "2024-11-05 over server-sent events"


class ServerStatus(models.TextChoices):
    """What the last contact said."""

    UNKNOWN = "unknown"
    READY = "ready"
    FAILED = "failed"


class Policy(models.TextChoices):
    """What happens when a model wants the tool."""

    AUTO = "auto", "call at once"
    ASK = "ask", "ask the user first"
    DENY = "deny", "never"


class Effect(models.TextChoices):
    """What a call may do beyond computing an answer."""

    READ = "read", "reads private data"
    WRITE = "write", "changes something"
    EGRESS = "egress", "sends data outside"
