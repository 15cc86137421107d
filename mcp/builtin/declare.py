"""How tools of built-in servers are declared, so that small models understand them.

Nothing here knows the SDK: such tools are called in this process, and the SDK takes a second and
20 MB. `mcp.builtin.serving` makes the SDK's servers of them, for other hosts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from mcp.builtin.arguments import Arguments, arguments_of, faults_in, without_encoded
from youworker.core.exceptions import DomainError
from youworker.core.words import Sentence

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

# Bounds beyond it keep nobody from a sensible argument.
LARGEST_BOUND = 1000
# That people are told of; models are told of all.
MOST_FAULTS = 5


@dataclass(frozen=True, slots=True)
class Hints:
    """What a tool says of itself, in the protocol's words; None where the word is left out."""

    reads_only: bool
    open_world: bool
    idempotent: bool
    destructive: bool | None = None


READS_ONLY = Hints(reads_only=True, open_world=False, idempotent=True)


@dataclass(slots=True)
class Answer:
    """What a tool says: in words, and the same as data."""

    text: str
    structured: dict[str, Any] | None = None


class Refused(Exception):
    """A call that is not carried out, for a reason that the model reads.

    `said` is the reason for people, who see the name of the tool above it.
    """

    def __init__(self, message: str, said: Sentence, code: str) -> None:
        super().__init__(message)
        self.said, self.code = said, code


@dataclass(frozen=True, slots=True)
class BuiltinTool:
    """A function that models may call, and what they are told of it."""

    name: str
    description: str
    parameters: dict[str, Any]
    hints: Hints
    function: Callable[..., Awaitable[Answer]]
    arguments: type[Arguments]

    async def run(self, arguments: Mapping[str, Any]) -> Answer:
        """Call the function; raises `Refused`."""
        try:
            checked = self.arguments.model_validate(without_encoded(self.arguments, arguments))
        except ValidationError as error:
            faults = faults_in(error)
            said = Sentence.joined(list(faults.values())[:MOST_FAULTS])
            raise Refused(" ".join(faults), said, "invalid_arguments") from error
        try:
            return await self.function(**checked.as_keywords())
        except DomainError as error:
            told = f"Error executing tool {self.name}: {error.message}"
            raise Refused(told, Sentence.of(error), error.code) from error


@dataclass(frozen=True, slots=True)
class BuiltinServer:
    """The tools of one server of ours."""

    name: str
    tools: list[BuiltinTool]

    def tool_called(self, name: str) -> BuiltinTool | None:
        """The tool of this name."""
        return next((tool for tool in self.tools if tool.name == name), None)


def tool_of(
    function: Callable[..., Awaitable[Answer]],
    name: str | None = None,
    *,
    hints: Hints = READS_ONLY,
) -> BuiltinTool:
    """A tool of a function: the docstring describes it, the annotations its arguments."""
    arguments = arguments_of(function)
    return BuiltinTool(
        name or function.__name__,
        described(function),
        simplified(arguments.model_json_schema(by_alias=True)),
        hints,
        function,
        arguments,
    )


def described(function: Callable[..., Any]) -> str:
    """The docstring of a function, in one line."""
    return " ".join((function.__doc__ or "").split())


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
