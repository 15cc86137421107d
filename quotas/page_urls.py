"""Routes of the usage page, below `/account`."""

from django.urls import path

from quotas.pages import UsagePage

urlpatterns = [path("account/usage", UsagePage.as_view(), name="account-usage")]
