"""What has to be true of an ID token, or of a signed userinfo, before a word of it is believed."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.claims import JWTClaims
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

# Never a symmetric one: its key would be something that others know.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
ALGORITHMS += ["ES256", "ES384", "ES512", "EdDSA"]
# Providers may add headers of their own; `crit` is checked all the same.
REGISTRY = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
# Headers hold chains of certificates, claims some thousand groups; the answer itself is bounded.
REGISTRY.max_header_length = 64 * 1024
REGISTRY.max_payload_length = 1024 * 1024
# Clocks differ.
LEEWAY_SECONDS = 60


def verify_id_token(
    token: str,
    *,
    keys: dict[str, Any],
    issuers: tuple[str, ...],
    client_id: str,
    nonce: str,
    access_token: str,
) -> dict[str, Any]:
    """The claims of an ID token that was signed for us, now, and for this very sign-in.

    Checked are the signature, issuer, audience, authorised party, times, nonce and the hash of the
    access token where there is one (OpenID Connect Core 3.1.3.7). Raises `JoseError`, and
    `LookupError`, `TypeError` or `ValueError` for what is no token or no key.
    """
    opened = jwt.decode(token, signing_keys(keys), registry=REGISTRY)
    claims = CodeIDToken(
        opened.claims,
        opened.header,
        options={
            "iss": {"essential": True, "values": list(issuers)},
            "aud": {"essential": True, "value": client_id},
            "sub": {"essential": True},
        },
        params={"client_id": client_id, "nonce": nonce, "access_token": access_token},
    )
    claims.validate(leeway=LEEWAY_SECONDS)
    return dict(claims)


def verify_userinfo(
    token: str, *, keys: dict[str, Any], issuers: tuple[str, ...], client_id: str
) -> dict[str, Any]:
    """The claims of a userinfo that was signed for us (OpenID Connect Core 5.3.2).

    Issuer, audience and times are checked where they are said. Raises what `verify_id_token` does.
    """
    opened = jwt.decode(token, signing_keys(keys), registry=REGISTRY)
    expected = {"iss": {"values": list(issuers)}, "aud": {"value": client_id}}
    claims = JWTClaims(opened.claims, opened.header, options=expected)
    claims.validate(leeway=LEEWAY_SECONDS)
    return dict(claims)


def signing_keys(published: dict[str, Any]) -> KeySet:
    """The provider's keys, without those it only encrypts with."""
    keys = [each for each in published["keys"] if each.get("use") in {None, "sig"}]
    return KeySet.import_key_set({"keys": keys})
