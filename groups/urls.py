"""Routes of the app under `/v1`."""

from typing import Any

from django.urls import path

from groups.views.groups import GroupViewSet
from groups.views.members import MemberViewSet
from groups.views.service_accounts import ServiceAccountViewSet, ServiceKeyViewSet

LIST: dict[str, Any] = {"get": "list", "post": "create"}
GROUP = "groups/<uuid:group_id>"
ACCOUNT = f"{GROUP}/service-accounts/<uuid:pk>"

group = GroupViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"})
member = MemberViewSet.as_view({"patch": "partial_update", "delete": "destroy"})
service_key = ServiceKeyViewSet.as_view({"delete": "destroy"})

urlpatterns = [
    path("groups", GroupViewSet.as_view(LIST)),
    path("groups/<uuid:pk>", group),
    path("groups/<uuid:pk>/restore", GroupViewSet.as_view({"post": "restore"})),
    path(f"{GROUP}/members", MemberViewSet.as_view(LIST)),
    path(f"{GROUP}/members/<uuid:user_id>", member),
    path(f"{GROUP}/service-accounts", ServiceAccountViewSet.as_view(LIST)),
    path(ACCOUNT, ServiceAccountViewSet.as_view({"delete": "destroy"})),
    path(f"{ACCOUNT}/api-keys", ServiceKeyViewSet.as_view(LIST)),
    path(f"{ACCOUNT}/api-keys/<uuid:key_id>", service_key),
]
