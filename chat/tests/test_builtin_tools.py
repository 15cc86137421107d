"""Built-in tools are the same to our agent, which calls them here, and to other hosts."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from chat.toolservers import websearch
from mcp.builtin.arguments import without_encoded
from mcp.builtin.declare import tool_of
from mcp.builtin.registry import build, registered
from mcp.builtin.serving import served_tool

ODD = [
    None,
    "",
    "null",
    "[]",
    '["a", "b"]',
    '{"a": 1}',
    '"quoted"',
    "[" * 3000,
    "7",
    "9" * 5000,
    "true",
    7,
    -1,
    1.5,
    10**30,
    float("inf"),
    float("nan"),
    True,
    [],
    ["a"],
    [["a"]],
    {},
    {"a": [1]},
    "\ud800",
    "a\0b",
    "2026-03-01",
    "00000000-0000-0000-0000-000000000000",
    "x" * 30_000,
]


@pytest.fixture(autouse=True)
def _with_all_tools(monkeypatch):
    monkeypatch.setattr(websearch, "is_configured", lambda: True)
    build.cache_clear()
    yield
    build.cache_clear()


def all_tools():
    return [(slug, tool) for slug in sorted(registered) for tool in build(slug).tools]


def verdict_here(tool, arguments):
    try:
        checked = tool.arguments.model_validate(without_encoded(tool.arguments, arguments))
    except ValidationError as error:
        return sorted((fault["loc"], fault["type"]) for fault in error.errors())
    return repr(checked.as_keywords())


def verdict_there(served, arguments):
    try:
        return repr(served.fn_metadata.validate_arguments(arguments))
    except ValidationError as error:
        return sorted((fault["loc"], fault["type"]) for fault in error.errors())


def test_there_are_all_of_them():
    assert len(all_tools()) == 17


def test_other_hosts_are_told_what_our_models_are_told():
    for slug, tool in all_tools():
        served = served_tool(tool.function, tool.name, hints=tool.hints)

        assert served.parameters == tool.parameters, (slug, tool.name)
        assert (served.name, served.description) == (tool.name, tool.description)
        assert served.annotations.read_only_hint is tool.hints.reads_only
        assert served.annotations.open_world_hint is tool.hints.open_world


def test_the_same_arguments_are_right_and_wrong_on_both_ways():
    for slug, tool in all_tools():
        served = served_tool(tool.function, tool.name, hints=tool.hints)
        names = list(tool.parameters["properties"])
        tried = [{}, {"unknown": 1}, dict.fromkeys(names, "a"), dict.fromkeys(names, 3)]
        tried += [{name: value} for name in names for value in ODD]
        for arguments in tried:
            here, there = verdict_here(tool, arguments), verdict_there(served, arguments)
            assert here == there, (slug, tool.name, arguments)


async def shadowing(*, copy: str, json: list[str] | None = None) -> None:
    """Has arguments that are called as methods of a model."""


def test_arguments_may_be_called_as_methods_of_models_are():
    tool = tool_of(shadowing)

    checked = tool.arguments.model_validate(
        without_encoded(tool.arguments, {"copy": "[1]", "json": '["a"]'})
    )

    assert set(tool.parameters["properties"]) == {"copy", "json"}
    assert checked.as_keywords() == {"copy": "[1]", "json": ["a"]}
