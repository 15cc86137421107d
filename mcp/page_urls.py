"""Routes of the page of connected tools."""

from django.urls import path

from mcp import pages

urlpatterns = [
    path("account/tools", pages.ToolsPage.as_view(), name="account-tools"),
    path("account/tools/callback", pages.CallbackPage.as_view(), name="tools-callback"),
    path("account/tools/<uuid:pk>/connect", pages.ConnectPage.as_view(), name="tools-connect"),
    path(
        "account/tools/<uuid:pk>/disconnect",
        pages.DisconnectPage.as_view(),
        name="tools-disconnect",
    ),
]
