"""Routes of the app under `/v1`."""

from collections.abc import Callable
from typing import Any

from django.urls import path

from documents.views.collections import CollectionViewSet
from documents.views.documents import DocumentViewSet
from documents.views.search import SearchView, TagViewSet
from documents.views.versions import VersionViewSet

collections = CollectionViewSet.as_view({"get": "list", "post": "create"})
collection = CollectionViewSet.as_view(
    {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
)
document = DocumentViewSet.as_view(
    {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
)


version = VersionViewSet.as_view({"get": "retrieve", "delete": "destroy"})
one_version = "documents/<uuid:pk>/versions/<int:number>"


def part(name: str, views: Any = DocumentViewSet) -> Callable[..., Any]:
    """The view of an extra action, with the settings its decorator gives it."""
    made: Callable[..., Any] = views.as_view({"get": name}, **getattr(views, name).kwargs)
    return made


urlpatterns = [
    path("collections", collections),
    path("collections/<uuid:pk>", collection),
    path("collections/<uuid:pk>/restore", CollectionViewSet.as_view({"post": "restore"})),
    path("documents", DocumentViewSet.as_view({"get": "list"})),
    path("documents/<uuid:pk>", document),
    path("documents/<uuid:pk>/restore", DocumentViewSet.as_view({"post": "restore"})),
    path("documents/<uuid:pk>/content", part("content"), name="document-content"),
    path("documents/<uuid:pk>/passages", part("passages")),
    path("documents/<uuid:pk>/access", part("access")),
    path("documents/<uuid:pk>/versions", VersionViewSet.as_view({"get": "list"})),
    path(one_version, version),
    path(f"{one_version}/restore", VersionViewSet.as_view({"post": "restore"})),
    path(f"{one_version}/content", part("content", VersionViewSet), name="version-content"),
    path(f"{one_version}/passages", part("passages", VersionViewSet)),
    path("tags", TagViewSet.as_view({"get": "list"})),
    path("search", SearchView.as_view()),
]
