"""Columns of names: kept, and looked up, in one form however somebody writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import lookups

from youworker.core.unicode import clean_name, clean_username

if TYPE_CHECKING:
    from collections.abc import Callable


class NameField(models.CharField[str, str]):
    """A name (`clean_name`). Forms and models see what is kept; lookups may be in any form."""

    clean_text: Callable[[str], str] = staticmethod(clean_name)

    def to_python(self, value: Any) -> Any:
        """The name as it is kept."""
        found = super().to_python(value)
        return self.clean_text(found) if isinstance(found, str) else found

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: FBT001 -- Django's
        """Let the row in memory have the name that is written."""
        value = super().pre_save(model_instance, add)
        if isinstance(value, str):
            value = self.clean_text(value)
            setattr(model_instance, self.attname, value)
        return value


class UserNameField(NameField):
    """The name of an account (`clean_username`)."""

    clean_text = staticmethod(clean_username)


# Django compares parts of texts as they are given.
for lookup in (
    *(lookups.IExact, lookups.Contains, lookups.IContains, lookups.StartsWith),
    *(lookups.IStartsWith, lookups.EndsWith, lookups.IEndsWith),
):
    NameField.register_lookup(type(lookup.__name__, (lookup,), {"prepare_rhs": True}))
