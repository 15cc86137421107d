"""What people read instead of the names of models and fields.

The `labels` module of each app has the words of its models. They stand beside the models because
words change more often than tables, and Django would write a migration for each change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditlog.models import LogEntry
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from youworker.core.models import AuditCheckpoint, AuditLink, IdempotentRequest, KeyFingerprint

if TYPE_CHECKING:
    from django.db.models import Model
    from django.utils.functional import _StrPromise as Words

# What a field of this name is called, wherever its model does not say otherwise.
COMMON = {
    "id": _("ID"),
    "api_key": _("API key"),
    "attempts": _("attempts"),
    "bytes": _("bytes"),
    "collection": _("collection"),
    "created_at": _("created"),
    "deleted_at": _("deleted"),
    "description": _("description"),
    "document": _("document"),
    "enabled": _("enabled"),
    "end": _("end"),
    "ended_at": _("ended"),
    "error_code": _("error"),
    "error_detail": _("error in detail"),
    "expires_at": _("expires"),
    "failures": _("failures"),
    "finished_at": _("finished"),
    "group": _("group"),
    "hash": _("hash"),
    "heading": _("heading"),
    "key": _("key"),
    "kind": _("kind"),
    "language": _("language"),
    "last_seen_at": _("last seen"),
    "last_used_at": _("last used"),
    "lease_until": _("held until"),
    "losses": _("lost workers"),
    "message": _("message"),
    "mime": _("file type"),
    "model": _("model"),
    "name": _("name"),
    "outcome": _("result"),
    "owner": _("owner"),
    "page": _("page"),
    "passage": _("passage"),
    "policy": _("policy"),
    "reason": _("reason"),
    "role": _("role"),
    "run": _("answer run"),
    "seq": _("number"),
    "session": _("conversation"),
    "sha256": _("SHA-256"),
    "size": _("size in bytes"),
    "start": _("beginning"),
    "started_at": _("started"),
    "state": _("state"),
    "status": _("status"),
    "stored_file": _("stored file"),
    "tags": _("tags"),
    "title": _("title"),
    "tokens_in": _("tokens read"),
    "tokens_out": _("tokens written"),
    "updated_at": _("changed"),
    "uri": _("address"),
    "url": _("address"),
    "user": _("user"),
}


def name_model(model: type[Model], one: Words, many: Words, **fields: Words) -> None:
    """Give a model and its fields the names that people read."""
    options = model._meta
    options.verbose_name, options.verbose_name_plural = one, many
    unknown = fields.keys() - {field.name for field in options.get_fields()}
    if unknown:
        raise ImproperlyConfigured(f"{options.label} has no field {', '.join(sorted(unknown))}.")
    columns: list[Any] = [*options.fields, *options.many_to_many]
    for field in columns:
        if label := fields.get(field.name, COMMON.get(field.name)):
            field.verbose_name = label


name_model(
    KeyFingerprint,
    _("encryption key"),
    _("encryption keys"),
    fingerprint=_("fingerprint"),
    created_at=_("first used"),
    retired_at=_("retired"),
)
name_model(
    IdempotentRequest,
    _("remembered request"),
    _("remembered requests"),
    answer=_("answer"),
    fingerprint=_("fingerprint"),
)
name_model(
    AuditLink,
    _("link of the audit chain"),
    _("links of the audit chain"),
    entry_id=_("audit entry"),
    linked_at=_("linked"),
    previous=_("hash before"),
)
name_model(AuditCheckpoint, _("audit checkpoint"), _("audit checkpoints"), mac=_("signature"))
name_model(
    LogEntry,
    _("audit entry"),
    _("audit log"),
    timestamp=_("time"),
    object_pk=_("ID of the object"),
    remote_addr=_("network address"),
    cid=_("correlation ID"),
    additional_data=_("details"),
)
