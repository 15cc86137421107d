"""The ways of signing in as clients read them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class ProviderSerializer(serializers.Serializer[Any]):
    """The identity provider; a form that is posted to `url` (with `next`, if wanted) starts."""

    name = serializers.CharField()
    url = serializers.CharField()


class MethodsSerializer(serializers.Serializer[Any]):
    """Which buttons a sign-in page should show."""

    password = serializers.BooleanField()
    oidc = ProviderSerializer(allow_null=True)
    forward_auth = serializers.BooleanField()
