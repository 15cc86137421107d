"""Fields of request bodies that several apps have."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from youworker.core.unicode import clean_name


class NameField(serializers.CharField):
    """A name, measured as it will be kept; one of nothing visible is empty."""

    def run_validation(self, data: Any = empty) -> Any:
        """The name as it is kept; what cannot be a text is left to the usual refusal."""
        if isinstance(data, str) and "\x00" not in data:
            data = clean_name(data)
        return super().run_validation(data)
