"""From a recipe and a model's arguments to a request; no argument changes where it goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import orjson

from mcp.openapi.operations import BODY, FORM, TEXT, is_json
from youworker.core.exceptions import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LONGEST_PART = 2000
LARGEST_BODY = 1_048_576
SEPARATORS = {"spaceDelimited": " ", "pipeDelimited": "|"}


@dataclass(slots=True)
class Prepared:
    """A request without the operator's secrets; `target` is a path with its query."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None


def prepared_request(recipe: Mapping[str, Any], arguments: Mapping[str, Any]) -> Prepared:
    """The request of an operation; raises `InvalidInput` for arguments that cannot be sent."""
    path, query, headers = recipe["path"], [], {}
    for parameter in recipe["parameters"]:
        value = arguments.get(parameter["argument"])
        if value is None:
            if parameter["required"]:
                raise InvalidInput("The argument %(name)s is missing.", name=parameter["argument"])
            continue
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", path_part(parameter, value))
        elif parameter["in"] == "query":
            query += query_parts(parameter, value)
        else:
            headers[parameter["name"].lower()] = header_value(parameter, value)
    content = body_of(recipe, arguments.get(BODY))
    if content is not None:
        headers["content-type"] = sent_type(recipe["body"])
    target = f"{path}?{urlencode(query, quote_via=quote)}" if query else path
    return Prepared(recipe["method"], target, headers, content)


def path_part(parameter: Mapping[str, Any], value: Any) -> str:
    """A value as one part of a path; raises `InvalidInput` for what would lead elsewhere."""
    text = simple(parameter, value)
    # Dots alone are steps in a tree, whatever the document meant.
    if not text or set(text) == {"."} or len(text) > LONGEST_PART:
        raise InvalidInput(
            "The argument %(name)s cannot be part of an address.", name=parameter["argument"]
        )
    return quote(text, safe="")


def header_value(parameter: Mapping[str, Any], value: Any) -> str:
    """A value as a header; raises `InvalidInput` for what would end it."""
    text = simple(parameter, value)
    if not text.isascii() or not text.isprintable() or len(text) > LONGEST_PART:
        raise InvalidInput("The argument %(name)s cannot be a header.", name=parameter["argument"])
    return text


def query_parts(parameter: Mapping[str, Any], value: Any) -> list[tuple[str, str]]:
    """A value as parts of a query, in the style that the document asks for."""
    name, style = parameter["name"], parameter["style"]
    if parameter["json"]:
        return [(name, orjson.dumps(value).decode())]
    if isinstance(value, dict) and style == "deepObject":
        return [(f"{name}[{key}]", text_of(each)) for key, each in value.items()]
    if isinstance(value, dict) and parameter["explode"]:
        return [(str(key), text_of(each)) for key, each in value.items()]
    if isinstance(value, list) and parameter["explode"]:
        return [(name, text_of(each)) for each in value]
    if isinstance(value, list):
        return [(name, SEPARATORS.get(style, ",").join(map(text_of, value)))]
    return [(name, joined(value))]


def simple(parameter: Mapping[str, Any], value: Any) -> str:
    """A value in one piece of text."""
    if parameter["json"]:
        return orjson.dumps(value).decode()
    if isinstance(value, dict) and parameter["explode"]:
        return ",".join(f"{key}={text_of(each)}" for key, each in value.items())
    return joined(value)


def joined(value: Any) -> str:
    """Lists and objects with commas between their parts."""
    if isinstance(value, dict):
        parts: Iterable[Any] = (part for pair in value.items() for part in pair)
        return ",".join(map(text_of, parts))
    if isinstance(value, list):
        return ",".join(map(text_of, value))
    return text_of(value)


def text_of(value: Any) -> str:
    """A single value as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return orjson.dumps(value).decode()
    return "" if value is None else str(value)


def body_of(recipe: Mapping[str, Any], value: Any) -> bytes | None:
    """The body; None when there is none. Raises `InvalidInput`."""
    kind = recipe.get("body")
    if kind is None or value is None:
        if recipe.get("body_required"):
            raise InvalidInput("The argument %(name)s is missing.", name=BODY)
        return None
    if is_json(kind):
        content = orjson.dumps(value)
    elif kind == FORM:
        if not isinstance(value, dict):
            raise InvalidInput("The argument body has to be an object.")
        pairs = [
            (name, text_of(one))
            for name, each in value.items()
            for one in (each if isinstance(each, list) else [each])
        ]
        content = urlencode(pairs).encode()
    else:
        content = text_of(value).encode()
    if len(content) > LARGEST_BODY:
        raise InvalidInput("The body is larger than %(most)s bytes.", most=LARGEST_BODY)
    return content


def sent_type(kind: str) -> str:
    """The media type of a body as it is sent."""
    if kind == "*/*":
        return "application/json"
    return f"{TEXT}; charset=utf-8" if kind == TEXT else kind
