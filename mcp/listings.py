"""What comes back from tool servers, before the SDK looks at it.

The SDK refuses a whole page for one bad tool, and a whole result for one unknown block.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from anyio.lowlevel import checkpoint
from mcp_types.methods import validate_server_result
from pydantic import ValidationError

from mcp.tool_schemas import UnusableSchema, repaired_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcp.client.session import ClientSession

LIST = "tools/list"
# Of one server: no model can choose among more, and each is checked by itself.
MOST_TOOLS = 1000
# So many are checked in one go: others share the event loop.
TOOLS_AT_ONCE = 50
USEFUL = ("notifications/progress", "notifications/cancelled")
MOST_NOTIFICATIONS = 10_000
LONGEST_REASON = 200
# Where a page says what became of its definitions; what a server writes there is lost.
PAGE = "youworker/page"
# Where the result of a call is kept as it came.
ANSWER = "youworker/answer"
# What the newest protocol wants on a page, and nobody here looks at.
UNCACHED = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
# What a tool can do without.
ORNAMENTS = ("icons", "annotations", "outputSchema", "execution", "title", "_meta")


@dataclass(slots=True)
class CheckedPage:
    """A page of tools as the SDK takes them, with their own schemas by name.

    `refused` are the names of those that were left out, `mended` of those that lost something,
    each with the reason; `cut` says that there were too many.
    """

    tools: list[dict[str, Any]] = field(default_factory=list)
    schemas: dict[str, Any] = field(default_factory=dict)
    refused: list[tuple[str, str]] = field(default_factory=list)
    mended: list[tuple[str, str]] = field(default_factory=list)
    cut: bool = False


class CheckedAnswers:
    """The requests of one session; what breaks the protocol does not reach the SDK."""

    def __init__(self, session: ClientSession) -> None:
        self.session = session
        # The SDK has no other place between its transports and its validation.
        inner: Any = session
        self.inner = inner._dispatcher  # noqa: SLF001
        inner._dispatcher = self  # noqa: SLF001
        deliver_nameless_errors(self.inner)
        drop_useless_notifications(self.inner)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: Any = None
    ) -> dict[str, Any]:
        """Send a request; the result is one the SDK takes, if there is anything of use in it."""
        raw: dict[str, Any] = await self.inner.send_raw_request(method, params, opts)
        match method:
            case "tools/list" if isinstance(raw.get("tools"), list):
                return await self.check_page(raw)
            case "tools/call" if raw.get("resultType") != "input_required":
                return {"content": [], "resultType": "complete", "_meta": {ANSWER: raw}}
            case "initialize":
                return introduced(raw)
        return raw

    async def check_page(self, raw: dict[str, Any]) -> dict[str, Any]:
        """A page of a listing with the usable definitions only."""
        raw = {**raw, **UNCACHED}
        page = CheckedPage(cut=len(raw["tools"]) > MOST_TOOLS)
        for place, tool in enumerate(raw["tools"][:MOST_TOOLS]):
            if place % TOOLS_AT_ONCE == 0:
                await checkpoint()
            self.check_tool(raw, tool, page)
        meta = raw.get("_meta")
        told = {**(meta if isinstance(meta, dict) else {}), PAGE: asdict(page)}
        return {**raw, "tools": page.tools, "_meta": told}

    def check_tool(self, raw: dict[str, Any], given: Any, page: CheckedPage) -> None:
        """Put a definition on the page, without what is wrong with it if it can do without."""
        name = name_of(given)
        tool, reason = with_plain_schema(given)
        faults = {"": reason} if reason else self.faults_of(raw, tool)
        lost = [word for word in ORNAMENTS if word in faults]
        if lost:
            tool = {word: value for word, value in tool.items() if word not in lost}
            faults = self.faults_of(raw, tool)
        if faults:
            page.refused.append((name, next(iter(faults.values()))))
            return
        page.tools.append(tool)
        page.mended += [(name, f"its {word} cannot be read") for word in lost]
        page.schemas.setdefault(name, given["inputSchema"])

    def faults_of(self, page: dict[str, Any], tool: Any) -> dict[str, str]:
        """Why the SDK would refuse a page with this tool, by the parts of the tool."""
        try:
            # Before anything is agreed upon nobody lists tools.
            version = self.session.protocol_version or ""
            validate_server_result(LIST, version, {**page, "tools": [tool]})
        except ValidationError as error:
            return reasons_in(error)
        except (ValueError, RecursionError):
            return {"": "it cannot be written as JSON"}
        except KeyError:
            # A version without a schema of its own: the SDK does not look either.
            return {}
        return {}


def deliver_nameless_errors(dispatcher: Any) -> None:
    """Let an error that names no request end the only one that waits, as its answer.

    JSON-RPC has them for requests a server could not read; the SDK drops them, and whoever asked
    waits until the time is up.
    """
    deliver = getattr(dispatcher, "_resolve_pending", None)
    if deliver is None:
        return  # Without streams between them, nobody needs names.

    def deliver_to_somebody(name: Any, outcome: Any) -> None:
        waiting = list(dispatcher._pending)  # noqa: SLF001
        if name is None and len(waiting) == 1:
            name = waiting[0]
        deliver(name, outcome)

    dispatcher._resolve_pending = deliver_to_somebody  # noqa: SLF001


def drop_useless_notifications(dispatcher: Any) -> None:
    """Let only signs of progress through, and of each session no more than anybody reads.

    The SDK starts a task for every notification, and a server may send them without end.
    """
    dispatch = getattr(dispatcher, "_dispatch_notification", None)
    if dispatch is None:
        return  # Without streams between them, nobody floods us but ourselves.
    left = MOST_NOTIFICATIONS

    def dispatch_useful(message: Any, *others: Any) -> None:
        nonlocal left
        if message.method not in USEFUL:
            return
        left -= 1
        if left >= 0:
            dispatch(message, *others)

    dispatcher._dispatch_notification = dispatch_useful  # noqa: SLF001


def with_plain_schema(tool: Any) -> tuple[Any, str]:
    """The tool with a schema the SDK takes, and what is wrong with its own.

    The SDK refuses shapes that are harmless once they are repaired.
    """
    schema = tool.get("inputSchema") if isinstance(tool, dict) else None
    if not isinstance(schema, dict):
        return tool, ""
    try:
        repaired_schema(schema)
    except UnusableSchema as error:
        return tool, str(error)
    return {**tool, "inputSchema": {"type": "object"}}, ""


def introduced(hello: dict[str, Any]) -> dict[str, Any]:
    """A server's introduction with what it forgot to say."""
    about = hello.get("serverInfo")
    known = about if isinstance(about, dict) else {}
    return {
        "protocolVersion": str(hello.get("protocolVersion", "")),
        "capabilities": {},
        "serverInfo": {word: str(known.get(word, "unknown")) for word in ("name", "version")},
    }


def name_of(tool: Any) -> str:
    """How a definition calls itself."""
    name = tool.get("name") if isinstance(tool, dict) else None
    return name if isinstance(name, str) else ""


def reasons_in(error: ValidationError) -> dict[str, str]:
    """What is wrong with a definition by its parts, without its content."""
    found: dict[str, str] = {}
    for each in error.errors(include_url=False, include_input=False, include_context=False):
        places = [str(part) for part in each["loc"] if part not in ("tools", 0)]
        told = f"{'.'.join(places) or 'definition'}: {each['msg']}"[:LONGEST_REASON]
        found.setdefault(places[0] if places else "", told)
    return found
