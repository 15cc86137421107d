"""The documents a search looks into: those the actor may read, narrowed by filters."""

from __future__ import annotations

from datetime import datetime, time
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db.models import Func, Q, TextField

from accounts.models import User
from documents.models import Collection, Document
from documents.search.conditions import LEFT_OUT, folded
from documents.search.file_types import type_rule
from youworker.core.sql import UserQuery
from youworker.core.unicode import name_key, spellings
from youworker.core.zones import zone_or_utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from uuid import UUID

    from django.db.models import QuerySet

    from documents.managers import DocumentQuerySet
    from documents.search.operators import Understood


class Scope(NamedTuple):
    """A query for `id` and `passage_count` of the documents to search, and its parameters."""

    sql: str
    parameters: dict[str, Any]


def scope_of(
    actor: User,
    understood: Understood,
    *,
    collections: Sequence[UUID] | None = None,
    tags: Sequence[str] | None = None,
    document_ids: Sequence[UUID] | None = None,
) -> Scope | None:
    """The documents to search; an empty list of filters is no filter. None when none can fit.

    Files of conversations are found only where they, or their collection, are named.
    """
    if not (collections or tags or document_ids or understood.filters):
        return as_scope(*LIBRARY.of(actor))
    documents = narrow(
        documents_in(actor, collections, tags, document_ids), understood, actor=actor
    )
    try:
        return as_scope(*columns_of(documents).query.sql_with_params())
    except EmptyResultSet:
        return None


def as_scope(sql: str, values: Sequence[Any]) -> Scope:
    """A compiled query as a part of another one, its parameters under names."""
    names = [f"scope{index}" for index in range(len(values))]
    places = tuple(f"%({name})s" for name in names)
    return Scope(sql % places, dict(zip(names, values, strict=True)))


def columns_of(documents: DocumentQuerySet) -> QuerySet[Document, Any]:
    """What a search has to know of its documents."""
    return documents.order_by().values("id", "passage_count")


def documents_in(
    actor: User,
    collections: Sequence[UUID] | None,
    tags: Sequence[str] | None,
    document_ids: Sequence[UUID] | None,
) -> DocumentQuerySet:
    """What the actor may read, in these places."""
    scope: DocumentQuerySet = Document.objects.visible_to(actor)
    if collections:
        scope = scope.filter(collection__in=list(collections))
    if document_ids:
        scope = scope.filter(pk__in=list(document_ids))
    if not collections and not document_ids:
        scope = scope.in_library()
    return scope.tagged(tags or ())


# What is searched unless something narrows it.
LIBRARY = UserQuery(lambda user: columns_of(documents_in(user, None, None, None)))


def narrow(scope: DocumentQuerySet, understood: Understood, *, actor: User) -> DocumentQuerySet:
    """Limit documents by the filters of a query.

    All titles and tags have to fit, and one of several types and collections, as a document has
    one of these only.
    """
    scope = narrow_by_day(scope, understood, actor).tagged(understood.values("tag"))
    for tag in understood.values("tag", negated=True):
        scope = scope.exclude(pk__in=Document.all_objects.tagged([tag]).values("pk"))
    if understood.values("title") or understood.values("title", negated=True):
        scope = scope.alias(folded_title=folded_title())
    for text in understood.values("title"):
        scope = scope.filter(title_rule(text))
    for text in understood.values("title", negated=True):
        scope = scope.exclude(title_rule(text))
    if types := understood.values("type"):
        scope = scope.filter(any_type(types))
    if types := understood.values("type", negated=True):
        scope = scope.exclude(any_type(types))
    return narrow_by_collection(scope, understood, actor)


def narrow_by_day(scope: DocumentQuerySet, understood: Understood, actor: User) -> DocumentQuerySet:
    """Limit documents to those added within some days, which begin where the actor lives."""
    if after := understood.after:
        scope = scope.filter(created_at__gte=beginning_of(after, actor))
    if before := understood.before:
        scope = scope.filter(created_at__lt=beginning_of(before, actor))
    return scope


def beginning_of(day: date, actor: User) -> datetime:
    """The moment at which a day begins for somebody."""
    return datetime.combine(day, time.min, zone_or_utc(actor.time_zone))


def narrow_by_collection(
    scope: DocumentQuerySet, understood: Understood, actor: User
) -> DocumentQuerySet:
    """Limit documents to collections that the actor sees under some names.

    Names of others would tell what they are called.
    """
    wanted = set(map(name_key, understood.values("collection")))
    unwanted = set(map(name_key, understood.values("collection", negated=True)))
    if not wanted and not unwanted:
        return scope
    seen = Collection.objects.visible_to(actor).values_list("pk", "name")
    named = [(pk, {name_key(name), str(pk)}) for pk, name in seen]
    if wanted:
        scope = scope.filter(collection__in=[pk for pk, names in named if names & wanted])
    return scope.exclude(collection__in=[pk for pk, names in named if names & unwanted])


def any_type(types: Iterable[str]) -> Q:
    """The condition that a document has one of some types."""
    return reduce(or_, map(type_rule, types))


def title_rule(text: str) -> Q:
    """The condition that a title holds a text, whatever its accents and case."""
    return reduce(or_, (Q(folded_title__contains=each) for each in spellings(text.lower())))


def folded_title() -> Func:
    """The title as `fold` makes it, in SQL."""
    return Func(
        "title",
        template=folded("%(expressions)s"),
        left_out=f"'{LEFT_OUT}'",
        output_field=TextField(),
    )


def has_unread_files(user: User) -> bool:
    """Whether files that somebody handed in are still to be read: nothing of them is found yet."""
    # What has its passages is found by words while it waits for vectors.
    rows = User.objects.filter(
        pk=user.pk,
        ingestion_runs__finished_at__isnull=True,
        ingestion_runs__items__stage__in=("queued", "parsing"),
    )
    return rows.exists()
