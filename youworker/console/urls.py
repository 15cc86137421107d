"""The routes of the console's own pages, below `/admin/`."""

from django.contrib import admin
from django.urls import path

from youworker.console import health, live, unanswered

wrapped = admin.site.admin_view

urlpatterns = [
    path("live/", wrapped(live.show_live), name="console-live"),
    path("live/stop/<uuid:pk>/", wrapped(live.stop_run), name="console-stop-run"),
    path("live/retry/<uuid:pk>/", wrapped(live.retry_run), name="console-retry-run"),
    path("health/parts/", wrapped(health.show_health), name="console-health"),
    path("health/back-up/", wrapped(health.back_up), name="console-back-up"),
    path("unanswered/", wrapped(unanswered.show_unanswered), name="console-unanswered"),
    path("unanswered/<str:key>/", wrapped(unanswered.show_questions), name="console-questions"),
]
