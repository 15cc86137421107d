"""Routes under `/v1/account` that concern everything about the caller."""

from django.urls import path

from youworker.data_protection.views import AccountView, ExportViewSet, HistoryView

urlpatterns = [
    path("account", AccountView.as_view()),
    path("account/history", HistoryView.as_view()),
    path("account/exports", ExportViewSet.as_view({"get": "list", "post": "create"})),
    path("account/exports/<uuid:pk>", ExportViewSet.as_view({"get": "retrieve"})),
    path("account/exports/<uuid:pk>/download", ExportViewSet.as_view({"get": "download"})),
]
