"""Webhooks as clients read and write them; a secret is told once."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from youworker.webhooks.enums import SUBSCRIBABLE
from youworker.webhooks.models import LONGEST_URL, Delivery, Endpoint


class EndpointSerializer(serializers.ModelSerializer[Endpoint]):
    """Where another program is told what happens, and how that goes."""

    class Meta:
        model = Endpoint
        fields = (
            "id",
            "url",
            "description",
            "actions",
            "state",
            "failures",
            "rest_until",
            "last_error",
            "last_success_at",
            "former_secret_until",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class SecretSerializer(serializers.Serializer[Any]):
    """The secret that signs from now on; it is not shown again."""

    secret = serializers.CharField(read_only=True)


class CreatedEndpointSerializer(EndpointSerializer):
    """A new webhook with its secret, which is not shown again."""

    secret = serializers.CharField(read_only=True)

    class Meta:
        model = Endpoint
        fields = (*EndpointSerializer.Meta.fields, "secret")
        read_only_fields = fields


class UpdateEndpointSerializer(serializers.Serializer[Any]):
    """What may be changed of a webhook."""

    url = serializers.CharField(max_length=LONGEST_URL, required=False)
    description = serializers.CharField(max_length=200, allow_blank=True, required=False)
    actions = serializers.ListField(
        child=serializers.CharField(max_length=64),
        min_length=1,
        max_length=len(SUBSCRIBABLE),
        required=False,
        help_text="Names of `/v1/webhooks/actions`, or `*` for everything.",
    )


class CreateEndpointSerializer(UpdateEndpointSerializer):
    """A new webhook."""

    url = serializers.CharField(max_length=LONGEST_URL)
    actions = serializers.ListField(
        child=serializers.CharField(max_length=64),
        min_length=1,
        max_length=len(SUBSCRIBABLE),
        help_text="Names of `/v1/webhooks/actions`, or `*` for everything.",
    )


class ActionsSerializer(serializers.Serializer[Any]):
    """Everything that can be told."""

    actions = serializers.ListField(child=serializers.CharField())


class AttemptSerializer(serializers.Serializer[Any]):
    """One attempt: when, with which status (none without an answer), for how long, what failed."""

    at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True)
    ms = serializers.IntegerField()
    error = serializers.CharField(allow_blank=True)


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """One event for one webhook; `event_id` is what the receiver reads as `webhook-id`."""

    event_id = serializers.UUIDField(read_only=True)
    action = serializers.CharField(source="event.action", read_only=True)
    happened_at = serializers.DateTimeField(source="event.created_at", read_only=True)
    log = AttemptSerializer(many=True, read_only=True)

    class Meta:
        model = Delivery
        fields = (
            "id",
            "event_id",
            "action",
            "happened_at",
            "status",
            "attempts",
            "due_at",
            "status_code",
            "error",
            "log",
            "created_at",
        )
        read_only_fields = fields
