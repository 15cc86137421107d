"""Routes of the pages of documents and collections."""

from django.urls import path

from documents.pages import (
    batches,
    collections,
    documents,
    golden,
    library,
    search,
    sharing,
    versions,
)

urlpatterns = [
    path("search", search.SearchPage.as_view(), name="search"),
    path("documents", library.DocumentsPage.as_view(), name="documents"),
    path("documents/batch", batches.BatchPage.as_view(), name="documents-batch"),
    path("documents/restore", documents.RestoreDocumentsPage.as_view(), name="documents-restore"),
    path("documents/<uuid:pk>", documents.DocumentPage.as_view(), name="document"),
    path(
        "documents/<uuid:pk>/original", documents.OriginalPage.as_view(), name="document-original"
    ),
    path(
        "documents/<uuid:pk>/keep-answer", golden.KeepAnswerPage.as_view(), name="document-answer"
    ),
    path("documents/<uuid:pk>/panel", documents.PanelPage.as_view(), name="document-panel"),
    path("documents/<uuid:pk>/edit", documents.EditDocumentPage.as_view(), name="document-edit"),
    path(
        "documents/<uuid:pk>/delete", documents.DeleteDocumentPage.as_view(), name="document-delete"
    ),
    path(
        "documents/<uuid:pk>/sharing",
        sharing.DocumentSharingPage.as_view(),
        name="document-sharing",
    ),
    path(
        "documents/<uuid:pk>/versions/<int:number>/original",
        documents.OriginalPage.as_view(),
        name="version-original",
    ),
    path(
        "documents/<uuid:pk>/versions/<int:number>/restore",
        versions.RestoreVersionPage.as_view(),
        name="version-restore",
    ),
    path(
        "documents/<uuid:pk>/versions/<int:number>/delete",
        versions.DeleteVersionPage.as_view(),
        name="version-delete",
    ),
    path("collections/add", collections.AddCollectionPage.as_view(), name="collection-add"),
    path("collections/<uuid:pk>", collections.CollectionPage.as_view(), name="collection"),
    path(
        "collections/<uuid:pk>/edit",
        collections.EditCollectionPage.as_view(),
        name="collection-edit",
    ),
    path(
        "collections/<uuid:pk>/delete",
        collections.DeleteCollectionPage.as_view(),
        name="collection-delete",
    ),
    path(
        "collections/<uuid:pk>/restore",
        collections.RestoreCollectionPage.as_view(),
        name="collection-restore",
    ),
    path(
        "collections/<uuid:pk>/sharing",
        sharing.CollectionSharingPage.as_view(),
        name="collection-sharing",
    ),
]
