"""What is left out of a request after a server has refused it: as little as helps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from chat.llm.openai.errors import REFUSABLE_STATUS, refused_part
from chat.llm.openai.request_format import IMAGES, SEVERAL_CALLS, SYSTEM_ROLE, TEXT_OF_CALLS
from youworker.upstream.errors import as_text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from chat.agent.types import ChatMessage, ToolSchema
    from youworker.upstream.errors import StatusError

# Of what a server says; some repeat the whole request.
LONGEST_COMPLAINT = 50_000
# In the sentence to the user.
MOST_NAMED = 5
WORD = re.compile(r"[A-Za-z0-9_-]+")
# `tools[3]`, `tools.3.function`, and Gemini's `tools[0].function_declarations[3]`.
PLACES = (
    re.compile(r"function_?declarations[.\[](\d{1,4})", re.I),
    re.compile(r"\b(?:tools|functions)(?:[.\[/]|', )(\d{1,4})", re.I),
)
SCHEMA = re.compile(
    r"schema|grammar|function_?declaration|parameters|properties|parse tools"
    r"|(?:too many|number of|maximum|array too long|exceed)[^\n]{0,80}(?:tools|functions)"
    r"|(?:tools|functions)[^\n]{0,80}(?:too many|too long|maximum|at most|exceed|limit)",
    re.I,
)
PROMPT_PARTS = {
    SYSTEM_ROLE: re.compile(r"system role|system messages?|roles? must alternate", re.I),
    TEXT_OF_CALLS: re.compile(r"content or tool_calls,? but not both", re.I),
    IMAGES: re.compile(
        r"image|vision|multi-?modal|mmproj|content\b[^\n]{0,80}(?:must be|should be|expected|valid)"
        r"[^\n]{0,40}string|string[^\n]{0,40}(?:expected|required)",
        re.I,
    ),
    SEVERAL_CALLS: re.compile(r"single tool[-_ ]?calls? at once", re.I),
}
# A call that a model made badly is no fault of the request.
GENERATED = re.compile(r"failed_generation|tool_use_failed|tool call validation", re.I)


def has_part(part: str, messages: Sequence[dict[str, Any]]) -> bool:
    """Whether there is something to leave out or to say otherwise."""
    if part == SYSTEM_ROLE:
        return bool(messages[0]["role"] == "system")
    if part == IMAGES:
        return any(
            isinstance(message["content"], list) for message in messages if "content" in message
        )
    calls = [message for message in messages if "tool_calls" in message]
    if part == TEXT_OF_CALLS:
        return any("content" in message for message in calls)
    return any(len(message["tool_calls"]) > 1 for message in calls)


def tool_mark(name: str) -> str:
    """How a refused tool stands among the refused parts."""
    return f"tool {name}"


def accepted_tools(tools: Sequence[ToolSchema], refused: Collection[str]) -> list[ToolSchema]:
    """The tools that the server did not refuse before."""
    if "tools" in refused:
        return []
    return [tool for tool in tools if tool_mark(tool.name) not in refused]


def find_concession(
    error: StatusError, body: dict[str, Any], tools: Sequence[ToolSchema]
) -> set[str]:
    """What to leave out of a refused request that was sent with `tools`; nothing if that is it.

    First the tools that the server names, then those of other people's servers, which are the ones
    with odd schemas, and only then all: without its own tools the product is a plain model.
    """
    if error.status not in REFUSABLE_STATUS:
        return set()
    parts = parts_complained_of(as_text(error.body), body, tools)
    part = "" if parts or is_generated(error) else refused_part(error, body)
    return parts or ({part} if part else set())


def parts_complained_of(said: str, body: dict[str, Any], tools: Sequence[ToolSchema]) -> set[str]:
    """Which messages or tools a complaint is about."""
    complaint = said[:LONGEST_COMPLAINT]
    if GENERATED.search(complaint):
        return set()
    for part, pattern in PROMPT_PARTS.items():
        if pattern.search(complaint) and has_part(part, body["messages"]):
            return {part}
    marks = {tool_mark(name) for name in named_tools(complaint, tools)}
    if not marks and SCHEMA.search(complaint):
        marks = {tool_mark(tool.name) for tool in tools if not tool.is_builtin}
    return marks


def is_generated(error: StatusError) -> bool:
    """Whether a server complains about what its model wrote."""
    return bool(GENERATED.search(as_text(error.body)[:LONGEST_COMPLAINT]))


def named_tools(complaint: str, tools: Sequence[ToolSchema]) -> set[str]:
    """The tools that a complaint is about; nothing when it repeats the names of most."""
    words = set(WORD.findall(complaint))
    named = {tool.name for tool in tools if tool.name in words}
    for pattern in PLACES:
        if not named:
            places = {int(place) for place in pattern.findall(complaint)}
            named = {tools[place].name for place in places if place < len(tools)}
    return named if len(named) <= max(1, len(tools) // 2) else set()


def told_blindness(messages: Sequence[ChatMessage], refused: Collection[str]) -> str:
    """The sentence about images a model has to do without; empty when there are none."""
    if IMAGES not in refused or not any(message.images for message in messages):
        return ""
    return "The model's server takes no images: it reads the text that was recognised in them."


def told_concession(tools: Sequence[ToolSchema], left: Sequence[ToolSchema]) -> str:
    """The sentence about the tools a model has to do without; empty when it has them all."""
    names = {tool.name for tool in left}
    missing = [tool.qualified or tool.name for tool in tools if tool.name not in names]
    if not missing:
        return ""
    if not left:
        return "The model's server takes no tools: this answer is made without them."
    shown = ", ".join(missing[:MOST_NAMED])
    more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
    return f"The model's server does not take these tools, so they are left out: {shown}{more}."
