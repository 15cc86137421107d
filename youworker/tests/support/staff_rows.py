"""A row of any model, with rows of its own in everything it refers to."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from auditlog.models import LogEntry
from django.apps import apps
from django.db import models
from django.utils import timezone

from accounts.tests.factories import SignInFactory, UserFactory
from chat.tests.factories import MessageFactory, RunFactory, SessionFactory, ToolRunFactory
from documents.tests.factories import CollectionFactory, DocumentFactory
from groups.tests.factories import GroupFactory
from ingestion.tests.factories import ItemFactory, SourceFactory
from ingestion.tests.factories import RunFactory as IngestionRunFactory
from mcp.tests.factories import ConnectionFactory, ServerFactory, ToolFactory
from youworker import audit

if TYPE_CHECKING:
    from collections.abc import Callable

numbers = count(1)


def make_line() -> Any:
    """A line of the audit log."""
    audit.record("user.login", actor=UserFactory())
    return LogEntry.objects.latest("pk")


MAKERS: dict[str, Callable[[], Any]] = {
    "accounts.User": UserFactory,
    "accounts.SignIn": SignInFactory,
    "auditlog.LogEntry": make_line,
    "chat.Message": MessageFactory,
    "chat.Run": RunFactory,
    "chat.Session": SessionFactory,
    "chat.ToolRun": ToolRunFactory,
    "documents.Collection": CollectionFactory,
    "documents.Document": DocumentFactory,
    "groups.Group": GroupFactory,
    "ingestion.IngestionItem": ItemFactory,
    "ingestion.IngestionRun": IngestionRunFactory,
    "ingestion.Source": SourceFactory,
    "mcp.Connection": ConnectionFactory,
    "mcp.Server": ServerFactory,
    "mcp.Tool": ToolFactory,
}
# What the rules of a table leave empty.
EMPTY = {
    "groups.LegalHold": {"group"},
    "quotas.Quota": {"group", "api_key"},
    "common.AuditLink": set(),
}
GIVEN: dict[str, dict[str, Any]] = {
    "documents.EmbeddingModel": {"active": False, "dimensions": 3},
    "documents.PassageEmbedding": {"vector": [1, 0, 0]},
    "documents.GoldenQuestion": {"addresses": ["*.pdf"]},
}
ONLY_ONE = {"chat.SystemPrompt"}


def make_row(label: str) -> Any:
    """A new row, unlike the others in whatever has to be unlike."""
    model: Any = apps.get_model(label)
    manager = getattr(model, "all_objects", model._default_manager)  # noqa: SLF001 -- documented
    if label in ONLY_ONE and (found := manager.first()):
        return found
    if maker := MAKERS.get(label):
        return maker()
    given = {**GIVEN.get(label, {})}
    for field in model._meta.concrete_fields:
        if field.attname not in given and field.name not in given:
            given.update(filled(label, field))
    return manager.create(**given)


def filled(label: str, field: Any) -> dict[str, Any]:
    """A value for a field, where one is needed; whatever can be referred to is."""
    if isinstance(field, models.ForeignKey):
        if field.name in EMPTY.get(label, ()):
            return {}
        return {field.name: make_row(field.related_model._meta.label)}
    if isinstance(field, models.AutoField) or (field.has_default() and not field.unique):
        return {}
    if field.primary_key and field.has_default():
        return {}
    if field.null or field.has_db_default():
        return {}
    return {field.name: value_for(field, next(numbers))}


def value_for(field: Any, number: int) -> Any:
    """Something that a column can hold."""
    kind = type(field).__name__
    if field.choices:
        return field.choices[0][0]
    values: dict[str, Any] = {
        "UUIDField": uuid4(),
        "DateTimeField": timezone.now(),
        "DateField": timezone.now().date(),
        "BooleanField": True,
        "JSONField": {},
        "EncryptedJSONField": {"number": number},
        "ArrayField": [],
        "BinaryField": b"x",
        "SearchVectorField": "",
    }
    is_number = "Integer" in field.get_internal_type() or kind == "FloatField"
    text = f"row-{number}"[: getattr(field, "max_length", None) or 50]
    return values.get(kind, number if is_number else text)
