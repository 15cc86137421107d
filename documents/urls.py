"""Routes of the app under `/v1`."""

from django.urls import path

from documents.views.collections import CollectionViewSet
from documents.views.documents import DocumentViewSet
from documents.views.search import SearchView, TagViewSet

collections = CollectionViewSet.as_view({"get": "list", "post": "create"})
collection = CollectionViewSet.as_view(
    {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
)
document = DocumentViewSet.as_view(
    {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
)

urlpatterns = [
    path("collections", collections),
    path("collections/<uuid:pk>", collection),
    path("collections/<uuid:pk>/restore", CollectionViewSet.as_view({"post": "restore"})),
    path("documents", DocumentViewSet.as_view({"get": "list"})),
    path("documents/<uuid:pk>", document),
    path("documents/<uuid:pk>/restore", DocumentViewSet.as_view({"post": "restore"})),
    path("documents/<uuid:pk>/content", DocumentViewSet.as_view({"get": "content"})),
    path("documents/<uuid:pk>/passages", DocumentViewSet.as_view({"get": "passages"})),
    path("documents/<uuid:pk>/access", DocumentViewSet.as_view({"get": "access"})),
    path("tags", TagViewSet.as_view({"get": "list"})),
    path("search", SearchView.as_view()),
]
