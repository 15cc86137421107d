"""The audit log for staff: looked up, never changed."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from auditlog.models import LogEntry
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from youworker.audit import ACTIONS, RESULTS
from youworker.audit.lines import with_words
from youworker.audit.words import RESULT_WORDS, named
from youworker.core.admin import ReadOnlyAdmin
from youworker.core.models import AuditCheckpoint, AuditLink

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

MOST_PEOPLE = 100

# auditlog's own page searches by words in columns that are empty here.
admin.site.unregister(LogEntry)
# Its catalogues have no Italian.
apps.get_app_config("auditlog").verbose_name = _("Audit log")


class WordFilter(admin.SimpleListFilter):
    """A choice among the words of a fixed vocabulary."""

    words: ClassVar[frozenset[str]]
    annotation: ClassVar[str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(word, self.told(word)) for word in sorted(self.words)]

    def told(self, word: str) -> str:
        """A word as people read it."""
        return word

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.annotation: self.value()}) if self.value() else queryset


class ActionFilter(WordFilter):
    """By what was done."""

    title, parameter_name, annotation, words = _("action"), "act", "act", ACTIONS

    def told(self, word: str) -> str:
        """What was done, in words."""
        return named(word)


class ResultFilter(WordFilter):
    """By how it ended."""

    title, parameter_name, annotation, words = _("result"), "outcome", "outcome", RESULTS

    def told(self, word: str) -> str:
        """How it ended, in words."""
        return str(RESULT_WORDS[word])


@admin.register(LogEntry)
class AuditAdmin(ReadOnlyAdmin):
    """Who did what, when, from where and with which key."""

    list_display = ("timestamp", "act", "outcome", "who", "kind", "object_pk", "remote_addr", "cid")
    list_display_links = ("timestamp",)
    list_filter = (ActionFilter, ResultFilter, "timestamp")
    list_select_related = ("actor", "content_type")
    search_fields = ("object_pk",)
    search_help_text = _(
        "A user's name, or in full: an ID, a correlation ID, an action, an address"
    )
    fields = (
        "id",
        "timestamp",
        "act",
        "outcome",
        "who",
        "by",
        "kind",
        "object_pk",
        "remote_addr",
        "key",
        "cid",
        "additional_data",
    )
    readonly_fields = fields
    sortable_by = ("timestamp",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[LogEntry]:
        return with_words().select_related("actor", "content_type")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Look words up where an index answers; every word narrows the list."""
        for word in search_term.split():
            queryset = queryset.filter(meaning(word))
        return queryset, False

    @admin.display(description=_("action"))
    def act(self, line: Any) -> Any:
        """What was done."""
        return named(line.act)

    @admin.display(description=_("result"))
    def outcome(self, line: Any) -> Any:
        """How it ended."""
        return RESULT_WORDS.get(line.outcome, line.outcome)

    @admin.display(description=_("user"))
    def who(self, line: Any) -> Any:
        """The name of the user; of an erased one, the pseudonym."""
        return line.actor.username if line.actor else line.by

    @admin.display(description=_("user id"))
    def by(self, line: Any) -> Any:
        """The id of the user, which outlives them."""
        return line.by

    @admin.display(description=_("API key"))
    def key(self, line: Any) -> Any:
        """The id of the API key."""
        return line.key

    @admin.display(description=_("object"))
    def kind(self, line: Any) -> Any:
        """What kind of thing it was done to."""
        return capfirst(line.content_type.name)


def meaning(word: str) -> Q:
    """Where a searched word may stand."""
    if word in ACTIONS:
        return Q(act=word)
    found = Q(object_pk=word) | Q(cid=word)
    try:
        identifier = str(UUID(word))
        found |= Q(object_pk=identifier) | Q(by=identifier) | Q(key=identifier)
    except ValueError:
        people = (
            get_user_model().objects.filter(username__icontains=word).values_list("pk", flat=True)
        )
        found |= Q(by__in=[str(pk) for pk in people[:MOST_PEOPLE]])
    try:
        found |= Q(remote_addr=str(ipaddress.ip_address(word)))
    except ValueError:
        return found
    return found


@admin.register(AuditLink)
class AuditLinkAdmin(ReadOnlyAdmin):
    """The chain of the audit log; `audit_verify` verifies it."""

    listed = False
    list_display = ("seq", "entry_id", "linked_at", "hash")
    search_fields = ("=seq", "=entry_id", "=hash")
    list_filter = ("linked_at",)
    ordering = ("-seq",)


@admin.register(AuditCheckpoint)
class AuditCheckpointAdmin(ReadOnlyAdmin):
    """Signed statements about the head of the chain."""

    listed = False
    list_display = ("seq", "created_at", "hash", "key")
    search_fields = ("=seq", "=hash")
    list_filter = ("created_at",)
    ordering = ("-pk",)
    exclude = ("mac",)
