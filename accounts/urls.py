"""Routes under `/v1/auth` and `/v1/account`."""

from django.urls import path

from accounts.views import audit, people, security, sign_in
from accounts.views.keys import ApiKeyViewSet

keys = ApiKeyViewSet
sessions = security.SignInViewSet

urlpatterns = [
    path("auth/login", sign_in.LoginView.as_view()),
    path("auth/logout", sign_in.LogoutView.as_view()),
    path("auth/me", people.MeView.as_view()),
    path("auth/csrf-token", sign_in.CsrfTokenView.as_view()),
    path("auth/tickets", sign_in.TicketView.as_view()),
    path("users", people.PeopleView.as_view()),
    path("account/audit", audit.AuditView.as_view()),
    path("account/private-reads", audit.PrivateReadsView.as_view()),
    path("account/password", security.PasswordView.as_view()),
    path("account/mfa", security.SecondFactorView.as_view()),
    path("account/mfa/totp", security.TotpView.as_view()),
    path("account/mfa/totp/confirm", security.TotpConfirmView.as_view()),
    path("account/mfa/recovery-codes", security.RecoveryCodesView.as_view()),
    path("account/sessions", sessions.as_view({"get": "list", "delete": "end"})),
    path("account/sessions/<uuid:pk>", sessions.as_view({"delete": "destroy"})),
    path("account/api-keys", keys.as_view({"get": "list", "post": "create"})),
    path("account/api-keys/<uuid:pk>", keys.as_view({"delete": "destroy"})),
    path("account/api-keys/<uuid:pk>/rotate", keys.as_view({"post": "rotate"})),
]
