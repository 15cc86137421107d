"""The route of the page on which staff see every part of the installation."""

from django.contrib import admin
from django.urls import path

from youworker.appliance.health.pages import show_health

urlpatterns = [path("", admin.site.admin_view(show_health), name="health")]
