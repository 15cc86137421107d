"""Routes of the app under `/v1`."""

from django.urls import path

from mcp import views

servers, tools = views.ServerViewSet, views.ToolViewSet
policies = views.GroupPolicyViewSet

urlpatterns = [
    path("mcp/servers", servers.as_view({"get": "list", "post": "create"})),
    path(
        "mcp/servers/<uuid:pk>",
        servers.as_view({"patch": "partial_update", "delete": "destroy"}),
    ),
    path("mcp/servers/<uuid:pk>/refresh", servers.as_view({"post": "refresh"})),
    path("mcp/servers/<uuid:pk>/connection", views.ConnectionView.as_view()),
    path("mcp/connections", views.ConnectionsView.as_view()),
    path("tools", tools.as_view({"get": "list"})),
    path("tools/<uuid:pk>", tools.as_view({"patch": "partial_update"})),
    path("tools/<uuid:pk>/group-policies", policies.as_view({"get": "list"})),
    path(
        "tools/<uuid:pk>/group-policies/<uuid:group_id>",
        policies.as_view({"put": "update", "delete": "destroy"}),
    ),
]
