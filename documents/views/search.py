"""Search and tags over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from documents.models import Tag
from documents.search import search
from documents.serializers import SearchAnswerSerializer, SearchSerializer, TagSerializer
from youworker.core.api.base import ActorView
from youworker.core.api.rate_limits import rate_limited

if TYPE_CHECKING:
    from rest_framework.request import Request

    from documents.managers import TagQuerySet


class SearchView(ActorView):
    """Search over everything the caller may read."""

    # A search is a POST for the length of its questions; it changes nothing.
    scopes = {"read": "documents.read", "write": "documents.read"}

    @extend_schema(
        operation_id="search", request=SearchSerializer, responses=SearchAnswerSerializer
    )
    @rate_limited("SEARCH")
    def post(self, request: Request) -> Response:
        """Find the passages that answer a question, by words, by meaning, or both."""
        form = SearchSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        key = self.shown_key
        answer = search(**form.validated_data, actor=self.actor, key_id=key.pk if key else None)
        return Response(answer.as_json())


class TagViewSet(ActorView, ListModelMixin, GenericViewSet):
    """The labels of the documents the caller sees."""

    queryset = Tag.objects.none()
    serializer_class = TagSerializer
    scopes = {"read": "documents.read"}

    def get_queryset(self) -> TagQuerySet:
        return Tag.objects.visible_to(self.actor).order_by("name")
