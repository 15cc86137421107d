"""Which groups may use a collection or a document, and who sees a document for which reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from accounts.models import User
from documents.enums import Access
from documents.models import Collection, CollectionShare, Document, DocumentShare
from documents.types import AccessReason
from groups.models import Group, Membership
from youworker import audit
from youworker.core.exceptions import Forbidden, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from django.db.models import QuerySet


class ShareInput(TypedDict):
    """A group and what it shall be allowed."""

    group_id: UUID
    access: str


def share_collection(collection: Collection, shares: Iterable[ShareInput], *, actor: User) -> None:
    """Make these the shares of a collection; runs in the caller's transaction."""
    wanted = {wish["group_id"]: wish["access"] for wish in shares}
    if wanted and collection.is_private:
        raise Forbidden("A file of a conversation cannot be shared: add it to your library first.")
    current = dict(
        CollectionShare.objects.filter(collection=collection).values_list("group_id", "access")
    )
    require_known_groups(wanted, current, actor=actor)
    gone = set(current) - set(wanted)
    CollectionShare.objects.filter(collection=collection, group_id__in=gone).delete()
    for group_id, access in wanted.items():
        if current.get(group_id) == access:
            continue
        CollectionShare.objects.update_or_create(
            collection=collection, group_id=group_id, defaults={"access": access}
        )
        audit.record(
            "collection.share", actor=actor, target=collection, group=str(group_id), access=access
        )
    for group_id in gone:
        audit.record("collection.unshare", actor=actor, target=collection, group=str(group_id))


def share_document(document: Document, group_ids: Iterable[UUID], *, actor: User) -> None:
    """Make these the groups that may read a document; runs in the caller's transaction."""
    wanted = set(group_ids)
    if wanted and document.collection.is_private:
        raise Forbidden("A file of a conversation cannot be shared: add it to your library first.")
    current = set(
        DocumentShare.objects.filter(document=document).values_list("group_id", flat=True)
    )
    require_known_groups(wanted, current, actor=actor)
    DocumentShare.objects.filter(document=document, group_id__in=current - wanted).delete()
    fresh = [DocumentShare(document=document, group_id=pk) for pk in wanted - current]
    DocumentShare.objects.bulk_create(fresh, ignore_conflicts=True)
    for pk in wanted - current:
        audit.record("document.share", actor=actor, target=document, group=str(pk))
    for pk in current - wanted:
        audit.record("document.unshare", actor=actor, target=document, group=str(pk))


def require_known_groups(wanted: Iterable[UUID], current: Iterable[UUID], *, actor: User) -> None:
    """Raise `InvalidInput` for groups the actor is not in, unless they are kept from before."""
    fresh = set(wanted) - set(current)
    known = Group.objects.visible_to(actor).filter(pk__in=fresh).count()
    if known != len(fresh):
        raise InvalidInput("There is no such group.", attr="shares")


def access_reasons(document: Document, users: Iterable[User]) -> dict[UUID, list[AccessReason]]:
    """Why each of the users sees a document; empty for those who do not."""
    reasons: dict[UUID, list[AccessReason]] = {user.pk: [] for user in users}
    add_owners(document, reasons)
    shares = group_shares(document)
    memberships = Membership.objects.filter(user_id__in=list(reasons), group_id__in=list(shares))
    for group_id, user_id in memberships.values_list("group_id", "user_id"):
        reasons[user_id] += shares[group_id]
    return reasons


def access_reasons_by_document(
    document_ids: Sequence[UUID], user: User
) -> dict[UUID, list[AccessReason]]:
    """Why somebody sees each of some documents; in as many statements for one as for all."""
    reasons: dict[UUID, list[AccessReason]] = {pk: [] for pk in document_ids}
    rows = Document.objects.filter(pk__in=document_ids)
    owners = ("pk", "owner_id", "collection_id", "collection__owner_id")
    inside: dict[UUID, list[UUID]] = {}
    for pk, owner_id, collection_id, shelf_owner_id in rows.values_list(*owners):
        inside.setdefault(collection_id, []).append(pk)
        if owner_id == user.pk:
            reasons[pk].append(AccessReason("owner", Access.WRITE))
        if shelf_owner_id == user.pk:
            reasons[pk].append(AccessReason("collection_owner", Access.WRITE))
    shelves = CollectionShare.objects.reaching(user).select_related("group")
    for share in shelves.filter(collection__in=list(inside)):
        reason = AccessReason("collection_share", share.access, share.group_id, share.group.name)
        for pk in inside[share.collection_id]:
            reasons[pk].append(reason)
    direct = DocumentShare.objects.reaching(user).select_related("group")
    for own in direct.filter(document__in=document_ids):
        reason = AccessReason("document_share", Access.READ, own.group_id, own.group.name)
        reasons[own.document_id].append(reason)
    return reasons


def add_owners(document: Document, reasons: Mapping[UUID, list[AccessReason]]) -> None:
    """Note who owns the document and who owns its collection."""
    if document.owner_id in reasons:
        reasons[document.owner_id].append(AccessReason("owner", Access.WRITE))
    if document.collection.owner_id in reasons:
        reasons[document.collection.owner_id].append(AccessReason("collection_owner", Access.WRITE))


def group_shares(document: Document) -> dict[UUID, list[AccessReason]]:
    """What each living group may do with a document, and through which share."""
    found = collection_group_shares(document.collection_id)
    direct = DocumentShare.objects.of_living_groups().select_related("group")
    for own in direct.filter(document=document):
        reason = AccessReason("document_share", Access.READ, own.group_id, own.group.name)
        found.setdefault(own.group_id, []).append(reason)
    return found


def collection_group_shares(collection_id: UUID) -> dict[UUID, list[AccessReason]]:
    """What each living group may do with all of a collection."""
    shares = CollectionShare.objects.of_living_groups().select_related("group")
    return {
        share.group_id: [
            AccessReason("collection_share", share.access, share.group_id, share.group.name)
        ]
        for share in shares.filter(collection_id=collection_id)
    }


def users_with_access(document: Document) -> QuerySet[User]:
    """The active users who see a document."""
    members = Membership.objects.filter(group_id__in=list(group_shares(document)))
    owners = User.objects.filter(pk__in=[document.owner_id, document.collection.owner_id])
    grouped = User.objects.filter(pk__in=members.values("user_id"))
    return (owners | grouped).filter(is_active=True).order_by("username")


def users_shown(document: Document, *, actor: User) -> QuerySet[User]:
    """The users whose access the actor may look at: everybody's, or only their own.

    The document comes from a queryset `with_writable()`: whoever may change it sees everybody.
    """
    people = users_with_access(document)
    return people if document.writable else people.filter(pk=actor.pk)


def users_with_collection_access(collection: Collection) -> QuerySet[User]:
    """The active users who see everything in a collection."""
    groups = list(collection_group_shares(collection.pk))
    members = Membership.objects.filter(group_id__in=groups)
    people = User.objects.filter(pk=collection.owner_id) | User.objects.filter(
        pk__in=members.values("user_id")
    )
    return people.filter(is_active=True).order_by("username")


def collection_access_reasons(
    collection: Collection, users: Iterable[User]
) -> dict[UUID, list[AccessReason]]:
    """Why each of the users sees a collection; empty for those who do not."""
    reasons: dict[UUID, list[AccessReason]] = {user.pk: [] for user in users}
    if collection.owner_id in reasons:
        reasons[collection.owner_id].append(AccessReason("owner", Access.WRITE))
    shares = collection_group_shares(collection.pk)
    memberships = Membership.objects.filter(user_id__in=list(reasons), group_id__in=list(shares))
    for group_id, user_id in memberships.values_list("group_id", "user_id"):
        reasons[user_id] += shares[group_id]
    return reasons
