"""How tools of built-in servers are declared, so that small models understand them."""

from __future__ import annotations

import re
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from mcp_types import ToolAnnotations
from pydantic import ValidationError

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")

# Bounds beyond it keep nobody from a sensible argument.
LARGEST_BOUND = 1000
READS_ONLY = ToolAnnotations(read_only_hint=True, open_world_hint=False, idempotent_hint=True)


class SpeakingTool(Tool):
    """A tool that says in sentences which of its arguments are not right."""

    async def run(
        self,
        arguments: dict[str, Any],
        context: Any,
        convert_result: bool = False,  # noqa: FBT001, FBT002 -- as the library calls it
    ) -> Any:
        """Call the function; raises `ToolError`."""
        try:
            return await super().run(arguments, context, convert_result)
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                raise ToolError(sentences_of(error.__cause__)) from error.__cause__
            raise


def sentences_of(error: ValidationError) -> str:
    """What is wrong with the arguments of a call, a sentence for each."""
    found = [sentence_of(fault) for fault in error.errors(include_url=False, include_input=False)]
    return " ".join(dict.fromkeys(found))


def sentence_of(fault: Any) -> str:
    """What is wrong with one argument."""
    name = ".".join(map(str, fault["loc"]))
    if fault["type"] == "missing":
        return f"The argument `{name}` is missing."
    reason = re.sub(r"^Input should", "it should", fault["msg"])
    return f"The argument `{name}` is not right: {reason}."


def tool_of(
    function: Callable[..., Awaitable[Any]],
    name: str | None = None,
    *,
    annotations: ToolAnnotations = READS_ONLY,
) -> Tool:
    """A tool of a function: the docstring describes it, the annotations its arguments."""
    tool: Tool = SpeakingTool.from_function(
        refusing_politely(function), name=name, annotations=annotations, structured_output=False
    )
    tool.description = " ".join(tool.description.split())
    tool.parameters = simplified(tool.parameters)
    return tool


def refusing_politely(function: Callable[..., Awaitable[T]]) -> Callable[..., Awaitable[T]]:
    """The function, whose refusals reach the model in their own words."""

    @wraps(function)
    async def polite(**arguments: Any) -> T:
        try:
            return await function(**arguments)
        except DomainError as error:
            raise ToolError(error.message) from error

    return polite


def is_unheeded(word: str, value: Any) -> bool:
    """Whether a word of a schema only costs room: no model counts so far, and calls are checked."""
    if word in {"minimum", "maximum"}:
        return bool(abs(value) > LARGEST_BOUND)
    return word in {"title", "maxLength"}


def simplified(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without titles, defaults of null and unions with null.

    Null stays accepted, for models that send it; it is only not advertised.
    """
    kept = {key: value for key, value in schema.items() if not is_unheeded(key, value)}
    if kept.get("default", ...) is None:
        del kept["default"]
    choices = [choice for choice in kept.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) == 1:
        del kept["anyOf"]
        kept = {**choices[0], **kept}
    if "properties" in kept:
        fields = kept["properties"].items()
        kept["properties"] = {name: simplified(field) for name, field in fields}
    return kept
