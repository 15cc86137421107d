"""Listings of tools, in which one bad definition does not spoil the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp_types.methods import validate_server_result
from pydantic import ValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcp.client import Client

METHOD = "tools/list"
# Of one server: no model can choose among more, and each is checked by itself.
MOST_TOOLS = 1000
LONGEST_REASON = 200
# Where a page says which of its definitions were taken out; what a server writes there is lost.
REFUSED = "youworker/refused"


class CheckedListings:
    """The requests of one client; tools that break the protocol are taken out of its listings.

    The SDK refuses a whole page for one of them, also when it looks up a tool that was called.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        session: Any = client.session
        # The SDK has no other place between its transports and its validation.
        self.inner = session._dispatcher  # noqa: SLF001
        session._dispatcher = self  # noqa: SLF001

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: Any = None
    ) -> dict[str, Any]:
        """Send a request; the result of a listing has only usable definitions."""
        raw: dict[str, Any] = await self.inner.send_raw_request(method, params, opts)
        if method != METHOD or not isinstance(raw.get("tools"), list):
            return raw
        kept, refused = [], []
        for tool in raw["tools"][:MOST_TOOLS]:
            if reason := self.fault_of({**raw, "tools": [tool]}):
                refused.append((name_of(tool), reason))
            else:
                kept.append(tool)
        meta = raw.get("_meta")
        told = {**(meta if isinstance(meta, dict) else {}), REFUSED: refused}
        return {**raw, "tools": kept, "_meta": told}

    def fault_of(self, page: dict[str, Any]) -> str:
        """Why the SDK would refuse a page; empty when it would not."""
        try:
            validate_server_result(METHOD, self.client.protocol_version, page)
        except ValidationError as error:
            return reason_of(error)
        except (ValueError, RecursionError):
            return "it cannot be written as JSON"
        except KeyError:
            # A version without a schema of its own: the SDK does not look either.
            return ""
        return ""


def name_of(tool: Any) -> str:
    """How a definition calls itself."""
    name = tool.get("name") if isinstance(tool, dict) else None
    return name if isinstance(name, str) else ""


def reason_of(error: ValidationError) -> str:
    """The first thing that is wrong with a definition, without its content."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"] if part not in ("tools", 0))
    return f"{place or 'definition'}: {first['msg']}"[:LONGEST_REASON]
