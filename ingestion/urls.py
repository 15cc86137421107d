"""Routes of the app under `/v1`."""

from django.urls import path

from ingestion import source_views, views

run = views.IngestionRunViewSet.as_view({"get": "retrieve", "delete": "destroy"})
sources = source_views.SourceViewSet.as_view({"get": "list", "post": "create"})
source = source_views.SourceViewSet.as_view(
    {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
)

urlpatterns = [
    path("ingestion/uploads", views.UploadView.as_view()),
    path("ingestion/paths", views.PathsView.as_view()),
    path("ingestion/urls", views.UrlsView.as_view()),
    path("ingestion/runs", views.IngestionRunViewSet.as_view({"get": "list"})),
    path("ingestion/runs/<uuid:pk>", run),
    path("ingestion/runs/<uuid:run_id>/items", views.ItemViewSet.as_view({"get": "list"})),
    path("ingestion/runs/<uuid:pk>/cancel", views.IngestionRunViewSet.as_view({"post": "cancel"})),
    path("ingestion/runs/<uuid:pk>/retry", views.IngestionRunViewSet.as_view({"post": "retry"})),
    path("sources", sources),
    path("sources/<uuid:pk>", source),
    path("sources/<uuid:pk>/sync", source_views.SourceViewSet.as_view({"post": "sync"})),
]
