"""A tool server with the authorization server that it names, over HTTP; honest unless told else."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from mcp.tests.scripts import usual

LIFE = 3600


class SignInServer:
    """Hands out tokens by OAuth 2.1 and answers tool calls that carry one.

    Attributes that change what it says make it old, broken or hostile. `posts` are the forms it
    got, by path; `calls` the tokens that tool calls came with.
    """

    def __init__(self) -> None:
        self.metadata: dict[str, Any] = {}
        self.resource_metadata: dict[str, Any] | None = {}
        self.answer: dict[str, Any] = {}
        self.life: int | None = LIFE
        self.token_status, self.token_error = 200, "invalid_grant"
        self.token_pause = 0.0
        self.registration: dict[str, Any] = {}
        self.redirect_everything_to = ""
        self.without_refresh = False
        self.wanted_scope = ""
        self.posts: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.calls: list[str] = []
        self.asked: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.refresh_tokens: set[str] = set()
        self.valid: set[str] = set()
        self.lock = Lock()
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                double.asked.append(self.path)
                self.tell(*double.get(self.path))

            def do_DELETE(self) -> None:
                self.tell(200, {})

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length)
                double.asked.append(self.path)
                sent = {name.lower(): value for name, value in self.headers.items()}
                if self.path == "/mcp":
                    self.tell(*double.call(self, sent, body))
                else:
                    self.tell(*double.post(self.path, sent, body))

            def tell(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    def __enter__(self) -> Self:
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"{self.origin}/mcp"

    def get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """A published document."""
        if self.redirect_everything_to:
            return 302, {"Location": self.redirect_everything_to}, b""
        if path.startswith("/.well-known/oauth-protected-resource"):
            if self.resource_metadata is None:
                return 404, {}, b""
            published = {
                "resource": self.url,
                "authorization_servers": [self.origin],
                "scopes_supported": ["read", "write"],
                **self.resource_metadata,
            }
        elif path.startswith("/.well-known/oauth-authorization-server"):
            published = {
                "issuer": self.origin,
                "authorization_endpoint": f"{self.origin}/authorize",
                "token_endpoint": f"{self.origin}/token",
                "registration_endpoint": f"{self.origin}/register",
                "revocation_endpoint": f"{self.origin}/revoke",
                "response_types_supported": ["code"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                **self.metadata,
            }
        else:
            return 404, {}, b""
        kept = {name: value for name, value in published.items() if value is not None}
        return 200, {"Content-Type": "application/json"}, json.dumps(kept).encode()

    def agree(self, url: str) -> dict[str, str]:
        """What the browser of somebody who agrees comes back with; checks what it was sent with."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.origin}

    def post(
        self, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Registration, tokens and their revocation."""
        if path == "/register":
            wish = json.loads(body)
            self.posts.append((path, wish, headers))
            made = {**wish, "client_id": "client-1", "client_secret": "s3cret-of-client"}
            return self.told(201, {**made, **self.registration})
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self.posts.append((path, form, headers))
        if path == "/revoke":
            self.refresh_tokens.discard(form["token"])
            self.valid.discard(form["token"])
            return 200, {}, b""
        if path != "/token":
            return 404, {}, b""
        time.sleep(self.token_pause)
        if self.token_status != 200:
            return self.told(self.token_status, {"error": self.token_error})
        return self.exchange(form)

    def exchange(self, form: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Tokens for a code or a refresh token, each once."""
        with self.lock:
            if form["grant_type"] == "authorization_code":
                asked = self.codes.pop(form.get("code", ""), None)
                if asked is None or not self.proves(asked, form):
                    return self.told(400, {"error": "invalid_grant"})
            elif form.get("refresh_token") in self.refresh_tokens:
                self.refresh_tokens.discard(form["refresh_token"])
            else:
                return self.told(400, {"error": "invalid_grant"})
            access, refresh = f"access-{secrets.token_hex(8)}", f"refresh-{secrets.token_hex(8)}"
            self.valid.add(access)
            told = {"access_token": access, "token_type": "bearer", "expires_in": self.life}
            if not self.without_refresh:
                self.refresh_tokens.add(refresh)
                told["refresh_token"] = refresh
        said = {name: value for name, value in told.items() if value is not None}
        return self.told(200, {**said, **self.answer})

    def proves(self, asked: dict[str, str], form: dict[str, str]) -> bool:
        """Whether a form comes from whoever asked for the code."""
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        same = ("redirect_uri", "client_id", "resource")
        return challenge == asked["code_challenge"] and all(
            form.get(name) == asked[name] for name in same
        )

    def told(self, status: int, said: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        return status, {"Content-Type": "application/json"}, json.dumps(said).encode()

    def call(
        self, request: Any, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """An MCP request, for whoever has a token."""
        token = headers.get("authorization", "").removeprefix("Bearer ")
        message = json.loads(body or b"{}")
        if message.get("method") == "tools/call":
            self.calls.append(token)
        if token not in self.valid:
            named = f"{self.origin}/.well-known/oauth-protected-resource/mcp"
            return 401, {"WWW-Authenticate": f'Bearer resource_metadata="{named}"'}, b""
        if message.get("method") == "tools/call" and self.wanted_scope:
            told = f'Bearer error="insufficient_scope", scope="{self.wanted_scope}"'
            return 403, {"WWW-Authenticate": told}, b""
        return usual(request, message)

    def tokens_posted(self, kind: str) -> list[dict[str, str]]:
        """The forms by which tokens were asked for."""
        return [
            form
            for path, form, _ in self.posts
            if path == "/token" and form.get("grant_type") == kind
        ]


def came_back(url: str, said: dict[str, str]) -> str:
    """The address a browser comes back to."""
    return f"{url}?{urlencode(said)}"
