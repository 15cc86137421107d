"""From the operations of a document to tools, and to recipes for their requests."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from mcp.openapi.references import BadReference, References

if TYPE_CHECKING:
    from collections.abc import Iterator

METHODS = ("get", "head", "post", "put", "patch", "delete")
READING = {"get", "head"}
NAME = re.compile(r"[^A-Za-z0-9_.-]+")
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
# Ours to send, or the operator's.
OURS_IN_WORDS = (
    "accept accept-encoding authorization connection content-length content-type cookie host "
    "proxy-authorization te trailer transfer-encoding upgrade user-agent x-correlation-id"
)
OURS = frozenset(OURS_IN_WORDS.split())
JSON, FORM, TEXT = "application/json", "application/x-www-form-urlencoded", "text/plain"
LONGEST_DESCRIPTION = 4000
# As `judging.LARGEST_SCHEMA`, with room for what is around it.
LARGEST_SCHEMA = 60_000
BODY = "body"


class LeftOut(Exception):
    """An operation that cannot be offered; the message says why."""


@dataclass(slots=True)
class Operation:
    """An operation as a tool: what models are told, and how its request is made.

    `recipe` has the method, the path, the parameters and the type of the body.
    """

    name: str
    description: str
    input_schema: dict[str, Any]
    recipe: dict[str, Any]
    reads_only: bool
    # What is missing of its description.
    fault: str = ""


@dataclass(slots=True)
class Found:
    """The operations of a document; the name and the reason of each that is left out."""

    operations: list[Operation] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    cut: bool = False


def operations_of(document: dict[str, Any], *, hidden: frozenset[str], most: int) -> Found:
    """The operations of a document, at most so many.

    `hidden` are the lower-case names of headers and parameters that hold the operator's secrets.
    """
    found, references = Found(), References(document)
    for method, path, shared, described in walk(document, references, found):
        if len(found.operations) + len(found.refused) >= most:
            found.cut = True
            break
        name = name_of(method, path, described)
        try:
            reader = OperationReader(references, hidden, name)
            found.operations.append(reader.read(method, path, shared, described))
        except (LeftOut, BadReference) as error:
            found.refused.append((name, str(error)))
    return found


def walk(
    document: dict[str, Any], references: References, found: Found
) -> Iterator[tuple[str, str, Any, dict[str, Any]]]:
    """Method, path, shared parameters and description of each operation."""
    paths = document.get("paths")
    for path, given in (paths if isinstance(paths, dict) else {}).items():
        try:
            item = references.resolved(given)
        except BadReference as error:
            found.refused.append((path, str(error)))
            continue
        for method in METHODS:
            if method not in item:
                continue
            if isinstance(item[method], dict):
                yield method, path, item.get("parameters", []), item[method]
            else:
                found.refused.append((f"{method} {path}", "its description is no object"))


def name_of(method: str, path: str, described: dict[str, Any]) -> str:
    """What an operation is called: its id, else its method and path."""
    given = described.get("operationId")
    text = given if isinstance(given, str) and given.strip() else f"{method}{path}"
    return NAME.sub("_", text).strip("_") or method


class OperationReader:
    """Reads one operation."""

    def __init__(self, references: References, hidden: frozenset[str], name: str) -> None:
        self.references, self.hidden, self.name = references, hidden, name
        self.properties: dict[str, Any] = {}
        self.required: list[str] = []
        self.definitions: dict[str, Any] = {}
        self.parameters: list[dict[str, Any]] = []

    def read(self, method: str, path: str, shared: Any, described: dict[str, Any]) -> Operation:
        """The operation as a tool; raises `LeftOut` and `BadReference`."""
        if not path.startswith("/"):
            raise LeftOut("its path does not begin with a slash")
        for parameter in self.merged(shared, described.get("parameters", [])):
            self.add_parameter(parameter)
        named = set(re.findall(r"\{([^{}/]*)\}", path))
        known = {each["name"] for each in self.parameters if each["in"] == "path"}
        if named != known:
            raise LeftOut("its path and its path parameters do not fit")
        recipe = {"method": method.upper(), "path": path, "parameters": self.parameters}
        if "requestBody" in described and method not in READING:
            recipe |= self.add_body(self.references.resolved(described["requestBody"]))
        schema, fault = self.schema()
        return Operation(
            name=self.name,
            description=description_of(method, path, described),
            input_schema=schema,
            recipe=recipe,
            reads_only=method in READING,
            fault=fault,
        )

    def merged(self, *lists: Any) -> list[dict[str, Any]]:
        """The parameters, of which those of the operation win over shared ones."""
        found: dict[tuple[Any, Any], dict[str, Any]] = {}
        for each in lists:
            if not isinstance(each, list):
                raise LeftOut("its parameters are no list")
            for one in each:
                parameter = self.references.resolved(one)
                if not isinstance(parameter.get("name"), str) or not parameter["name"]:
                    raise LeftOut("a parameter has no name")
                found[parameter["name"], parameter.get("in")] = parameter
        return list(found.values())

    def add_parameter(self, parameter: dict[str, Any]) -> None:
        """Add a parameter to the arguments, unless it is not for models to fill."""
        name, place = parameter["name"], parameter.get("in")
        required = parameter.get("required") is True or place == "path"
        if place not in {"path", "query", "header"}:
            if required:
                raise LeftOut(f"it needs the parameter {name[:60]!r} in a {str(place)[:20]}")
            return
        if place in {"header", "query"} and name.lower() in self.hidden:
            return
        if place == "header" and (name.lower() in OURS or not HEADER_NAME.fullmatch(name)):
            return
        argument = name if name not in self.properties and name != BODY else f"{place}_{name}"
        if argument in self.properties:
            raise LeftOut(f"it has two parameters {name[:60]!r}")
        in_json = "schema" not in parameter and isinstance(parameter.get("content"), dict)
        schema = parameter.get("schema", {})
        if in_json:
            schema = next(iter(parameter["content"].values()), {})
            schema = schema.get("schema", {}) if isinstance(schema, dict) else {}
        self.properties[argument] = self.described(schema, parameter.get("description"))
        if required:
            self.required.append(argument)
        style = parameter.get("style")
        explode = parameter.get("explode")
        self.parameters.append(
            {
                "argument": argument,
                "name": name,
                "in": place,
                "style": style if isinstance(style, str) else default_style(place),
                "explode": explode if isinstance(explode, bool) else style in {None, "form"},
                "json": in_json,
                "required": required,
            }
        )

    def add_body(self, body: dict[str, Any]) -> dict[str, Any]:
        """Add the body to the arguments; what the recipe says of it."""
        content = body.get("content")
        types = content if isinstance(content, dict) else {}
        required = body.get("required") is True
        for wanted in (is_json, lambda kind: kind == FORM, lambda kind: kind == TEXT):
            kind = next((each for each in types if wanted(plain_type(each))), None)
            if kind is None:
                continue
            media = types[kind] if isinstance(types[kind], dict) else {}
            schema = media.get("schema", {})
            self.properties[BODY] = self.described(schema, body.get("description"))
            if required:
                self.required.append(BODY)
            return {"body": plain_type(kind), "body_required": required}
        if required:
            raise LeftOut(f"its body is of the type {', '.join(types)[:80] or 'nothing'}")
        return {}

    def described(self, schema: Any, description: Any) -> Any:
        """A schema of an argument with the description beside it."""
        found = self.references.gathered(schema, self.definitions)
        if not isinstance(found, dict):
            found = {}
        if isinstance(description, str) and "description" not in found and "$ref" not in found:
            found = {**found, "description": description[:LONGEST_DESCRIPTION]}
        return found

    def schema(self) -> tuple[dict[str, Any], str]:
        """The schema of the arguments, and what is missing in it."""
        whole: dict[str, Any] = {"type": "object", "properties": self.properties}
        if self.required:
            whole["required"] = sorted(set(self.required))
        if self.definitions:
            whole["$defs"] = self.definitions
        if len(orjson.dumps(whole)) <= LARGEST_SCHEMA:
            return whole, ""
        names: dict[str, Any] = {name: {} for name in self.properties}
        bare = {**whole, "properties": names}
        bare.pop("$defs", None)
        return bare, "its arguments are described at too great length: only their names are told"


def description_of(method: str, path: str, described: dict[str, Any]) -> str:
    """What models are told of an operation."""
    words = [described.get(name) for name in ("summary", "description")]
    told = [word.strip() for word in words if isinstance(word, str) and word.strip()]
    if described.get("deprecated") is True:
        told.append("Deprecated.")
    told.append(f"{method.upper()} {path}")
    return "\n".join(dict.fromkeys(told))[:LONGEST_DESCRIPTION]


def default_style(place: str) -> str:
    """How a value is written where the document does not say."""
    return "form" if place == "query" else "simple"


def plain_type(kind: str) -> str:
    """A media type without its parameters."""
    return kind.partition(";")[0].strip().lower()


def is_json(kind: str) -> bool:
    """Whether a media type is one of JSON."""
    return kind == JSON or kind.endswith("+json") or kind == "*/*"
