"""Routes of the pages of ingestion; they stand below those of the library."""

from django.urls import path

from ingestion.pages import runs, sources, uploads

urlpatterns = [
    path("documents/add", uploads.UploadPage.as_view(), name="document-add"),
    path("documents/add-web", uploads.UrlPage.as_view(), name="document-add-web"),
    path("documents/runs", runs.RunsPage.as_view(), name="ingestion-runs"),
    path("documents/runs/<uuid:pk>", runs.RunPage.as_view(), name="ingestion-run"),
    path(
        "documents/runs/<uuid:pk>/cancel", runs.CancelRunPage.as_view(), name="ingestion-run-cancel"
    ),
    path("documents/runs/<uuid:pk>/retry", runs.RetryRunPage.as_view(), name="ingestion-run-retry"),
    path(
        "documents/runs/<uuid:pk>/delete", runs.DeleteRunPage.as_view(), name="ingestion-run-delete"
    ),
    path("sources", sources.SourcesPage.as_view(), name="sources"),
    path("sources/add", sources.AddSourcePage.as_view(), name="source-add"),
    path("sources/<uuid:pk>/edit", sources.EditSourcePage.as_view(), name="source-edit"),
    path("sources/<uuid:pk>/delete", sources.DeleteSourcePage.as_view(), name="source-delete"),
    path("sources/<uuid:pk>/sync", sources.SyncSourcePage.as_view(), name="source-sync"),
    path("sources/<uuid:pk>/pause", sources.PauseSourcePage.as_view(), name="source-pause"),
]
