"""Routes of the privacy page, below `/account/privacy`."""

from django.urls import path

from youworker.data_protection import pages

PRIVACY = "account/privacy"

urlpatterns = [
    path(PRIVACY, pages.PrivacyPage.as_view(), name="account-privacy"),
    path(f"{PRIVACY}/exports", pages.ExportPage.as_view(), name="account-export"),
    path(
        f"{PRIVACY}/exports/<uuid:pk>",
        pages.DownloadPage.as_view(),
        name="account-export-file",
    ),
    path(f"{PRIVACY}/history", pages.ClearHistoryPage.as_view(), name="account-clear"),
    path(f"{PRIVACY}/erase", pages.ErasePage.as_view(), name="account-erase"),
]
