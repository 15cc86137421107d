"""Every HTTP route of the product."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularSwaggerSplitView

from youworker.appliance.metrics.views import metrics
from youworker.core.api.openapi import SchemaView
from youworker.core.api.redoc import RedocView, serve_script

urlpatterns = [
    # Before the others, which a request would be compared with first: most are about conversations.
    path("v1/", include("chat.urls")),
    path("admin/health/", include("youworker.appliance.health.page_urls")),
    path("admin/data-check/", include("youworker.doctor.urls")),
    path("admin/", include("youworker.console.urls")),
    path("admin/", admin.site.urls),
    path("health/", include("youworker.appliance.health.urls")),
    path("metrics", metrics, name="metrics"),
    path("", include("youworker.pages.urls")),
    path("", include("chat.pages.urls")),
    path("", include("youworker.sso.urls")),
    path("", include("documents.pages.urls")),
    path("", include("ingestion.pages.urls")),
    path("", include("accounts.pages.urls")),
    path("", include("mcp.page_urls")),
    path("", include("quotas.page_urls")),
    path("", include("youworker.data_protection.page_urls")),
    path("", include("youworker.analytics.page_urls")),
    path("", include("groups.pages.urls")),
    path("", include("youworker.handbook.page_urls")),
    path("v1/", include("accounts.urls")),
    path("v1/", include("youworker.data_protection.urls")),
    path("v1/", include("groups.urls")),
    path("v1/", include("quotas.urls")),
    path("v1/", include("youworker.analytics.urls")),
    path("v1/", include("documents.urls")),
    path("v1/", include("ingestion.urls")),
    path("v1/", include("mcp.urls")),
    path("v1/", include("youworker.webhooks.urls")),
    path("v1/schema", SchemaView.as_view(), name="schema"),
    path("v1/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("v1/redoc", RedocView.as_view(url_name="schema"), name="redoc"),
    path("v1/redoc.js", serve_script, name="redoc-script"),
]

handler400 = "youworker.core.api.error_views.bad_request"
handler403 = "youworker.core.api.error_views.permission_denied"
handler404 = "youworker.core.api.error_views.page_not_found"
handler500 = "youworker.core.api.error_views.server_error"
