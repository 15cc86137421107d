"""Every HTTP route of the product."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from youworker.health.metrics import metrics
from youworker.redoc import RedocView, script

urlpatterns = [
    path("admin/", admin.site.urls),
    path("health/", include("youworker.health.urls")),
    path("metrics", metrics, name="prometheus-django-metrics"),
    path("", include("youworker.sso.urls")),
    path("v1/", include("accounts.urls")),
    path("v1/", include("youworker.privacy.urls")),
    path("v1/", include("groups.urls")),
    path("v1/", include("quotas.urls")),
    path("v1/", include("documents.urls")),
    path("v1/", include("ingestion.urls")),
    path("v1/", include("mcp.urls")),
    path("v1/", include("chat.urls")),
    path("v1/schema", SpectacularAPIView.as_view(), name="schema"),
    path("v1/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("v1/redoc", RedocView.as_view(url_name="schema"), name="redoc"),
    path("v1/redoc.js", script, name="redoc-script"),
]

handler400 = "youworker.errors.bad_request"
handler403 = "youworker.errors.permission_denied"
handler404 = "youworker.errors.page_not_found"
handler500 = "youworker.errors.server_error"
