"""Routes under `/v1/auth` and `/v1/account`."""

from django.urls import path

from accounts import views

keys = views.ApiKeyViewSet

urlpatterns = [
    path("auth/login", views.LoginView.as_view()),
    path("auth/logout", views.LogoutView.as_view()),
    path("auth/me", views.MeView.as_view()),
    path("auth/csrf-token", views.CsrfTokenView.as_view()),
    path("auth/tickets", views.TicketView.as_view()),
    path("users", views.PeopleView.as_view()),
    path("account/api-keys", keys.as_view({"get": "list", "post": "create"})),
    path("account/api-keys/<uuid:pk>", keys.as_view({"delete": "destroy"})),
    path("account/api-keys/<uuid:pk>/rotate", keys.as_view({"post": "rotate"})),
]
