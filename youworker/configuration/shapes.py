"""What may stand in a configuration file; what is left out stays as it is in the installation."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from youworker.configuration.exceptions import InvalidConfiguration
from youworker.core.config import all_settings
from youworker.core.unicode import clean_name, is_blank

if TYPE_CHECKING:
    from youworker.configuration.reading import Written

VERSION = 1
UNKNOWN_KEY = "unknown_key"
LONGEST_NAME = 120
LONGEST_TEXT = 100_000
# What a column of a positive whole number holds.
MOST = 2**31 - 1
# Where secrets stand: the part of the file, and below the server's name.
OF_SERVERS = {("model_servers",), ("tool_servers",)}
OF_SECRETS = {("key",), ("headers",), ("env",), ("query",)}


def usual_name(name: str) -> str:
    """A name in the form in which it is kept; raises `ValueError` for another one."""
    if is_blank(name) or clean_name(name) != name:
        raise ValueError("a name has visible signs, and no blanks at its ends")
    return name


Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(usual_name)]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
Limit = Annotated[int, Field(ge=0, le=2**62)]
Number = Annotated[int, Field(ge=0, le=MOST)]
Policy = Literal["auto", "ask", "deny"]


class Shape(BaseModel):
    """A mapping without keys that nobody knows."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def refuse_unknown(cls, value: Any) -> Any:
        """Say which key is meant, if one is."""
        unknown = [key for key in value if key not in cls.model_fields] if is_mapping(value) else []
        if unknown:
            close = get_close_matches(unknown[0], cls.model_fields, n=1)
            hint = f"did you mean {close[0]!r}?" if close else known_keys(cls)
            raise PydanticCustomError(
                UNKNOWN_KEY, "this key is unknown: {hint}", {"key": unknown[0], "hint": hint}
            )
        return value

    def given(self, *names: str) -> dict[str, Any]:
        """The values that the file says; those of `names`, if there are some."""
        said = self.model_fields_set.intersection(names or type(self).model_fields)
        return {name: getattr(self, name) for name in type(self).model_fields if name in said}


def foreign_name(reference: str) -> str:
    """A reference to a variable that is no setting of ours; raises `ValueError` for one that is.

    Whoever writes a file could have our own keys sent to a server that it names.
    """
    name = reference[2:-1]
    if name in {described.name for described, _default in all_settings()}:
        raise ValueError(f"{name} is a setting of the product: give the secret a name of its own")
    return reference


class Secret(Shape):
    """Stands for a secret, which is in the environment or in a file."""

    secret: Annotated[str, Field(pattern=r"^\$\{[A-Z][A-Z0-9_]*\}$"), AfterValidator(foreign_name)]

    @property
    def name(self) -> str:
        """The variable."""
        return self.secret[2:-1]


class Quota(Shape):
    """Limits; an empty one is none of its own."""

    tokens_per_day: Limit | None = None
    tokens_per_month: Limit | None = None
    stored_bytes: Limit | None = None
    documents: Limit | None = None
    runs_at_once: Number | None = None


class Group(Shape):
    """A group, and who is in it."""

    description: Text = ""
    retention_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    members: dict[str, Literal["member", "admin"]] = {}


class Collection(Shape):
    """A collection of its owner's, and the groups it is shared with."""

    description: Text = ""
    shares: dict[Name, Literal["read", "write"]] = {}


class ModelServer(Shape):
    """A server of language models."""

    url: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    key: Secret | None = None
    position: Annotated[int, Field(ge=0, le=32_767)] = 100
    enabled: bool = True
    max_runs: Number | None = None
    context_tokens: Number | None = None


class GroupPolicy(Shape):
    """What members of a group may do with a tool."""

    policy: Policy
    approver: Literal["user", "admin"] = "user"


class Tool(Shape):
    """What staff say of a tool; `approved` is the fingerprint of the form they agreed to."""

    policy: Policy = "ask"
    enabled: bool = True
    writes: bool | None = None
    egress: bool | None = None
    approved: Annotated[str, Field(max_length=64)] = ""
    groups: dict[Name, GroupPolicy] = {}


class Client(Shape):
    """Who we are where users sign in."""

    id: Annotated[str, Field(min_length=1, max_length=1000)]
    secret: Secret | None = None


class ToolServer(Shape):
    """A server of tools; built-in ones have tools only, and the switch."""

    title: Annotated[str, Field(max_length=LONGEST_NAME)] = ""
    transport: Literal["http", "stdio", "openapi", "inprocess"] = "http"
    url: Annotated[str, Field(max_length=500)] = ""
    argv: list[str] = []
    base_url: Annotated[str, Field(max_length=500)] = ""
    document: str = ""
    authorization: Literal["shared", "oauth"] = "shared"
    scope: Annotated[str, Field(max_length=1000)] = ""
    enabled: bool = True
    headers: dict[str, Secret] = {}
    env: dict[str, Secret] = {}
    query: dict[str, Secret] = {}
    client: Client | None = None
    tools: dict[str, Tool] = {}


class Quotas(Shape):
    """Limits of groups and of users, by their names."""

    groups: dict[Name, Quota] = {}
    users: dict[str, Quota] = {}


class Configuration(Shape):
    """A whole file; a part that is left out is not looked at."""

    version: Literal[1]
    system_prompt: str | None = None
    groups: dict[Name, Group] = {}
    collections: dict[str, dict[Name, Collection]] = {}
    model_servers: dict[Name, ModelServer] = {}
    tool_servers: dict[str, ToolServer] = {}
    quotas: Quotas | None = None


def is_mapping(value: Any) -> bool:
    """Whether a value has keys."""
    return isinstance(value, dict)


def known_keys(shape: type[Shape]) -> str:
    """What a mapping may hold, in words."""
    return f"there are {', '.join(shape.model_fields)}"


def checked(written: Written) -> Configuration:
    """What a file says; raises `InvalidConfiguration` with all that is wrong, line by line."""
    try:
        return Configuration.model_validate(written.value)
    except ValidationError as error:
        faults = [fault_of(written, one) for one in error.errors(include_input=False)]
        raise InvalidConfiguration(list(dict.fromkeys(faults))) from None


def fault_of(written: Written, error: Any) -> str:
    """One thing that is wrong: where, and what; never the value, which may be a secret."""
    path = tuple(part for part in error["loc"] if part != "[key]")
    if error["type"] == UNKNOWN_KEY:
        path = (*path, error["ctx"]["key"])
    message = error["msg"]
    if error["type"] == "value_error":
        message = str(error["ctx"]["error"])
    elif path[0:1] in OF_SERVERS and path[2:3] in OF_SECRETS:
        message = "a secret stands here by its name only, as `secret: ${NAME}`"
    return f"{written.where(path)}: {message}"
