"""Routes under `/health/`."""

from django.urls import path

from youworker.appliance.health import views

urlpatterns = [
    path("live", views.live, name="health-live"),
    path("ready", views.ready, name="health-ready"),
    path("detailed", views.DetailedView.as_view(), name="health-detailed"),
]
