"""Routes of the privacy page, below `/account/privacy`."""

from django.urls import path

from youworker.data_protection import pages

urlpatterns = [
    path("account/privacy", pages.PrivacyPage.as_view(), name="account-privacy"),
    path("account/privacy/exports", pages.ExportPage.as_view(), name="account-export"),
    path(
        "account/privacy/exports/<uuid:pk>",
        pages.DownloadPage.as_view(),
        name="account-export-file",
    ),
    path("account/privacy/history", pages.ClearHistoryPage.as_view(), name="account-clear"),
    path("account/privacy/erase", pages.ErasePage.as_view(), name="account-erase"),
]
