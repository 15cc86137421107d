"""Built-in tools are the same to models, which call them here, and to hosts that use the SDK."""

from __future__ import annotations

import asyncio
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from pydantic import Field

from chat.toolservers.web import READS_THE_WEB, search_pages
from mcp.builtin.declare import Answer, BuiltinTool, Refused, tool_of
from mcp.builtin.registry import build, registered
from mcp.builtin.serving import annotations_of, served, served_tool
from mcp.server.mcpserver.exceptions import ToolError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

UNASKED: Any = None
ODD = [
    *(None, True, False, 0, 1, -1, 7.0, 7.5, 10**30, -(10**400), 1e308),
    *(float("nan"), float("inf"), float("-inf")),
    *("", " ", "7", "7.0", "-1", "1e3", "1_000", " 8 ", "٣", "9" * 5000, "true", "off", "yes"),
    *("null", "NaN", "Infinity", "None", '"quoted"', "a\0b", "half \ud800", "x" * 20_001),
    *("[]", "{}", '["a", "b"]', "['a']", '[["a"], null]', '{"a": [1]}', " [1] ", "[" * 2000),
    *([], ["a"], ["a", 1], [["a"]], [None], ("a",), {"a"}, {}, {"a": "b"}, {1: 2}),
    *(b"bytes", b"\xff", "00000000-0000-0000-0000-000000000000", "2026-03-01", "Europe/Rome"),
]


async def shadowing(
    copy: str, json: Annotated[list[int] | None, Field(max_length=2)] = None, schema: int = 1
) -> Answer:
    """Take arguments that are called as what models of pydantic have."""
    return Answer(f"{copy}{json}{schema}")


def every_tool() -> list[BuiltinTool]:
    """The tools of all built-in servers, those that need a setting, and one with odd names."""
    found = [tool for slug in registered for tool in build(slug).tools]
    return [*found, tool_of(search_pages, "search", hints=READS_THE_WEB), tool_of(shadowing)]


def remembering(
    function: Callable[..., Awaitable[Answer]],
) -> tuple[Callable[..., Awaitable[Answer]], list[dict[str, Any]]]:
    """A function with the same parameters that only notes what it is called with, and the notes."""
    calls: list[dict[str, Any]] = []

    @wraps(function)
    async def noted(**arguments: Any) -> Answer:
        calls.append(arguments)
        return Answer("done")

    return noted, calls


async def verdicts(tool: BuiltinTool, calls: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """What becomes of calls in this process, and what by the SDK."""
    function, noted = remembering(tool.function)
    here, there = tool_of(function, tool.name), served_tool(function, tool.name)
    found = []
    for given in calls:
        ours = await verdict(lambda: here.run(given), noted)  # noqa: B023 -- awaited at once
        theirs = await verdict(lambda: there.run(given, UNASKED), noted)  # noqa: B023
        found.append((ours, theirs))
        # Hundreds in one go would hold up an event loop.
        await asyncio.sleep(0)
    return found


async def verdict(call: Callable[[], Awaitable[Any]], noted: list[dict[str, Any]]) -> str:
    """The refusal of a call, or what the function was called with."""
    noted.clear()
    try:
        await call()
    except (Refused, ToolError) as refusal:
        return f"refused: {refusal}"
    return repr(noted)


def sensible_arguments(tool: BuiltinTool) -> dict[str, Any]:
    """The arguments without which a tool cannot be called."""
    return dict.fromkeys(tool.parameters.get("required", []), "1")


def odd_arguments(tool: BuiltinTool) -> list[dict[str, Any]]:
    """Calls with everything odd in each of the arguments, and with wrong names."""
    right = sensible_arguments(tool)
    names = tool.parameters.get("properties", {})
    calls = [{**right, name: value} for name in names for value in ODD]
    strange = {"more": "[1]", "self": "{}", "context": 1, "field_copy": "x", "": "null"}
    missing = [{key: right[key] for key in right if key != name} for name in right]
    return [{}, right, {**right, **strange}, strange, *missing, *calls]


def test_hosts_are_told_the_same_of_each_tool_as_models():
    for tool in every_tool():
        there = served_tool(tool.function, tool.name, hints=tool.hints)

        told = (tool.name, tool.description, tool.parameters, annotations_of(tool.hints))
        assert told == (there.name, there.description, there.parameters, there.annotations)


@pytest.mark.parametrize("slug", registered)
async def test_hosts_find_all_tools_of_a_server(slug):
    server = build(slug)

    listed = await served(server).list_tools()

    assert [each.name for each in listed] == [tool.name for tool in server.tools] != []


async def test_whatever_a_tool_is_called_with_has_the_same_outcome_both_ways():
    tried = refused = 0
    for tool in every_tool():
        calls = odd_arguments(tool)
        for given, (here, there) in zip(calls, await verdicts(tool, calls), strict=True):
            assert here == there, (tool.name, given)
            tried += 1
            refused += here.startswith("refused")

    # Some of them must go each way, or nothing was compared.
    assert 300 < refused < tried - 300
