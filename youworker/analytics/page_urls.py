"""The route of the analytics page."""

from django.urls import path

from youworker.analytics.pages import AnalyticsPage

urlpatterns = [path("analytics", AnalyticsPage.as_view(), name="analytics")]
