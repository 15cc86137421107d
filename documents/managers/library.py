"""Repositories of collections, documents and passages: who sees what is decided here only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    OuterRef,
    Q,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone

from documents.enums import Access, DocumentStatus, TaskState
from documents.managers.embeddings import EmbeddingTaskQuerySet, PassageEmbeddingQuerySet
from groups.managers import GroupQuerySet
from youworker.core.managers import BaseQuerySet, SoftDeleteQuerySet

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from accounts.models import User
    from documents.models import (
        Collection,
        CollectionShare,
        Document,
        DocumentShare,
        EmbeddingModel,
        Passage,
        StoredFile,
        Tag,
    )


MOST_OFFERED = 200

ShareT_co = TypeVar("ShareT_co", bound="CollectionShare | DocumentShare", covariant=True)


class ShareQuerySet(BaseQuerySet[ShareT_co]):
    """Which groups may use something."""

    def of_living_groups(self) -> Self:
        """Limit to groups that are not deleted."""
        return self.filter(group__deleted_at__isnull=True)

    def reaching(self, user: User) -> Self:
        """Limit to shares with a living group of the user."""
        groups = self.related_rows("group", GroupQuerySet).alive().visible_to(user)
        return self.filter(group__in=groups.values("pk"))


class CollectionShareQuerySet(ShareQuerySet["CollectionShare"]):
    """Which group may use a collection."""


class DocumentShareQuerySet(ShareQuerySet["DocumentShare"]):
    """Which group may read a document."""


class CollectionQuerySet(SoftDeleteQuerySet["Collection"]):
    """Collections."""

    def visible_to(self, user: User) -> Self:
        """Limit to living collections the user owns or a group of theirs may read.

        Those of conversations are left out: they are reached by their conversations only.
        """
        return self.alive().listed().filter(Q(owner=user) | Q(pk__in=self.shared_with(user)))

    def listed(self) -> Self:
        """Limit to collections of the library, without those of conversations."""
        return self.filter(is_private=False)

    def private(self) -> Self:
        """Limit to collections of conversations."""
        return self.filter(is_private=True)

    def default_first(self) -> Self:
        """Sort by name, behind the one that is chosen unless somebody says otherwise."""
        return self.order_by("-is_default", "name", "pk")

    def writable_by(self, user: User) -> Self:
        """Limit to living collections the user may put documents into."""
        shared = self.shared_with(user, access=Access.WRITE)
        return self.alive().filter(Q(owner=user) | Q(pk__in=shared))

    def shared_with(self, user: User, **kind: str) -> Any:
        """The ids of collections shared with a living group of the user."""
        shares = self.related_rows("shares", CollectionShareQuerySet).reaching(user)
        return shares.filter(**kind).values("collection_id")

    def with_document_count(self) -> Self:
        """Annotate how many living documents lie in each."""
        documents = self.related_rows("documents", DocumentQuerySet).alive()
        inside = documents.filter(collection=OuterRef("pk")).order_by().values("collection")
        count = Subquery(inside.annotate(n=Count("pk")).values("n"))
        return self.annotate(document_count=Coalesce(count, 0))


class DocumentQuerySet(SoftDeleteQuerySet["Document"]):
    """Documents. `visible_to` is the only door to them."""

    def visible_to(self, user: User) -> Self:
        """Limit to what the user may read: their own, their collections', their groups'."""
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
        """Limit to what the user may move and share: their own and their collections'."""
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

    def in_library(self) -> Self:
        """Leave out what belongs to conversations."""
        return self.exclude(collection__in=self.collections().private().values("pk"))

    def collections(self) -> CollectionQuerySet:
        """Every collection, deleted ones included."""
        return self.related_rows("collection", CollectionQuerySet)

    def shared_with(self, user: User) -> Any:
        """The ids of documents shared directly with a living group of the user."""
        shares = self.related_rows("shares", DocumentShareQuerySet)
        return shares.reaching(user).values("document_id")

    def tagged(self, names: Iterable[str]) -> Self:
        """Limit to documents that carry every one of the tags."""
        rows = self
        links = self.model.tags.through.objects
        for name in names:
            carrying = links.filter(tag__name__iexact=name).values("document_id")
            rows = rows.filter(pk__in=carrying)
        return rows

    def lacking_vectors(self, model: EmbeddingModel) -> Self:
        """Limit to documents with a passage that the model has not embedded."""
        own = self.related_rows("passages", PassageQuerySet).filter(document=OuterRef("pk"))
        return self.filter(Exists(own.without_vector(model)))

    def indexed_before(self, version: int) -> Self:
        """Limit to documents whose passages older rules indexed; they are found by those."""
        return self.filter(index_version__lt=version)

    def outdated_status(self) -> Self:
        """Limit to documents that wait, or failed, for vectors of a model that has them all."""
        waiting = self.waiting_tasks()
        rows = self.filter(status__in=(DocumentStatus.SEARCHABLE, DocumentStatus.FAILED))
        return rows.exclude(Exists(waiting))

    def refresh_status(self) -> int:
        """Let the status say what there is of the active model's vectors; how many rows.

        The caller has locked the rows, so that nobody ends their tasks meanwhile.
        """
        waiting = self.waiting_tasks()
        return self.exclude(status=DocumentStatus.PROCESSING).update(
            status=Case(
                When(Exists(waiting.failed()), then=Value(DocumentStatus.FAILED)),
                When(Exists(waiting), then=Value(DocumentStatus.SEARCHABLE)),
                default=Value(DocumentStatus.READY),
            ),
            updated_at=timezone.now(),
        )

    def with_failure(self) -> Self:
        """Annotate why the active model has no vectors of a failed document; empty for others."""
        failed = self.waiting_tasks().filter(state=TaskState.FAILED)
        reason = Subquery(failed.values("error_detail")[:1])
        return self.annotate(failure=Coalesce(reason, Value(""), output_field=TextField()))

    def waiting_tasks(self) -> EmbeddingTaskQuerySet:
        """The tasks of the active model for one of these documents, in a subquery."""
        tasks = self.related_rows("embedding_tasks", EmbeddingTaskQuerySet)
        return tasks.filter(model__active=True, document=OuterRef("pk"))

    def with_relations(self) -> Self:
        """Load what the API shows beside the row, in a fixed number of queries."""
        return self.select_related("owner").prefetch_related("tags", "shares")


class StoredFileQuerySet(BaseQuerySet["StoredFile"]):
    """Stored originals."""

    def unreferenced(self) -> Self:
        """Limit to files that no row of any app refers to, deleted rows included."""
        rows = self
        for relation in self.model._meta.related_objects:
            source: Any = relation.field.model
            name = relation.field.name
            rows = rows.exclude(Exists(source._base_manager.filter(**{name: OuterRef("pk")})))  # noqa: SLF001 -- hidden rows, too
        return rows


class TagQuerySet(BaseQuerySet["Tag"]):
    """Labels; people see those of documents they see."""

    def visible_to(self, user: User) -> Self:
        """Limit to tags of visible documents, with the number of those documents."""
        visible = self.related_rows("documents", DocumentQuerySet).visible_to(user).values("pk")
        count = Count("documents", filter=Q(documents__in=visible), distinct=True)
        return self.annotate(document_count=count).filter(document_count__gt=0)

    def known_to(self, user: User) -> Self:
        """Limit to tags of visible documents, without counting these."""
        visible = self.related_rows("documents", DocumentQuerySet).visible_to(user)
        links = self.model.documents.through.objects.filter(document__in=visible.values("pk"))
        return self.filter(pk__in=links.values("tag_id")).order_by(Lower("name"), "name")

    def offered_to(self, user: User) -> list[str]:
        """The first names of `known_to`, as many as a list to choose from can hold."""
        return list(self.known_to(user).values_list("name", flat=True)[:MOST_OFFERED])


class PassageQuerySet(BaseQuerySet["Passage"]):
    """Passages."""

    def visible_to(self, user: User) -> Self:
        """Limit to passages of visible documents."""
        documents = self.related_rows("document", DocumentQuerySet)
        return self.filter(document__in=documents.visible_to(user).values("pk"))

    def in_order(self) -> Self:
        """Sort as the document reads."""
        return self.order_by("document_id", "ordinal")

    def after(self, document_id: UUID, ordinal: int) -> Self:
        """Limit to what follows a passage in the order of `in_order`."""
        rest = Q(document=document_id, ordinal__gt=ordinal)
        return self.filter(Q(document__gt=document_id) | rest)

    def without_vector(self, model: EmbeddingModel) -> Self:
        """Limit to passages the model has not embedded."""
        vectors = self.related_rows("embeddings", PassageEmbeddingQuerySet).of_model(model)
        # `NOT IN` would read every vector of the model for a single document.
        return self.exclude(Exists(vectors.filter(passage=OuterRef("pk"))))
