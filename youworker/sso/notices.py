"""What an operator should know about how people sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.utils.translation import gettext

from youworker.core.config import config
from youworker.core.network import trusted_proxies
from youworker.sso.forward_auth import forward_auth_is_on

if TYPE_CHECKING:
    from collections.abc import Iterator

# More addresses than proxies have; a whole company's network is the usual mistake.
MANY_ADDRESSES = 256
THIS_MACHINE = {"127.0.0.1", "::1", "localhost"}


def sign_in_notices() -> Iterator[str]:
    """What gives accounts away when the parts in front of us are not set up for it."""
    yield from proxy_notices()
    yield from provider_notices()


def proxy_notices() -> Iterator[str]:
    """Whose word is believed."""
    header = config.identity.sso_user_header
    if forward_auth_is_on():
        yield gettext(
            "whoever TRUSTED_PROXIES names in %(header)s is signed in: the proxy must drop that "
            "header from clients (SSO_USER_HEADER=none turns this off)"
        ) % {"header": header}
    for network in trusted_proxies():
        if network.num_addresses > MANY_ADDRESSES:
            yield gettext(
                "TRUSTED_PROXIES holds %(network)s: everybody in there can pretend to be anybody"
            ) % {"network": network}


def provider_notices() -> Iterator[str]:
    """An identity provider that cannot work, or that others can impersonate."""
    identity = config.identity
    if not identity.oidc_issuer:
        return
    if not identity.oidc_client_id:
        yield gettext("OIDC_ISSUER is set without OIDC_CLIENT_ID: nobody can sign in there")
    url = urlsplit(identity.oidc_issuer)
    if url.scheme != "https" and url.hostname not in THIS_MACHINE:
        yield gettext("OIDC_ISSUER is %(issuer)s: without https, others can answer for it") % {
            "issuer": identity.oidc_issuer
        }
