"""Rows of model servers: where they are, what their models can, and who is being answered there."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from chat.enums import CallKind, ServerKind, ServerState
from chat.managers import ModelCallQuerySet, ModelServerQuerySet, ServedModelQuerySet
from youworker.core.models import TimestampedModel
from youworker.encryption.fields import EncryptedTextField
from youworker.upstream.address import validate_server_url


class ModelServer(TimestampedModel):
    """A server of language models; one of the environment has a row for what is known of it."""

    name = models.CharField(max_length=120, unique=True)
    url = models.CharField(max_length=500, validators=[validate_server_url])
    # Host, port and path: what runs and calls have of it, and what is unique.
    address = models.CharField(max_length=255, unique=True, editable=False)
    # Never shown again; empty for those of the environment, whose key stays there.
    key = EncryptedTextField(blank=True, default="")
    is_configured = models.BooleanField(default=False, editable=False)
    position = models.PositiveSmallIntegerField(
        default=100, help_text=_("Servers with smaller numbers are asked first.")
    )
    enabled = models.BooleanField(default=True)
    max_runs = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text=_(
            "Further answers wait for their turn. Empty: LLM_MAX_RUNS, or what the server tells. "
            "0: no limit."
        ),
    )
    # How many answers at a time its program says it makes; null is unknown.
    told_runs = models.PositiveIntegerField(null=True, blank=True, editable=False)
    context_tokens = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text=_("Empty: what the server tells, else LLM_CONTEXT_TOKENS."),
    )
    kind = models.CharField(
        max_length=16, choices=ServerKind, default=ServerKind.UNKNOWN, editable=False
    )
    state = models.CharField(
        max_length=16, choices=ServerState, default=ServerState.UNKNOWN, editable=False
    )
    last_error = models.CharField(max_length=500, blank=True, default="", editable=False)
    latency_ms = models.PositiveIntegerField(null=True, blank=True, editable=False)
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ModelServerQuerySet.as_manager()

    class Meta:
        app_label = "chat"

    def __str__(self) -> str:
        return self.name


class ServedModel(TimestampedModel):
    """What one model of one server was found to be able to; None is unknown."""

    server = models.ForeignKey(ModelServer, models.CASCADE, related_name="models")
    name = models.CharField(max_length=200)
    tools = models.BooleanField(null=True, blank=True)
    reasoning = models.BooleanField(null=True, blank=True)
    vision = models.BooleanField(null=True, blank=True)
    # The window it is served with, and the longest one it could have, in tokens.
    context_tokens = models.PositiveIntegerField(null=True, blank=True)
    # Whether that is only the window such servers have when they do not tell.
    context_assumed = models.BooleanField(default=False)
    longest_context = models.PositiveIntegerField(null=True, blank=True)
    tokens_per_second = models.FloatField(null=True, blank=True)
    first_token_ms = models.PositiveIntegerField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True, default="")
    # When it was looked at, and when it was last asked to say something.
    checked_at = models.DateTimeField(null=True, blank=True)
    probed_at = models.DateTimeField(null=True, blank=True)

    objects = ServedModelQuerySet.as_manager()

    class Meta:
        app_label = "chat"
        constraints = [
            models.UniqueConstraint("server", "name", name="served_model_once_per_server"),
        ]

    def __str__(self) -> str:
        return self.name


class ModelCall(models.Model):
    """An answer that has no run, for the processes that count how much room a server has.

    It counts until a time of the database's clock, which its process puts off.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    endpoint = models.CharField(max_length=255)
    kind = models.CharField(max_length=16, choices=CallKind)
    # Its own process counts it in memory.
    process = models.UUIDField()
    until = models.DateTimeField()

    objects = ModelCallQuerySet.as_manager()

    class Meta:
        app_label = "chat"

    def __str__(self) -> str:
        return f"{self.kind} {self.endpoint}"
