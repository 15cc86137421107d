"""Routes of the library's pages."""

from django.urls import path

from documents.pages import search, viewer

urlpatterns = [
    path("search", search.SearchPage.as_view(), name="search"),
    path("documents/<uuid:pk>", viewer.DocumentPage.as_view(), name="document"),
    path("documents/<uuid:pk>/panel", viewer.PanelPage.as_view(), name="document-panel"),
]
