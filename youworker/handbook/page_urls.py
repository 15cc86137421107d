"""Routes of the handbook."""

from django.urls import path

from youworker.handbook.pages import ContentsPage, HelpPage, HelpSearchPage

urlpatterns = [
    path("help", ContentsPage.as_view(), name="help"),
    path("help/search", HelpSearchPage.as_view(), name="help-search"),
    path("help/<path:page>", HelpPage.as_view(), name="help-page"),
]
