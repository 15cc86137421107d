"""Requests to authorization servers: bounded, to checked addresses, never redirected."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import httpx2
import orjson

from mcp.exceptions import AuthorizationUnusable
from youworker.core.exceptions import InvalidInput
from youworker.upstream.egress import find_named_addresses, find_permitted_addresses
from youworker.upstream.fetcher import Limits, checked_url, fetch_url_async, origin

if TYPE_CHECKING:
    from youworker.upstream.fetcher import Fetched

# A person waits; documents and tokens have some kilobytes.
LIMITS = Limits(max_bytes=256 * 1024, seconds=10.0, hops=0)
FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
JSON = {"content-type": "application/json", "accept": "application/json"}
LONGEST_ADDRESS = 500


@dataclass(frozen=True, slots=True)
class Client:
    """Who we are at an authorization server."""

    id: str
    secret: str = ""
    # How we prove it: `none`, `client_secret_post` or `client_secret_basic`.
    method: str = "none"


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks on behalf of one tool server, whose word names every address but its own.

    Only its own origin, which the operator named, may be at a private address; and where the
    server is reached by https, nothing of the sign-in goes another way.
    """

    server_url: str

    def check(self, address: Any) -> str:
        """An address that may be asked, or shown to a browser; raises `AuthorizationUnusable`."""
        text = str(address)
        try:
            url = checked_url(text)
        except InvalidInput as error:
            raise AuthorizationUnusable("The sign-in names an address that is none.") from error
        if len(text) > LONGEST_ADDRESS or url.fragment:
            raise AuthorizationUnusable("The sign-in names an address that is none.")
        if url.scheme != "https" and httpx2.URL(self.server_url).scheme == "https":
            raise AuthorizationUnusable("The sign-in leads from https to http.")
        return text

    async def fetch(self, address: str, **options: Any) -> Fetched:
        """Ask one address; a redirect is an answer, and not followed."""
        url = self.check(address)
        is_named = origin(httpx2.URL(url)) == origin(httpx2.URL(self.server_url))
        find = find_named_addresses if is_named else find_permitted_addresses
        return await fetch_url_async(url, limits=LIMITS, find=find, follow=False, **options)

    async def post_json(self, address: str, body: dict[str, Any]) -> Fetched:
        """Post an object."""
        return await self.fetch(address, method="POST", headers=JSON, content=orjson.dumps(body))

    async def post_form(self, address: str, form: dict[str, str], client: Client) -> Fetched:
        """Post a form with the proof of who we are."""
        headers, sent = dict(FORM), {**form, "client_id": client.id}
        if client.method == "client_secret_basic":
            pair = f"{quote(client.id, safe='')}:{quote(client.secret, safe='')}"
            headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        elif client.method == "client_secret_post":
            sent["client_secret"] = client.secret
        content = urlencode(sent).encode()
        return await self.fetch(address, method="POST", headers=headers, content=content)
