"""What opens a server's door is told to nobody, whatever the server and its libraries quote."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

if TYPE_CHECKING:
    from collections.abc import Collection

    from mcp.calls import ToolOutcome
    from mcp.endpoint import Endpoint

# Shorter values of headers and environments are words such as `1` or `on`.
SHORTEST_SECRET = 4
# An answer that is none of a failure is what was asked for: of the same values only those are left
# out of it that are called a key. A folder or a language may well be in an answer.
CALLED_KEY = re.compile(r"auth(?!or)|cookie|cred|key|passw|passphrase|pwd|secret|token", re.I)
SHORTEST_KEY = 8
HIDDEN = "…"


def without_secrets(endpoint: Endpoint, text: str) -> str:
    """`text` without any value this server is given, which libraries quote: it is stored."""
    given = (*endpoint.headers, *endpoint.env, *endpoint.query)
    return without(shapes_of({value for _name, value in given}, SHORTEST_SECRET), text)


def hide_keys(endpoint: Endpoint, outcome: ToolOutcome) -> None:
    """Take this server's keys out of an answer, where a server tells its own environment."""
    given = (*endpoint.headers, *endpoint.env, *endpoint.query)
    keys = {value for name, value in given if CALLED_KEY.search(name)}
    shapes = shapes_of(keys, SHORTEST_KEY)
    if shapes:
        outcome.text = without(shapes, outcome.text)
        outcome.structured = data_without(shapes, outcome.structured)


def shapes_of(secrets: Collection[str], shortest: int) -> list[str]:
    """How secrets of some length may stand in a text; the longest first, for one may begin so."""
    # Servers quote a token without the scheme before it.
    parts = {*secrets, *(token for value in secrets for token in value.split()[1:])}
    wordings = (str, python_text, json_text, url_text)
    shapes = {wording(part) for part in parts if len(part) >= shortest for wording in wordings}
    return sorted(shapes, key=len, reverse=True)


def python_text(value: str) -> str:
    """As Python writes it between quotes."""
    return repr(value)[1:-1]


def json_text(value: str) -> str:
    """As JSON writes it between quotes."""
    return orjson.dumps(value).decode()[1:-1]


def url_text(value: str) -> str:
    """As it stands in an address."""
    return quote(value, safe="")


def without(shapes: list[str], text: str) -> str:
    """A text in which none of them stands any more."""
    for shape in shapes:
        text = text.replace(shape, HIDDEN)
    return text


def data_without(shapes: list[str], data: Any) -> Any:
    """The same for data: its texts and its names."""
    if isinstance(data, str):
        return without(shapes, data)
    if isinstance(data, list):
        return [data_without(shapes, each) for each in data]
    if isinstance(data, dict):
        return {without(shapes, name): data_without(shapes, each) for name, each in data.items()}
    return data
