"""The app's configuration, and that of the staff pages."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Names the app for the admin."""

    name = "accounts"
    verbose_name = _("People")


class StaffPagesConfig(admin.AdminConfig):
    """Django's admin, entered and left as the API is."""

    default = False
    default_site = "accounts.views.staff.StaffSite"

    def ready(self) -> None:
        """Name models and fields before forms are made of them."""
        autodiscover_modules("labels")
        super().ready()
