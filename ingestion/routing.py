"""WebSocket routes of the app."""

from django.urls import path

from ingestion.consumers import IngestionConsumer

websocket_urlpatterns = [path("ws/ingestion", IngestionConsumer.as_asgi())]
