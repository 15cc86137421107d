"""Routes of the library's pages."""

from django.urls import path

from documents.pages import search

urlpatterns = [path("search", search.SearchPage.as_view(), name="search")]
