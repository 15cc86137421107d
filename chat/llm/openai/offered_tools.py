"""The tools a model was offered, found under whatever name it calls them by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chat.agent.types import ChatMessage, ToolSchema

# Words in front of a name that say only that it is one.
NAMESPACE = re.compile(
    r"(?:functions?|tools?|default_api|multi_tool_use|api|mcp)(?:[.:/]|__)", re.I
)
# gpt-oss leaves a piece of its channel behind a name, Kimi the number of the call.
REMAINS = re.compile(r"\s*(?:<[|\uff5c]|\s|:\d{1,4}\Z).*", re.S)
SEPARATORS = re.compile(r"[^a-z0-9]")
BLANKS = re.compile(r"\s+")


class OfferedTools:
    """What the calls of one turn are read against: the offered tools, and what the model read."""

    def __init__(
        self, tools: Sequence[ToolSchema] = (), messages: Sequence[ChatMessage] = ()
    ) -> None:
        self.schemas = {tool.name: tool.parameters for tool in tools}
        self.messages = messages
        self.similar: dict[str, set[str]] = {}
        for tool in tools:
            for name in {tool.name, tool.qualified or tool.name}:
                self.similar.setdefault(squeezed(name), set()).add(tool.name)

    def __bool__(self) -> bool:
        return bool(self.schemas)

    def resolve(self, name: str) -> str:
        """The offered tool that is meant by a name; empty unless exactly one can be."""
        for candidate in spellings(name):
            if candidate in self.schemas:
                return candidate
        for candidate in spellings(name):
            found = self.similar.get(squeezed(candidate), ())
            if len(found) == 1:
                return next(iter(found))
        return ""

    def may_begin(self, beginning: str) -> bool:
        """Whether an offered tool has a name that begins like this."""
        short = [squeezed(each) for each in spellings(beginning)]
        return any(name.startswith(each) for name in self.similar for each in short if each)

    def properties(self, name: str) -> dict[str, Any]:
        """The schemas of the parameters of an offered tool."""
        found = self.schemas.get(name, {}).get("properties")
        return found if isinstance(found, dict) else {}

    def is_quoted(self, text: str) -> bool:
        """Whether a text stands in what the model read: then it repeats it and means nothing."""
        wanted = BLANKS.sub("", text)
        return any(
            wanted in BLANKS.sub("", message.content)
            for message in self.messages
            if message.role in {"user", "tool"}
        )

    def used_ids(self) -> set[str]:
        """The ids of all calls of earlier turns."""
        return {call.id for message in self.messages for call in message.tool_calls}


def spellings(name: str) -> Iterable[str]:
    """A name as it is, and without what models put before and behind it."""
    name = name.strip().strip("\"'`")
    yield name
    bare = REMAINS.sub("", name)
    yield bare
    yield NAMESPACE.sub("", bare, count=1) if NAMESPACE.match(bare) else bare


def squeezed(name: str) -> str:
    """A name without what separates its words: dots, dashes, underscores, capitals."""
    return SEPARATORS.sub("", name.lower())
