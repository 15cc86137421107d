"""An OpenID Connect provider that runs in a thread: real HTTP, real signatures, no users' pages.

`with IdentityProvider() as provider: provider.claims = {...}`. Whoever is sent to its
authorization endpoint is signed in as the person in `claims` and sent back at once.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from types import TracebackType

CLIENT_ID, CLIENT_SECRET = "youworker", "the secret of youworker"
KEY_ID = "key-1"


@dataclass(frozen=True)
class Issued:
    """What a code stands for."""

    redirect_uri: str
    nonce: str
    challenge: str


class IdentityProvider:
    """The double's state, and the server around it.

    `token_changes` are laid over the claims of the next ID tokens, and a value of None removes
    a claim; `userinfo_changes` does the same to the userinfo. `signing_key` and `algorithm` may be
    replaced to forge. With `userinfo_headers`, the userinfo is signed, too. `down` answers 500
    everywhere, and `instead` has other answers (status, headers, body) for single pages.
    """

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {"sub": "1", "preferred_username": "ada"}
        self.token_changes: dict[str, Any] = {}
        self.userinfo_changes: dict[str, Any] = {}
        self.signing_key: Any = own_key()
        self.published_key = self.signing_key.public_key()
        self.algorithm = "RS256"
        self.userinfo_headers: dict[str, Any] | None = None
        self.document_changes: dict[str, Any] = {}
        self.down = False
        self.instead: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.codes: dict[str, Issued] = {}
        self.access_tokens: set[str] = set()
        self.requests: list[str] = []
        self.server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Bound", (Handler,), {"provider": self})
        )
        self.server.daemon_threads = True
        self.thread = threading.Thread(
            # Whoever ends it waits for the next look; half a second, unless told otherwise.
            target=self.server.serve_forever,
            args=[0.01],
            daemon=True,
        )

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.server.shutdown()
        self.thread.join(10)
        self.server.server_close()

    @property
    def issuer(self) -> str:
        """What `OIDC_ISSUER` is set to."""
        return f"http://127.0.0.1:{self.server.server_port}/application/o/youworker"

    def document(self) -> dict[str, Any]:
        """The discovery document."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            **self.document_changes,
        }

    def jwks(self) -> dict[str, Any]:
        """The published keys."""
        key = jwt.algorithms.RSAAlgorithm.to_jwk(self.published_key, as_dict=True)
        return {"keys": [{**key, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}

    def authorize(self, query: dict[str, str]) -> str:
        """Sign somebody in; where their browser goes next. Raises `ValueError`."""
        expected = {
            "client_id": CLIENT_ID,
            "response_type": "code",
            "code_challenge_method": "S256",
        }
        wrong = [name for name, value in expected.items() if query.get(name) != value]
        if wrong or "openid" not in query.get("scope", "").split():
            raise ValueError(f"invalid_request {wrong}")
        code = secrets.token_urlsafe()
        self.codes[code] = Issued(
            query["redirect_uri"], query.get("nonce", ""), query["code_challenge"]
        )
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def redeem(self, form: dict[str, str]) -> dict[str, Any]:
        """Exchange a code for tokens, once. Raises `ValueError`."""
        client = (form.get("client_id"), form.get("client_secret"))
        if client != (CLIENT_ID, CLIENT_SECRET):
            raise ValueError("invalid_client")
        issued = self.codes.pop(form.get("code", ""), None)
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
        if issued is None or issued.redirect_uri != form.get("redirect_uri"):
            raise ValueError("invalid_grant")
        if issued.challenge != challenge:
            raise ValueError("invalid_grant")
        access_token = secrets.token_urlsafe()
        self.access_tokens.add(access_token)
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": self.id_token(issued.nonce),
        }

    def id_token(self, nonce: str) -> str:
        """A signed statement about the person."""
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300}
        said = {**claims, "nonce": nonce, "sub": self.claims["sub"], **self.token_changes}
        return self.sign(said, {"kid": KEY_ID})

    def sign(self, said: dict[str, Any], headers: dict[str, Any]) -> str:
        """A token that says everything but what is None."""
        kept = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(kept, self.signing_key, algorithm=self.algorithm, headers=headers)


@cache
def own_key() -> rsa.RSAPrivateKey:
    """The key of every double of this process: making one takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Handler(BaseHTTPRequestHandler):
    """The HTTP edge of a provider; subclasses name theirs."""

    provider: IdentityProvider

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        self.respond(url.path.rpartition("/")[2], first_values(url.query))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.respond(self.path.rpartition("/")[2], first_values(body))

    def respond(self, page: str, values: dict[str, str]) -> None:
        self.provider.requests.append(page)
        if page in self.provider.instead:
            self.send(*self.provider.instead[page])
            return
        if self.provider.down:
            self.reply(500, {"error": "server_error"})
            return
        try:
            self.serve(page, values)
        except ValueError as error:
            self.reply(400, {"error": str(error)})

    def serve(self, page: str, values: dict[str, str]) -> None:
        if page == "authorize":
            location = self.provider.authorize(values)
            self.send_response(302)
            self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif page == "userinfo":
            self.userinfo()
        elif page == "token":
            self.reply(200, self.provider.redeem(values | self.basic_credentials()))
        elif page == "jwks":
            self.reply(200, self.provider.jwks())
        elif page == "openid-configuration":
            self.reply(200, self.provider.document())
        else:
            self.reply(404, {"error": "not_found"})

    def basic_credentials(self) -> dict[str, str]:
        """What a client says in a header instead of the form."""
        kind, _, said = self.headers.get("Authorization", "").partition(" ")
        if kind != "Basic":
            return {}
        name, _, secret = base64.b64decode(said).decode().partition(":")
        return {"client_id": name, "client_secret": secret}

    def userinfo(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        known = token in self.provider.access_tokens
        said = {**self.provider.claims, **self.provider.userinfo_changes}
        headers = self.provider.userinfo_headers
        if known and headers is not None:
            token = self.provider.sign(said, {"kid": KEY_ID, **headers})
            self.send(200, {"Content-Type": "application/jwt"}, token.encode())
            return
        self.reply(200 if known else 401, said if known else {"error": "invalid_token"})

    def reply(self, status: int, body: dict[str, Any]) -> None:
        self.send(status, {"Content-Type": "application/json"}, json.dumps(body).encode())

    def send(self, status: int, headers: dict[str, str], data: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: Any) -> None:
        """Say nothing: `requests` has what was asked."""


def first_values(text: str) -> dict[str, str]:
    """The parameters of a query or a form."""
    return {name: values[0] for name, values in parse_qs(text).items()}
