"""Listing and calling the operations of an API; the same two functions as `mcp.gateway` has.

The addresses are the operator's word: the API is where its document is, or where the operator
says. What a document says of other servers is not followed, for it would be sent the secrets.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit

import httpx2
import orjson
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext_noop

from mcp.calls import ToolFile, ToolOutcome, refusal
from mcp.descriptions import FoundTool, Listing
from mcp.exceptions import ToolServerUnavailable
from mcp.listings import MOST_TOOLS
from mcp.openapi.documents import LARGEST, UnreadableDocument, read_document
from mcp.openapi.operations import operations_of
from mcp.openapi.requests import Prepared, prepared_request
from mcp.results import LONGEST_NOTE, LONGEST_TYPE, MIME, outcome_of
from mcp.secrecy import hide_in_listing, keys_of, secrets_of, without_secrets
from youworker.core.config import config
from youworker.core.exceptions import DomainError, InvalidInput, TooLarge, UpstreamUnavailable
from youworker.core.storable import storable_json, storable_text
from youworker.core.words import Sentence
from youworker.upstream.egress import find_named_addresses
from youworker.upstream.fetcher import Limits, checked_url, fetch_url_async, origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcp.descriptions import Endpoint
    from mcp.secrecy import Hiding
    from youworker.upstream.fetcher import Fetched

COMPLETE, FIRST_ERROR = 200, 400
UNKNOWN_KIND = "application/octet-stream"
# As much as is kept of a result as a file.
LARGEST_ANSWER = 16 * 1024 * 1024
ACCEPT = "application/json, text/*;q=0.9, */*;q=0.5"
PLAIN_TEXT = "text/plain"
ANSWERED = gettext_noop("The API answers with status %(status)s.")
ANSWERED_WITH = gettext_noop("The API answers with status %(status)s: %(said)s")
TEXTS = ("json", "xml", "yaml", "javascript", "csv", "x-www-form-urlencoded")


async def list_tools(endpoint: Endpoint) -> Listing:
    """The operations of an API as tools; raises `ToolServerUnavailable`."""
    try:
        data = endpoint.document.encode() or (await fetch_document(endpoint)).body
        return await asyncio.to_thread(listing_of, endpoint, data)
    except UnreadableDocument as error:
        reason = without_secrets(endpoint, str(error).rstrip("."))
        raise ToolServerUnavailable.because(endpoint.slug, reason) from error
    except DomainError as error:
        raise unavailable(endpoint, error) from error


async def fetch_document(endpoint: Endpoint) -> Fetched:
    """The document from where the operator says it is; redirects are not followed."""
    limits = Limits(LARGEST, config.mcp.call_timeout)
    headers = {**dict(endpoint.headers), "accept": "application/json, application/yaml, */*;q=0.5"}
    answer = await fetch_url_async(
        with_query(endpoint.url, endpoint.query),
        headers=headers,
        limits=limits,
        find=find_named_addresses,
        follow=False,
    )
    if answer.status != COMPLETE:
        raise UnreadableDocument(f"its document's address answers with status {answer.status}")
    return answer


def listing_of(endpoint: Endpoint, data: bytes) -> Listing:
    """The tools in a document; raises `UnreadableDocument`."""
    document = read_document(data)
    base = base_of(endpoint, document)
    hidden = frozenset(name.lower() for name, _ in (*endpoint.headers, *endpoint.query))
    found = operations_of(document, hidden=hidden, most=MOST_TOOLS)
    listing = Listing(refused=found.refused, cut=found.cut)
    for each in found.operations:
        tool = FoundTool(
            name=each.name,
            description=each.description,
            input_schema=each.input_schema,
            reads_only=each.reads_only,
            stays_inside=False,
            recipe={**each.recipe, "base": base},
        )
        listing.tools.append(tool)
        if each.fault:
            listing.mended.append((each.name, each.fault))
    hide_in_listing(endpoint, listing)
    return listing


def base_of(endpoint: Endpoint, document: dict[str, Any]) -> str:
    """Where the API is, without a slash at the end; raises `UnreadableDocument`."""
    if endpoint.base_url:
        return endpoint.base_url.rstrip("/")
    servers = document.get("servers")
    first = servers[0] if isinstance(servers, list) and servers else {}
    named = filled(first) if isinstance(first, dict) else "/"
    if not endpoint.url:
        raise UnreadableDocument("say where the API is (base_url): its document came as a file")
    try:
        base = checked_url(urljoin(endpoint.url, named))
        here = checked_url(endpoint.url)
    except (InvalidInput, ValueError) as error:
        raise UnreadableDocument("its document names no server that can be asked") from error
    if origin(base) != origin(here):
        raise UnreadableDocument(
            f"its document names the server {str(base)[:200]}, which is not where the document "
            "is: give that address as base_url if it is right"
        )
    return str(base.copy_with(query=None, fragment=None)).rstrip("/")


def filled(server: dict[str, Any]) -> str:
    """The address of a server with the defaults of its variables."""
    url, variables = server.get("url", "/"), server.get("variables", {})
    address = url if isinstance(url, str) else "/"
    for name, about in (variables if isinstance(variables, dict) else {}).items():
        default = about.get("default", "") if isinstance(about, dict) else ""
        address = address.replace("{" + name + "}", str(default))
    return address


async def call(
    endpoint: Endpoint, tool: str, arguments: Mapping[str, Any], *, correlation_id: str
) -> ToolOutcome:
    """Call an operation once; raises `ToolServerUnavailable` when no answer came.

    An answer of the API is an outcome, whatever its status; its redirects are told, not followed.
    """
    recipe = orjson.loads(endpoint.recipe)
    try:
        request = prepared_request(recipe, arguments)
        answer = await send_request(endpoint, home_of(endpoint, recipe), request)
    except UpstreamUnavailable as error:
        raise unavailable(endpoint, error) from error
    except (InvalidInput, TooLarge) as error:
        return refusal(error)
    # Megabytes would hold up everybody else's answers.
    return await asyncio.to_thread(read_answer, endpoint, answer)


def read_answer(endpoint: Endpoint, answer: Fetched) -> ToolOutcome:
    """What an answer says, and its file, if that has no secret of the operator's in it."""
    outcome = outcome_in(endpoint, answer)
    if outcome.files and tells_secret(endpoint, answer):
        outcome.files = ()
    return outcome


def home_of(endpoint: Endpoint, recipe: Mapping[str, Any]) -> str:
    """Where an operation is asked: raises `InvalidInput` for what the operator has moved since."""
    if endpoint.base_url:
        return endpoint.base_url.rstrip("/")
    base: str = recipe["base"]
    if not endpoint.url or origin(checked_url(base)) != origin(checked_url(endpoint.url)):
        raise InvalidInput("The address of this API was changed: its tools have to be read anew.")
    return base


async def send_request(endpoint: Endpoint, base: str, request: Prepared) -> Fetched:
    """Send a request with the operator's secrets, to the operator's address only."""
    url = with_query(base + request.target, endpoint.query)
    if origin(checked_url(url)) != origin(checked_url(base)):
        raise InvalidInput("The arguments lead to another server.")
    require_own_names(endpoint, request)
    secrets = {name.lower(): value for name, value in endpoint.headers}
    return await fetch_url_async(
        url,
        method=request.method,
        headers={"accept": ACCEPT, **request.headers, **secrets},
        content=request.content,
        limits=Limits(max(LARGEST_ANSWER, config.mcp.result_bytes), config.mcp.call_timeout),
        find=find_named_addresses,
        follow=False,
    )


def require_own_names(endpoint: Endpoint, request: Prepared) -> None:
    """Raise `InvalidInput` for an argument that is called as a parameter of the operator's.

    Of an object each name becomes a parameter, and servers may take the first of two keys.
    """
    query = urlsplit(request.target).query
    given = {name.lower() for name, _ in parse_qsl(query, keep_blank_values=True)}
    if given & {name.lower() for name, _ in endpoint.query}:
        raise InvalidInput("The arguments name a parameter that the operator has set.")


def outcome_in(endpoint: Endpoint, answer: Fetched) -> ToolOutcome:
    """What an answer says, with its status where that is not simply success.

    A text that is longer than a result comes as a file as well. Secrets are left out before it is
    cut: half of one would not be found.
    """
    kind, blocks, data = answer.content_type, [], None
    is_long = len(answer.body) > config.mcp.result_bytes
    failed, secrets = answer.status >= FIRST_ERROR, secrets_of(endpoint)
    if answer.status != COMPLETE:
        blocks.append(note_of(answer, secrets))
    if "json" in kind and answer.body and not is_long:
        found = storable_json(read_json(answer.body))
        data = (secrets if failed else keys_of(endpoint)).data(found)
    is_file = bool(answer.body) and not is_text(answer)
    if is_file:
        blocks.append(f"[{kind or UNKNOWN_KIND}, {len(answer.body)} bytes]")
    elif answer.body:
        blocks.append(answer.text)
    elif answer.status == COMPLETE:
        blocks.append("The answer is empty.")
    told = [secrets.text(each) for each in blocks]
    outcome = outcome_of(
        [{"type": "text", "text": each} for each in told],
        data,
        is_error=failed,
        limit=config.mcp.result_bytes,
    )
    if failed:
        said = {"status": answer.status, "said": " ".join(told[1:])}
        outcome.said = Sentence(ANSWERED_WITH if told[1:] else ANSWERED, said)
    if (is_file or is_long) and not outcome.is_error:
        outcome.files = (file_in(answer),)
    return outcome


def tells_secret(endpoint: Endpoint, answer: Fetched) -> bool:
    """Whether an answer, or the name it gives itself, has a secret of the operator's in it.

    In a file it cannot be blotted out as in words.
    """
    said = f"{answer.body.decode('latin-1')} {file_name(answer)}"
    return without_secrets(endpoint, said) != said


def is_text(answer: Fetched) -> bool:
    """Whether an answer is shown as it is; one without a type, unless it cannot be a text."""
    kind = answer.content_type
    if not kind:
        return b"\0" not in answer.body
    return kind.startswith("text/") or any(word in kind for word in TEXTS)


def file_in(answer: Fetched) -> ToolFile:
    """An answer as the file that it is."""
    kind = answer.content_type or (PLAIN_TEXT if is_text(answer) else UNKNOWN_KIND)
    told = kind if len(kind) <= LONGEST_TYPE and MIME.fullmatch(kind) else UNKNOWN_KIND
    return ToolFile(file_name(answer), told, b64encode(answer.body).decode())


def file_name(answer: Fetched) -> str:
    """What an answer says that its file is called, else the end of its address if that has one."""
    try:
        _, said = parse_header_parameters(answer.headers.get("content-disposition", ""))
    except ValueError:
        said = {}
    name = said.get("filename", "").replace("\\", "/").rpartition("/")[2].strip()
    if not name:
        last = unquote(urlsplit(answer.url).path).rpartition("/")[2]
        name = last if "." in last.strip(".") else ""
    return storable_text(name)[:LONGEST_NOTE]


def note_of(answer: Fetched, secrets: Hiding) -> str:
    """The status of an answer in words, and where a redirect leads."""
    place = secrets.text(answer.headers.get("location", ""))[:500]
    return f"Status {answer.status}{f', which leads to {place}' if place else ''}."


def read_json(body: bytes) -> Any:
    """The value of a body; None for what is none."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def with_query(url: str, query: tuple[tuple[str, str], ...]) -> str:
    """The address with the operator's parameters behind its own."""
    if not query:
        return url
    known = httpx2.URL(url)
    extra = urlencode(query).encode()
    return str(known.copy_with(query=b"&".join(filter(None, (known.query, extra)))))


def unavailable(endpoint: Endpoint, error: DomainError) -> ToolServerUnavailable:
    """The refusal for an API that cannot be had, because of what went wrong before."""
    reason = Sentence.of(error).with_texts(partial(without_secrets, endpoint))
    if error.message.endswith("."):
        return ToolServerUnavailable.following(endpoint.slug, reason)
    return ToolServerUnavailable.because(endpoint.slug, reason)
