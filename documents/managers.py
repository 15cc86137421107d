"""Repositories of collections, documents and passages: who sees what is decided here only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.db.models import BooleanField, Case, Count, Exists, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from documents.enums import Access, DocumentStatus
from groups.models import Group, LegalHold
from youworker.common.managers import BaseQuerySet, SoftDeleteQuerySet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User
    from documents.models import (
        Collection,
        CollectionShare,
        Document,
        DocumentShare,
        EmbeddingModel,
        Passage,
        PassageEmbedding,
        StoredFile,
        Tag,
    )


class CollectionQuerySet(SoftDeleteQuerySet["Collection"]):
    """Collections."""

    def visible_to(self, user: User) -> Self:
        """Limit to living collections the user owns or a group of his may read."""
        return self.alive().filter(Q(owner=user) | Q(pk__in=self.shared_with(user)))

    def writable_by(self, user: User) -> Self:
        """Limit to living collections the user may put documents into."""
        shared = self.shared_with(user, access=Access.WRITE)
        return self.alive().filter(Q(owner=user) | Q(pk__in=shared))

    def shared_with(self, user: User, **kind: str) -> Any:
        """The ids of collections shared with a living group of the user."""
        shares = apps.get_model("documents", "CollectionShare").objects
        groups = Group.objects.visible_to(user).values("pk")
        return shares.filter(group__in=groups, **kind).values("collection_id")

    def with_document_count(self) -> Self:
        """Annotate how many living documents lie in each."""
        documents = apps.get_model("documents", "Document").objects
        inside = documents.filter(collection=OuterRef("pk")).order_by().values("collection")
        count = Subquery(inside.annotate(n=Count("pk")).values("n"))
        return self.annotate(document_count=Coalesce(count, 0))

    def removable(self) -> Self:
        """Limit to collections that no legal hold keeps, with nothing in them that one keeps."""
        groups = LegalHold.objects.held_groups()
        shares = apps.get_model("documents", "CollectionShare").objects.filter(group__in=groups)
        documents = apps.get_model("documents", "Document").all_objects
        kept = documents.exclude(pk__in=documents.removable().values("pk"))
        return self.exclude(
            Q(owner__in=LegalHold.objects.held_users())
            | Q(pk__in=shares.values("collection_id"))
            | Q(pk__in=kept.values("collection_id"))
        )


class CollectionShareQuerySet(BaseQuerySet["CollectionShare"]):
    """Which group may use a collection."""

    def of_living_groups(self) -> Self:
        """Limit to groups that are not deleted."""
        return self.filter(group__deleted_at__isnull=True)


class DocumentQuerySet(SoftDeleteQuerySet["Document"]):
    """Documents. `visible_to` is the only door to them."""

    def visible_to(self, user: User) -> Self:
        """Limit to what the user may read: his own, his collections', his groups'."""
        return self.alive().reachable_by(user)

    def reachable_by(self, user: User) -> Self:
        """Apply the rules of `visible_to` without looking at the document's own deletion."""
        return self.in_living_collections().filter(
            Q(owner=user)
            | Q(collection__in=self.collections().visible_to(user).values("pk"))
            | Q(pk__in=self.shared_with(user))
        )

    def writable_by(self, user: User) -> Self:
        """Limit to what the user may change, deleted documents included."""
        return self.in_living_collections().filter(self.write_rule(user))

    def managed_by(self, user: User) -> Self:
        """Limit to what the user may move and share: his own and his collections'."""
        own = self.collections().alive().filter(owner=user).values("pk")
        return self.in_living_collections().filter(Q(owner=user) | Q(collection__in=own))

    def with_writable(self, user: User) -> Self:
        """Annotate whether the user may change each document."""
        rule = When(self.write_rule(user), then=Value(value=True))
        return self.annotate(
            writable=Case(rule, default=Value(value=False), output_field=BooleanField())
        )

    def write_rule(self, user: User) -> Q:
        """The condition under which a document may be changed."""
        writable = self.collections().writable_by(user).values("pk")
        return Q(owner=user) | Q(collection__in=writable)

    def in_living_collections(self) -> Self:
        """Limit to collections that are not deleted."""
        return self.filter(collection__in=self.collections().alive().values("pk"))

    def collections(self) -> CollectionQuerySet:
        """Every collection; the model cannot be imported here."""
        rows = apps.get_model("documents", "Collection").all_objects.all()
        assert isinstance(rows, CollectionQuerySet)  # noqa: S101 -- narrows the type
        return rows

    def shared_with(self, user: User) -> Any:
        """The ids of documents shared directly with a living group of the user."""
        shares = apps.get_model("documents", "DocumentShare").objects
        groups = Group.objects.visible_to(user).values("pk")
        return shares.filter(group__in=groups).values("document_id")

    def tagged(self, names: Iterable[str]) -> Self:
        """Limit to documents that carry every one of the tags."""
        rows = self
        links = self.model.tags.through.objects
        for name in names:
            carrying = links.filter(tag__name__iexact=name).values("document_id")
            rows = rows.filter(pk__in=carrying)
        return rows

    def removable(self) -> Self:
        """Limit to documents that no legal hold keeps: on their owner, or on a group of theirs."""
        groups = LegalHold.objects.held_groups()
        direct = apps.get_model("documents", "DocumentShare").objects.filter(group__in=groups)
        shelves = apps.get_model("documents", "CollectionShare").objects.filter(group__in=groups)
        return self.exclude(
            Q(owner__in=LegalHold.objects.held_users())
            | Q(pk__in=direct.values("document_id"))
            | Q(collection__in=shelves.values("collection_id"))
        )

    def unfinished(self) -> Self:
        """Limit to documents whose passages do not all have a vector yet."""
        return self.filter(status=DocumentStatus.SEARCHABLE)

    def with_relations(self) -> Self:
        """Load what the API shows beside the row, in a fixed number of queries."""
        return self.select_related("owner").prefetch_related("tags", "shares")


class StoredFileQuerySet(BaseQuerySet["StoredFile"]):
    """Stored originals."""

    def unreferenced(self) -> Self:
        """Limit to files that no row of any app refers to, deleted rows included."""
        rows = self
        for relation in self.model._meta.related_objects:
            source: Any = relation.related_model
            name = relation.field.name
            rows = rows.exclude(Exists(source._base_manager.filter(**{name: OuterRef("pk")})))  # noqa: SLF001 -- hidden rows, too
        return rows


class DocumentShareQuerySet(BaseQuerySet["DocumentShare"]):
    """Which group may read a document."""

    def of_living_groups(self) -> Self:
        """Limit to groups that are not deleted."""
        return self.filter(group__deleted_at__isnull=True)


class TagQuerySet(BaseQuerySet["Tag"]):
    """Labels; people see those of documents they see."""

    def visible_to(self, user: User) -> Self:
        """Limit to tags of visible documents, with the number of those documents."""
        documents = apps.get_model("documents", "Document").objects
        visible = documents.visible_to(user).values("pk")
        count = Count("documents", filter=Q(documents__in=visible), distinct=True)
        return self.annotate(document_count=count).filter(document_count__gt=0)


class PassageQuerySet(BaseQuerySet["Passage"]):
    """Passages."""

    def visible_to(self, user: User) -> Self:
        """Limit to passages of visible documents."""
        documents = apps.get_model("documents", "Document").objects
        return self.filter(document__in=documents.visible_to(user).values("pk"))

    def in_order(self) -> Self:
        """Sort as the document reads."""
        return self.order_by("document_id", "ordinal")

    def without_vector(self, model: EmbeddingModel) -> Self:
        """Limit to passages the model has not embedded."""
        vectors = apps.get_model("documents", "PassageEmbedding").objects
        embedded = vectors.filter(model=model).values("passage_id")
        return self.exclude(pk__in=embedded)


class EmbeddingModelQuerySet(BaseQuerySet["EmbeddingModel"]):
    """Models that compute vectors."""

    def active(self) -> Self:
        """Limit to the one that answers searches."""
        return self.filter(active=True)


class PassageEmbeddingQuerySet(BaseQuerySet["PassageEmbedding"]):
    """Vectors."""

    def of_model(self, model: EmbeddingModel) -> Self:
        """Limit to one model's vectors."""
        return self.filter(model=model)
