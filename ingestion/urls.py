"""Routes of the app under `/v1`."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
