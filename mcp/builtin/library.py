"""What the server for documents asks the database, always as the acting user."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils.translation import gettext_noop

from accounts.models import User
from documents import search
from documents.enums import SearchMode
from documents.models import Collection
from youworker.core.exceptions import Forbidden, InvalidInput, NotFound
from youworker.core.unicode import name_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from documents.types import SearchAnswer
    from mcp.calls import CallContext

NO_IDS = gettext_noop("%(name)s must be ids of documents.")
OUT_OF_REACH = gettext_noop(
    "Nothing was searched: the collections that this conversation is limited to were deleted, "
    "or are no longer shared with this user."
)


def acting_user(context: CallContext) -> User:
    """The user on whose behalf the call is made; raises `Forbidden` when they are locked out."""
    user = User.objects.filter(pk=context.user_id, is_active=True).first()
    if user is None:
        raise Forbidden("This tool works only on behalf of an active user.")
    return user


def search_for(
    context: CallContext,
    text: str,
    *,
    limit: int,
    mode: str = SearchMode.HYBRID,
    collections: Sequence[str] | None = None,
    tags: Sequence[str] | None = None,
    document_ids: Sequence[str] | None = None,
    operators: bool = True,
) -> SearchAnswer | None:
    """What is found for `text`: in files of the conversation, then in its collections.

    None when no collection is left to look in. A phrase that nothing has is taken for its words,
    because questions quote things. Named documents are looked into wherever the conversation may.
    """
    user = acting_user(context)
    named = ids(document_ids, "document_ids") if document_ids else None
    find = partial(
        search.search,
        text,
        mode=mode,
        limit=limit,
        tags=list(tags) if tags else None,
        operators=operators,
        relax=True,
        context=True,
        actor=user,
        key_id=context.key_id,
    )
    first = attached_documents(context, collections, named)
    if first and named and set(named) <= set(first):
        return find(document_ids=first)
    found = find(document_ids=first) if first else None
    try:
        scope = scope_of(context, collections, user)
    except NotFound:
        if found is None:
            raise
        return found
    if scope is not None and not scope:
        return found
    others = find(collections=scope, document_ids=named)
    return others if found is None else joined(found, others, limit=limit)


def attached_documents(
    context: CallContext, collections: Sequence[str] | None, named: Sequence[UUID] | None
) -> list[UUID]:
    """The files of the conversation to look into; none where only collections are wanted."""
    if collections:
        return []
    return [pk for pk in context.attached if named is None or pk in named]


def joined(first: SearchAnswer, others: SearchAnswer, *, limit: int) -> SearchAnswer:
    """What was found in files of the conversation before what was found elsewhere.

    Others keep a third of the places, and two where the files merely have something similar.
    """
    kept = limit // 3 if first.only_similar else limit - limit // 3
    known = {hit.chunk_id for hit in first.results}
    rest = [hit for hit in others.results if hit.chunk_id not in known]
    # Places that the others do not need are those of the files.
    results = first.results[: max(kept, limit - len(rest), 1)]
    return replace(
        first,
        results=[*results, *rest][:limit],
        only_similar=first.only_similar and others.only_similar,
        incomplete=first.incomplete or others.incomplete,
        took_ms=first.took_ms + others.took_ms,
    )


def scope_of(context: CallContext, wanted: Sequence[str] | None, user: User) -> list[UUID] | None:
    """The collections to look in; None for all of them.

    A model may narrow what the conversation allows, never widen it.
    """
    allowed = allowed_collections(context, user)
    if not wanted:
        return allowed
    named = named_collections(wanted, user)
    return named if allowed is None else [pk for pk in named if pk in allowed]


def allowed_collections(context: CallContext, user: User) -> list[UUID] | None:
    """The collections a conversation is limited to; None for no limit.

    Raises `NotFound` when the user sees none of them any more.
    """
    if context.collections is None:
        return None
    allowed = list(context.collections)
    if not Collection.objects.visible_to(user).filter(pk__in=allowed).exists():
        raise NotFound(OUT_OF_REACH)
    return allowed


def named_collections(wanted: Iterable[str], user: User) -> list[UUID]:
    """The ids of visible collections that are called so; raises `InvalidInput` for a stranger."""
    visible = Collection.objects.visible_to(user).values_list("pk", "name")
    by_name: dict[str, list[UUID]] = {}
    for pk, name in visible:
        by_name.setdefault(name_key(name), []).append(pk)
        by_name.setdefault(str(pk), []).append(pk)
    unknown = [name for name in wanted if name_key(name) not in by_name]
    if unknown:
        raise InvalidInput("There is no collection %(name)r.", name=unknown[0], attr="collections")
    return [pk for name in wanted for pk in by_name[name_key(name)]]


def ids(texts: Iterable[str], name: str) -> list[UUID]:
    """UUIDs of their texts; raises `InvalidInput`."""
    try:
        return [UUID(text) for text in texts]
    except ValueError as error:
        raise InvalidInput(NO_IDS, name=name, attr=name) from error


def collections(context: CallContext) -> list[dict[str, Any]]:
    """The collections the acting user can search in this conversation."""
    user = acting_user(context)
    rows = Collection.objects.visible_to(user).with_document_count().order_by("name", "pk")
    allowed = allowed_collections(context, user)
    if allowed is not None:
        rows = rows.filter(pk__in=allowed)
    return [
        {
            "id": str(row.pk),
            "name": row.name,
            "description": row.description,
            "document_count": row.document_count,
        }
        for row in rows
    ]
