"""Passing on what groups use, when its owner leaves for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from documents.models import Collection, CollectionShare, Document, DocumentShare
from documents.services.collections import ensure_default_collection
from groups.models import Membership
from youworker import audit
from youworker.core.removal import lock_selected
from youworker.core.unicode import name_key

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from accounts.models import User

LONGEST_NAME = 120


def hand_over_library(user: User, *, actor: User | None = None) -> int:
    """Give shared documents and collections to an admin of a group that uses them; how many.

    What no living group with another active admin uses stays, to be erased with its owner.
    """
    handed = 0
    for collection in Collection.objects.filter(owner=user).order_by("pk"):
        new_owner = new_owner_for(groups_of_collection(collection.pk), user)
        if new_owner is not None:
            handed += transfer_collection(collection, new_owner, actor=actor)
    for document in Document.objects.filter(owner=user).order_by("pk").iterator():
        new_owner = new_owner_for(groups_of_document(document), user)
        if new_owner is not None:
            handed += transfer_document(document, new_owner, actor=actor)
    return handed


def new_owner_for(group_ids: Iterable[UUID], user: User) -> User | None:
    """The admin, of the first of these groups, who has been one for longest."""
    admins = Membership.objects.admins().active_people().exclude(user=user).select_related("user")
    first = (
        admins.filter(group_id__in=list(group_ids))
        .order_by("group__name", "created_at", "pk")
        .first()
    )
    return first.user if first else None


def groups_of_collection(collection_id: UUID) -> list[UUID]:
    """The living groups a collection is shared with."""
    shares = CollectionShare.objects.of_living_groups().filter(collection_id=collection_id)
    return list(shares.values_list("group_id", flat=True))


def groups_of_document(document: Document) -> list[UUID]:
    """The living groups that use a document, by a share of its own or of its collection."""
    shares = DocumentShare.objects.of_living_groups().filter(document=document)
    return [
        *shares.values_list("group_id", flat=True),
        *groups_of_collection(document.collection_id),
    ]


@transaction.atomic
def transfer_collection(collection: Collection, new_owner: User, *, actor: User | None) -> int:
    """Give a collection to its new owner, with what its owner has in it; how many documents.

    Nothing happens when it was deleted or given away meanwhile.
    """
    former = collection.owner_id
    collection = lock_selected(Collection.objects.filter(owner=former), collection.pk)
    if collection is None:
        return 0
    own = list(Document.objects.filter(collection=collection, owner_id=former).order_by("pk"))
    collection.owner, collection.is_default = new_owner, False
    collection.name = free_name(collection.name, new_owner)
    collection.save_fields("owner", "is_default", "name")
    audit.record(
        "collection.update",
        actor=actor,
        target=collection,
        fields=["owner"],
        heir=str(new_owner.pk),
    )
    return sum(transfer_document(document, new_owner, actor=actor) for document in own)


@transaction.atomic
def transfer_document(document: Document, new_owner: User, *, actor: User | None) -> bool:
    """Give one document to its new owner; it stays in its collection unless that was private.

    False when it was deleted or given away meanwhile.
    """
    document = lock_selected(Document.objects.filter(owner=document.owner_id), document.pk)
    if document is None:
        return False
    in_private = document.collection.owner_id == document.owner_id
    document.owner = new_owner
    if in_private:
        document.collection = ensure_default_collection(new_owner)
    document.save_fields("owner", "collection")
    audit.record(
        "document.update", actor=actor, target=document, fields=["owner"], heir=str(new_owner.pk)
    )
    return True


def free_name(name: str, owner: User) -> str:
    """The name, with a number when the new owner has such a collection already."""
    taken = {name_key(known) for known in names_of(owner)}
    number, found = 1, name
    while name_key(found) in taken:
        number += 1
        ending = f" ({number})"
        found = name[: LONGEST_NAME - len(ending)] + ending
    return found


def names_of(owner: User) -> Iterable[str]:
    """The names of somebody's collections."""
    return Collection.objects.filter(owner=owner).values_list("name", flat=True)
