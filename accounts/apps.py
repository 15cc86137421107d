"""The app's configuration, and that of the staff pages."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin


class AccountsConfig(AppConfig):
    """Names the app for the admin."""

    name = "accounts"
    verbose_name = "People"


class StaffPagesConfig(admin.AdminConfig):
    """Django's admin, entered and left as the API is."""

    default = False
    default_site = "accounts.views.staff.StaffSite"
