"""The OpenID Connect provider: where it is, and what it really said.

allauth speaks the protocol; the checks of the answer are ours, because allauth asks for no
nonce and believes an ID token without its signature. The provider is reached directly: its
address is the operator's word, so the rules for fetched web pages do not apply.
"""

from __future__ import annotations

import hmac
from functools import cached_property
from typing import TYPE_CHECKING, Any

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from allauth.utils import build_absolute_uri
from django.urls import reverse

from youworker.common.config import config

if TYPE_CHECKING:
    from django.http import HttpRequest

    Claims = dict[str, Any]

PROVIDER_ID = "oidc"
# Never a symmetric one: its key would be something that others know.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
ALGORITHMS += ["ES256", "ES384", "ES512", "EdDSA"]
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
REQUIRED = {"require": ["iss", "sub", "aud", "exp", "iat"]}
LEEWAY_SECONDS = 60


def oidc_is_on() -> bool:
    """Whether there is a provider."""
    return bool(config.identity.oidc_issuer and config.identity.oidc_client_id)


def configured_app() -> SocialApp:
    """The provider as allauth wants it: made of settings, never a row."""
    identity = config.identity
    return SocialApp(
        provider="openid_connect",
        provider_id=PROVIDER_ID,
        name=identity.oidc_name,
        client_id=identity.oidc_client_id,
        secret=identity.oidc_client_secret,
        settings={
            "server_url": identity.oidc_issuer.rstrip("/"),
            "scope": list(dict.fromkeys(["openid", *identity.oidc_scopes])),
            "oauth_pkce_enabled": True,
        },
    )


class Adapter(OpenIDConnectOAuth2Adapter):
    """Speaks to the provider for one request."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request, PROVIDER_ID)

    def get_provider(self) -> Provider:
        """The provider of the settings; the database is not asked."""
        return Provider(self.request, app=configured_app())

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Where the provider sends people back to."""
        return str(build_absolute_uri(request, reverse("oidc_callback")))

    @property
    def openid_config(self) -> Claims:
        """What the provider publishes about itself; raises `OAuth2Error` for somebody else's."""
        published: Claims = super().openid_config
        if str(published.get("issuer")).rstrip("/") != config.identity.oidc_issuer.rstrip("/"):
            raise OAuth2Error("The document at OIDC_ISSUER names another issuer.")
        for name in ENDPOINTS:
            if not str(published.get(name)).startswith(("https://", "http://")):
                raise OAuth2Error(f"The document at OIDC_ISSUER has no {name}.")
        return published

    def claims_in(self, answer: Claims, *, nonce: str) -> Claims:
        """What the provider says about the person; signed words win over fetched ones."""
        signed = self.verified(str(answer["id_token"]), nonce=nonce)
        address = self.openid_config.get("userinfo_endpoint")
        if not address:
            return signed
        fetched = fetch(address, token=answer["access_token"])
        if fetched.get("sub") != signed["sub"]:
            raise OAuth2Error("The provider's userinfo is about somebody else.")
        return {**fetched, **signed}

    def verified(self, id_token: str, *, nonce: str) -> Claims:
        """The claims of an ID token that was made for us, now, and for this very sign-in."""
        ours = config.identity.oidc_client_id
        claims: Claims = jwt.decode(
            id_token,
            self.signing_key(id_token),
            algorithms=ALGORITHMS,
            audience=ours,
            issuer=self.openid_config["issuer"],
            leeway=LEEWAY_SECONDS,
            options=REQUIRED,  # type: ignore[arg-type]
        )
        if claims.get("azp", ours) != ours:
            raise OAuth2Error("The ID token was made for another application.")
        if not hmac.compare_digest(str(claims.get("nonce")).encode(), nonce.encode()):
            raise OAuth2Error("The ID token belongs to another sign-in.")
        return claims

    def signing_key(self, id_token: str) -> Any:
        """The provider's key that an ID token names; the only one when it names none."""
        wanted = jwt.get_unverified_header(id_token).get("kid")
        published = jwt.PyJWKSet.from_dict(fetch(self.openid_config["jwks_uri"])).keys
        keys = [each for each in published if each.public_key_use in {None, "sig"}]
        found = [each.key for each in keys if wanted in {None, each.key_id}]
        if len(found) != 1:
            raise OAuth2Error("The ID token is signed with a key the provider does not publish.")
        return found[0]


class Provider(OpenIDConnectProvider):
    """The one provider of the settings."""

    oauth2_adapter_class = Adapter

    @cached_property
    def adapter(self) -> Adapter:
        """Kept, so that the provider's document is fetched once."""
        return Adapter(self.request)

    def get_oauth2_adapter(self, request: HttpRequest) -> Adapter:
        return self.adapter


def fetch(address: str, *, token: str = "") -> Claims:
    """A JSON object from the provider."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with get_adapter().get_requests_session() as session:
        answer = session.get(address, headers=headers)
        answer.raise_for_status()
    found = answer.json()
    if not isinstance(found, dict):
        raise OAuth2Error("The provider answered something that is no JSON object.")
    return found
