"""Routes under `/v1/auth` and `/v1/account`."""

from django.urls import path

from accounts.views import audit, people, sign_in
from accounts.views.keys import ApiKeyViewSet

keys = ApiKeyViewSet

urlpatterns = [
    path("auth/login", sign_in.LoginView.as_view()),
    path("auth/logout", sign_in.LogoutView.as_view()),
    path("auth/me", people.MeView.as_view()),
    path("auth/csrf-token", sign_in.CsrfTokenView.as_view()),
    path("auth/tickets", sign_in.TicketView.as_view()),
    path("users", people.PeopleView.as_view()),
    path("account/audit", audit.AuditView.as_view()),
    path("account/private-reads", audit.PrivateReadsView.as_view()),
    path("account/api-keys", keys.as_view({"get": "list", "post": "create"})),
    path("account/api-keys/<uuid:pk>", keys.as_view({"delete": "destroy"})),
    path("account/api-keys/<uuid:pk>/rotate", keys.as_view({"post": "rotate"})),
]
