"""One attempt to hand an event over: what is sent, whereto, and what came of it."""

from __future__ import annotations

import asyncio
import logging
import math
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx2
import orjson

from youworker.core.config import config
from youworker.core.exceptions import DomainError
from youworker.upstream.egress import EgressRefused, find_permitted_addresses, operator_allows
from youworker.upstream.errors import TRANSPORT_ERRORS, sentence_of
from youworker.upstream.fetcher import REDIRECTS, checked_url, client
from youworker.upstream.guard import USER_AGENT
from youworker.webhooks.signing import signed_headers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from youworker.upstream.egress import Address
    from youworker.upstream.guard import Finder
    from youworker.webhooks.models import Endpoint, Event

logger = logging.getLogger(__name__)

GONE = 410
# How much of an answer is read, of those that refuse, and how long that may take.
MOST_BYTES = 1024
READ_SECONDS = 1.0
LONGEST_PAUSE = 6 * 3600.0
UNTRUSTED = "The certificate of {host} is not trusted, or TLS failed."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt; without a status nobody answered."""

    milliseconds: int
    status: int | None = None
    error: str = ""
    # Seconds for which the endpoint asked to be left alone.
    pause: float = 0.0

    @property
    def succeeded(self) -> bool:
        """Whether the event arrived."""
        return not self.error

    @property
    def is_gone(self) -> bool:
        """Whether the endpoint wants nothing any more."""
        return self.status == GONE


def body_of(event: Event) -> bytes:
    """The body, the same at each attempt."""
    moment = event.created_at.astimezone(UTC).isoformat(timespec="microseconds")
    said = {"type": event.action, "timestamp": moment.replace("+00:00", "Z"), "data": event.data}
    return orjson.dumps(said)


def permitted_for(scheme: str) -> Finder:
    """What finds the addresses an endpoint may have: public ones over TLS, or allowed ones."""

    async def find_addresses(host: str, port: int) -> list[Address]:
        found = await find_permitted_addresses(host, port)
        if scheme != "https":
            found = [one for one in found if operator_allows(host, one)]
        if not found:
            raise EgressRefused("A webhook needs https, unless EGRESS_ALLOW names its address.")
        return found

    return find_addresses


def open_client(url: str) -> httpx2.AsyncClient:
    """A client for one endpoint: addresses are checked at each request, nothing is followed."""
    return client(permitted_for(checked_url(url).scheme))


async def send_event(session: httpx2.AsyncClient, endpoint: Endpoint, event: Event) -> Outcome:
    """Try once to hand `event` over; never raises for what goes wrong at the other side."""
    begun = time.monotonic()
    status, pause, error = None, 0.0, ""
    try:
        async with asyncio.timeout(config.webhook.timeout_seconds):
            response = await session.send(request_for(session, endpoint, event), stream=True)
            try:
                status = response.status_code
                pause = asked_pause(response.headers)
                error = await read_refusal(response, endpoint)
            finally:
                await response.aclose()
    except TimeoutError:
        error = error or f"There was no answer within {config.webhook.timeout_seconds} s."
    except (*TRANSPORT_ERRORS, ssl.SSLError, DomainError) as trouble:
        error = describe_trouble(trouble, endpoint)
    return Outcome(round((time.monotonic() - begun) * 1000), status, error, pause)


def request_for(session: httpx2.AsyncClient, endpoint: Endpoint, event: Event) -> httpx2.Request:
    """The request, signed at this moment."""
    body = body_of(event)
    headers = {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "accept-encoding": "identity",
        **signed_headers(
            endpoint.secrets, message_id=str(event.pk), timestamp=int(time.time()), body=body
        ),
    }
    return session.build_request("POST", endpoint.url, headers=headers, content=body)


async def read_refusal(response: httpx2.Response, endpoint: Endpoint) -> str:
    """Why the answer is no success, in a sentence; empty when it is one: its body is not read."""
    if response.is_success:
        return ""
    if response.status_code in REDIRECTS:
        return f"Status {response.status_code}: redirects are not followed."
    said = sentence_of((await read_beginning(response)).decode(errors="replace"))
    for secret in endpoint.secrets:
        said = said.replace(secret, "[key]")
    return f"Status {response.status_code}: {said}" if said else f"Status {response.status_code}."


async def read_beginning(response: httpx2.Response) -> bytes:
    """The first bytes of a body, as far as they come at once."""
    body = bytearray()
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for chunk in response.aiter_raw():
                body += chunk[: MOST_BYTES - len(body)]
                if len(body) >= MOST_BYTES:
                    break
    except (TimeoutError, *TRANSPORT_ERRORS):
        logger.debug("the answer of a webhook broke off")
    return bytes(body)


def describe_trouble(trouble: Exception, endpoint: Endpoint) -> str:
    """What went wrong before there was an answer, without the path, which may be a secret."""
    host = httpx2.URL(endpoint.url).host
    if isinstance(trouble, DomainError):
        return trouble.message
    if isinstance(trouble, ssl.SSLError) or isinstance(trouble.__cause__, ssl.SSLError):
        return UNTRUSTED.format(host=host)
    words = str(trouble) or type(trouble).__name__
    if "certificate" in words.lower() or "ssl" in words.lower():
        return UNTRUSTED.format(host=host)
    return f"{host} did not answer: {sentence_of(words)}"


def asked_pause(headers: Mapping[str, str]) -> float:
    """The seconds for which an answer asks to be left alone, bounded; 0 when it does not."""
    text = headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        seconds = seconds_until(text)
    return min(max(seconds, 0.0), LONGEST_PAUSE) if math.isfinite(seconds) else 0.0


def seconds_until(text: str) -> float:
    """The seconds until a date of HTTP; 0 for anything else."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - datetime.now(UTC)).total_seconds()
