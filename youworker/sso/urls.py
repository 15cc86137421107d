"""Routes of single sign-on."""

from django.urls import path

from youworker.sso import pages, views

urlpatterns = [
    path("sign-in", pages.SignInPage.as_view(), name="sign-in"),
    path("sign-out", pages.SignOutPage.as_view(), name="sign-out"),
    path("v1/auth/methods", views.MethodsView.as_view()),
    path("v1/auth/sso", views.ForwardAuthView.as_view()),
    path("auth/oidc/login", views.OidcLoginView.as_view(), name="oidc_login"),
    path("auth/oidc/callback", views.OidcCallbackView.as_view(), name="oidc_callback"),
]
