"""Routes of the app under `/v1`."""

from django.urls import path

from quotas.views import UsageView

urlpatterns = [path("account/usage", UsageView.as_view())]
