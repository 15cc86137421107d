"""Collections over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from documents import services
from documents.models import Collection
from documents.serializers import (
    CollectionSerializer,
    CreateCollectionSerializer,
    UpdateCollectionSerializer,
)
from youworker.core.api.base import ActorView

if TYPE_CHECKING:
    from rest_framework.request import Request

    from documents.managers import CollectionQuerySet

SCOPES = {"read": "documents.read", "write": "documents.write"}


class CollectionViewSet(ActorView, ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """Shelves of documents: the caller's own, and those shared with their groups."""

    queryset = Collection.objects.none()
    serializer_class = CollectionSerializer
    scopes = SCOPES

    def get_queryset(self) -> CollectionQuerySet:
        visible = Collection.objects.visible_to(self.actor).select_related("owner")
        rows: CollectionQuerySet = visible.prefetch_related("shares").with_document_count()
        return rows.default_first()

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List them, the default one first."""
        services.ensure_default_collection(self.actor)
        return super().list(request, *args, **kwargs)

    @extend_schema(request=CreateCollectionSerializer, responses={201: CollectionSerializer})
    def create(self, request: Request) -> Response:
        """Make a collection."""
        form = CreateCollectionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = services.create_collection(**form.validated_data, actor=self.actor)
        return Response(self.serialize(made), status=201)

    @extend_schema(request=UpdateCollectionSerializer, responses=CollectionSerializer)
    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Rename, describe or share it; its owner only."""
        form = UpdateCollectionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        changed = services.update_collection(
            self.get_object(), actor=self.actor, **form.validated_data
        )
        return Response(self.serialize(changed))

    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Hide it with the owner's documents in it; those of others move to their own."""
        services.delete_collection(self.get_object(), actor=self.actor)
        return Response(status=204)

    @extend_schema(request=None, responses=CollectionSerializer)
    def restore(self, request: Request, pk: Any = None) -> Response:
        """Show a deleted collection again."""
        return Response(self.serialize(services.restore_collection(pk, actor=self.actor)))

    def serialize(self, collection: Collection) -> Any:
        """The collection as the list shows it."""
        return self.get_serializer(self.get_queryset().get(pk=collection.pk)).data
