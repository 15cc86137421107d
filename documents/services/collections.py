"""What people do with collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from documents.exceptions import CollectionNameExists, DefaultCollection
from documents.models import Collection, CollectionShare, Document
from documents.services.sharing import ShareInput, share_collection
from youworker import audit
from youworker.core.exceptions import Forbidden, NotFound
from youworker.core.validators import validate_not_empty

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from accounts.models import User

DEFAULT_NAMES = {"it": "I miei documenti"}
DEFAULT_NAME = "My documents"
PRIVATE_NAMES = {"it": "File di una conversazione"}
PRIVATE_NAME = "Files of a conversation"


def ensure_default_collection(user: User) -> Collection:
    """The private collection everybody owns; made on first use, once in every race."""
    found = Collection.objects.filter(owner=user, is_default=True).first()
    if found is not None:
        return found
    draft = Collection(
        owner=user, is_default=True, name=DEFAULT_NAMES.get(user.language, DEFAULT_NAME)
    )
    Collection.objects.bulk_create([draft], ignore_conflicts=True)
    return Collection.objects.get(owner=user, is_default=True)


def create_private_collection(owner: User) -> Collection:
    """A collection for the files of one conversation; the caller holds the transaction."""
    name = PRIVATE_NAMES.get(owner.language, PRIVATE_NAME)
    made: Collection = Collection.objects.create(owner=owner, name=name, is_private=True)
    return made


@validate_not_empty("name")
def ensure_collection(name: str, *, actor: User) -> Collection:
    """The actor's own collection of this name, created when it is missing."""
    own = Collection.objects.listed().filter(owner=actor, name__iexact=name.strip())
    own = own.order_by("created_at")
    found = own.first()
    if found is not None:
        return found
    draft = Collection(owner=actor, name=name.strip())
    with transaction.atomic():
        Collection.objects.bulk_create([draft], ignore_conflicts=True)
        made = own.get()
        if made.pk == draft.pk:
            audit.record("collection.create", actor=actor, target=made)
    return made


def find_collection(collection_id: UUID, *, actor: User) -> Collection | None:
    """A collection that the actor sees, with its owner; None for any other."""
    rows = Collection.objects.visible_to(actor).select_related("owner")
    found: Collection | None = rows.filter(pk=collection_id).first()
    return found


def writable_collection(collection_id: UUID, *, actor: User) -> Collection:
    """A collection the actor may put documents into.

    Raises `NotFound` when they do not see it, `Forbidden` when they may only read it.
    """
    found: Collection | None = (
        Collection.objects.writable_by(actor).filter(pk=collection_id).first()
    )
    if found is not None:
        return found
    if Collection.objects.visible_to(actor).filter(pk=collection_id).exists():
        raise Forbidden("You may read this collection, not change it.")
    raise NotFound("There is no such collection.")


@validate_not_empty("name")
@transaction.atomic
def create_collection(
    name: str, *, description: str = "", shares: Iterable[ShareInput] = (), actor: User
) -> Collection:
    """Create a collection of the actor's; raises `CollectionNameExists`."""
    draft = Collection(owner=actor, name=name.strip(), description=description)
    made = save_or_conflict(draft)
    audit.record("collection.create", actor=actor, target=made)
    share_collection(made, shares, actor=actor)
    return made


@transaction.atomic
def update_collection(collection: Collection, *, actor: User, **changes: Any) -> Collection:
    """Change `name`, `description` and `shares`; only its owner may."""
    require_owner(collection, actor)
    fields = [name for name in ("name", "description") if name in changes]
    for name in fields:
        setattr(collection, name, changes[name].strip())
    if fields:
        save_or_conflict(collection, *fields)
        audit.record("collection.update", actor=actor, target=collection, fields=fields)
    if "shares" in changes:
        share_collection(collection, changes["shares"], actor=actor)
    return collection


@transaction.atomic
def change_collection_share(
    collection: Collection, group_id: UUID, access: str | None, *, actor: User
) -> None:
    """Let one group read or fill a collection, or neither without `access`; only its owner may."""
    # Locked, so that two changes at once both last.
    Collection.objects.select_for_update(no_key=True).filter(pk=collection.pk).first()
    others = CollectionShare.objects.filter(collection=collection).exclude(group=group_id)
    wanted = [ShareInput(group_id=each.group_id, access=each.access) for each in others]
    if access is not None:
        wanted.append(ShareInput(group_id=group_id, access=access))
    update_collection(collection, shares=wanted, actor=actor)


@transaction.atomic
def delete_collection(collection: Collection, *, actor: User) -> None:
    """Hide a collection with its documents.

    What other people put there goes to their own default collections: only they delete it.
    """
    require_owner(collection, actor)
    if collection.is_default:
        raise DefaultCollection("Your default collection cannot be deleted.")
    release_guests(collection)
    if Collection.all_objects.filter(pk=collection.pk).soft_delete():
        audit.record("collection.delete", actor=actor, target=collection)


@transaction.atomic
def restore_collection(collection_id: UUID, *, actor: User) -> Collection:
    """Show a deleted collection of the actor's again; raises `CollectionNameExists`."""
    # Locked, because it may be purged at this moment.
    rows = Collection.all_objects.listed().filter(pk=collection_id, owner=actor)
    found = rows.select_for_update(no_key=True).first()
    if found is None:
        raise NotFound("There is no such collection.")
    if found.is_deleted:
        found.deleted_at = None
        save_or_conflict(found, "deleted_at")
        audit.record("collection.update", actor=actor, target=found, fields=["deleted_at"])
    return found


def release_guests(collection: Collection) -> None:
    """Move documents of others than its owner out of a collection."""
    guests = Document.all_objects.filter(collection=collection).exclude(
        owner_id=collection.owner_id
    )
    for document in guests.select_related("owner"):
        # Only if it still lies there: its owner may move it, or it may be purged meanwhile.
        there = Document.all_objects.filter(pk=document.pk, collection=collection)
        there.update(
            collection=ensure_default_collection(document.owner), updated_at=timezone.now()
        )


def require_owner(collection: Collection, actor: User) -> None:
    """Raise `Forbidden` unless the actor owns the collection."""
    if collection.owner_id != actor.pk:
        raise Forbidden("Only its owner may change this collection.")


def save_or_conflict(collection: Collection, *fields: str) -> Collection:
    """Write a new collection, or just these fields; raises `CollectionNameExists`."""
    try:
        with transaction.atomic():
            if fields:
                collection.save_fields(*fields)
            else:
                collection.save(force_insert=True)
    except IntegrityError as error:
        raise CollectionNameExists("You have a collection of this name already.") from error
    return collection
