"""Routes of the account's pages."""

from django.urls import path

from accounts.pages import keys, profile, security, sessions

urlpatterns = [
    path("account", profile.AccountPage.as_view(), name="account"),
    path("account/profile", profile.ProfilePage.as_view(), name="account-profile"),
    path("account/security", security.SecurityPage.as_view(), name="account-security"),
    path("account/security/password", security.PasswordPage.as_view(), name="account-password"),
    path("account/security/totp", security.TotpPage.as_view(), name="account-totp"),
    path("account/security/totp/code.svg", security.TotpCode.as_view(), name="account-totp-code"),
    path("account/security/totp/confirm", security.ConfirmTotpPage.as_view(), name="totp-confirm"),
    path("account/security/totp/remove", security.RemoveTotpPage.as_view(), name="totp-remove"),
    path(
        "account/security/recovery-codes",
        security.RecoveryCodesPage.as_view(),
        name="recovery-codes",
    ),
    path("account/sessions/end", sessions.EndOthersPage.as_view(), name="sessions-end"),
    path("account/sessions/<uuid:pk>/end", sessions.EndSessionPage.as_view(), name="session-end"),
    path("account/activity", sessions.ActivityPage.as_view(), name="account-activity"),
    path("account/keys", keys.KeysPage.as_view(), name="account-keys"),
    path("account/keys/<uuid:pk>/rotate", keys.RotateKeyPage.as_view(), name="key-rotate"),
    path("account/keys/<uuid:pk>/revoke", keys.RevokeKeyPage.as_view(), name="key-revoke"),
]
