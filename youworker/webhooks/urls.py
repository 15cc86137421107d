"""Routes of webhooks under `/v1`."""

from django.urls import path

from youworker.webhooks import views

endpoints, deliveries = views.EndpointViewSet, views.DeliveryViewSet

urlpatterns = [
    path("webhooks", endpoints.as_view({"get": "list", "post": "create"})),
    path("webhooks/actions", views.ActionsView.as_view()),
    path(
        "webhooks/<uuid:pk>",
        endpoints.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
    ),
    path("webhooks/<uuid:pk>/rotate-secret", endpoints.as_view({"post": "rotate_secret"})),
    path("webhooks/<uuid:pk>/pause", endpoints.as_view({"post": "pause"})),
    path("webhooks/<uuid:pk>/resume", endpoints.as_view({"post": "resume"})),
    path("webhooks/<uuid:pk>/test", endpoints.as_view({"post": "test"})),
    path("webhooks/<uuid:pk>/deliveries", deliveries.as_view({"get": "list"})),
    path(
        "webhooks/<uuid:pk>/deliveries/<uuid:delivery_id>/resend",
        deliveries.as_view({"post": "resend"}),
    ),
]
