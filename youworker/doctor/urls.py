"""The route of the page on which staff have the data looked at."""

from django.contrib import admin
from django.urls import path

from youworker.doctor.views import show_data_check

urlpatterns = [path("", admin.site.admin_view(show_data_check), name="data-check")]
