"""Query parameters of the chat lists."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class SessionFilterSerializer(serializers.Serializer[Any]):
    """`search` in titles, `archived`."""

    search = serializers.CharField(max_length=200, required=False)
    archived = serializers.BooleanField(required=False, default=False)
