"""ID tokens that are nearly right."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc.errors import JoseError

from youworker.sso.id_token import verify_id_token
from youworker.tests.support.identity_provider import own_key

ISSUERS = ("https://id.example", "https://id.example/")
ISSUER, CLIENT, NONCE, ACCESS = "https://id.example", "youworker", "nonce-1", "access-1"
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
# What joserfc and authlib say of a token, and what they stumble over.
REFUSALS = (JoseError, ValueError, LookupError, TypeError)


def jwk(key, kid="key-1", **more):
    made = {
        rsa.RSAPrivateKey: jwt.algorithms.RSAAlgorithm,
        ec.EllipticCurvePrivateKey: jwt.algorithms.ECAlgorithm,
        ed25519.Ed25519PrivateKey: jwt.algorithms.OKPAlgorithm,
    }
    algorithm = next(each for kind, each in made.items() if isinstance(key, kind))
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, **more}


def signed(key, algorithm="RS256", headers=None, **changes):
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": CLIENT, "sub": "u-1", "nonce": NONCE, "iat": now}
    said = {**claims, "exp": now + 300, **changes}
    # Counted from now: between collecting and running tests, minutes may pass.
    told = {
        name: now + int(value.total_seconds()) if isinstance(value, timedelta) else value
        for name, value in said.items()
    }
    kept = {name: value for name, value in told.items() if value is not None}
    named = {"kid": "key-1", **(headers or {})}
    head = {name: value for name, value in named.items() if value is not None}
    return jwt.encode(kept, key, algorithm=algorithm, headers=head)


def verify(token, *keys, **changes):
    expected = {"issuers": ISSUERS, "client_id": CLIENT, "nonce": NONCE, "access_token": ACCESS}
    return verify_id_token(
        token, keys={"keys": list(keys) or [jwk(own_key())]}, **{**expected, **changes}
    )


def half_hash(text):
    digest = hashlib.sha256(text.encode()).digest()[:16]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])
def test_signatures_of_rsa_keys_are_believed(algorithm):
    assert verify(signed(own_key(), algorithm))["sub"] == "u-1"


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("ES256", ec.generate_private_key(ec.SECP256R1())),
        ("ES384", ec.generate_private_key(ec.SECP384R1())),
        ("ES512", ec.generate_private_key(ec.SECP521R1())),
        ("EdDSA", ed25519.Ed25519PrivateKey.generate()),
    ],
)
def test_signatures_of_curves_are_believed(algorithm, key):
    assert verify(signed(key, algorithm), jwk(key))["sub"] == "u-1"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"iss": ISSUER + "/"},
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "other"], "azp": CLIENT},
        {"azp": CLIENT},
        {"at_hash": half_hash(ACCESS)},
        {"exp": timedelta(seconds=-20)},
        {"iat": timedelta(seconds=20)},
        {"nbf": timedelta(seconds=20)},
        {"auth_time": timedelta(), "amr": ["pwd"], "acr": "1"},
    ],
)
def test_what_is_right_or_nearly_on_time_is_believed(changes):
    assert verify(signed(own_key(), **changes))["sub"] == "u-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": ISSUER + "//"},
        {"iss": ISSUER + "/x"},
        {"iss": ISSUER.upper()},
        {"iss": [ISSUER]},
        {"aud": CLIENT + "x"},
        {"aud": []},
        {"aud": [CLIENT, "other"]},
        {"aud": [CLIENT, "other"], "azp": "other"},
        {"azp": "other"},
        {"nonce": ""},
        {"nonce": [NONCE]},
        {"nonce": NONCE + "x"},
        {"sub": ""},
        {"sub": 7},
        {"exp": timedelta(seconds=-120)},
        {"iat": timedelta(seconds=120)},
        {"nbf": timedelta(seconds=120)},
        {"nbf": "soon"},
        {"at_hash": half_hash("another access token")},
        {"at_hash": "x"},
    ],
)
def test_what_is_wrong_is_refused(changes):
    with pytest.raises(REFUSALS):
        verify(signed(own_key(), **changes))


def raw_token(header, claims, sign=lambda _signed: b""):
    parts = [json.dumps(part).encode() for part in (header, claims)]
    head = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    return (head + b"." + base64.urlsafe_b64encode(sign(head)).rstrip(b"=")).decode()


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "HS512", "RS1", "", None])
def test_only_signatures_of_public_keys_count(algorithm):
    """Signed with the provider's public key as if it were a password, or not at all."""
    public = own_key().public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    password = public.public_bytes(serialization.Encoding.PEM, form)
    claims = jwt.decode(signed(own_key()), options={"verify_signature": False})

    def sign(head):
        return hashlib.sha256(password + head).digest()

    for signature in (sign, lambda _head: b""):
        token = raw_token({"alg": algorithm, "kid": "key-1"}, claims, signature)
        with pytest.raises(REFUSALS):
            verify(token)


def test_a_shared_secret_among_the_published_keys_is_none():
    secret = base64.urlsafe_b64encode(b"s" * 32).rstrip(b"=").decode()
    published = {"kty": "oct", "k": secret, "kid": "key-1"}

    with pytest.raises(REFUSALS):
        verify(signed(b"s" * 32, "HS256"), published)


def test_a_key_that_the_token_brings_along_is_none():
    own = jwk(OTHER)

    with pytest.raises(REFUSALS):
        verify(signed(OTHER, headers={"jwk": own, "jku": "https://evil.example/keys"}))


def test_unknown_words_in_the_head_do_not_matter_unless_they_are_critical():
    assert verify(signed(own_key(), headers={"vendor": "x"}))

    with pytest.raises(REFUSALS):
        verify(signed(own_key(), headers={"vendor": "x", "crit": ["vendor"]}))


def test_the_key_has_to_be_the_one_that_is_named():
    former, present = jwk(own_key(), "old"), jwk(OTHER, "new")

    assert verify(signed(OTHER, headers={"kid": "new"}), former, present)
    for kid in ("old", "unknown"):
        with pytest.raises(REFUSALS):
            verify(signed(OTHER, headers={"kid": kid}), former, present)


def test_without_a_name_there_has_to_be_one_key():
    token = signed(own_key(), headers={"kid": None})

    assert verify(token, jwk(own_key()))
    with pytest.raises(REFUSALS):
        verify(token, jwk(own_key()), jwk(OTHER, "key-2"))


@pytest.mark.parametrize("limit", [{"use": "enc"}, {"alg": "RS512"}, {"kty": "quantum"}])
def test_keys_for_something_else_are_none(limit):
    with pytest.raises(REFUSALS):
        verify(signed(own_key()), jwk(own_key(), **limit))


@pytest.mark.parametrize("keys", [{}, {"keys": []}, {"keys": {}}, {"keys": [7]}, {"keys": None}])
def test_keys_of_a_strange_shape_are_none(keys):
    with pytest.raises((*REFUSALS, AttributeError)):
        verify_id_token(
            signed(own_key()),
            keys=keys,
            issuers=ISSUERS,
            client_id=CLIENT,
            nonce=NONCE,
            access_token=ACCESS,
        )


def test_a_chain_of_certificates_and_many_groups_fit_into_a_token():
    groups = [f"group-{number:028}" for number in range(4000)]
    token = signed(own_key(), headers={"x5c": ["M" * 2000] * 3}, groups=groups)

    assert verify(token)["groups"] == groups


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "é.é.é", "x" * 200_000, "null"])
def test_what_is_no_token_is_refused(token):
    with pytest.raises(REFUSALS):
        verify(token)
