"""What opens a server's door is told to nobody, whatever the server and its libraries quote."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NoBase64
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

import orjson

from mcp.results import is_true
from youworker.core.secret_shapes import SHORTEST_KEY, json_text, shapes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mcp.calls import ToolFile
    from mcp.descriptions import Endpoint, FoundTool, Listing

# Shorter values of headers and environments are words such as `1` or `on`.
SHORTEST_SECRET = 4
# An answer that is none of a failure is what was asked for: of the same values only those are left
# out of it that are called a key. A folder or a language may well be in an answer.
CALLED_KEY = re.compile(
    # Of authorization and authentication, not of authors and authorities.
    r"auth(?!or(?!i[sz]))|cookie|cred(?!it)|key(?!board|word)|passw|passphrase|(?<![my])pass(?![a-z])|pwd"
    r"|secret|token|dsn|(?<![a-z])pat(?![a-z])",
    re.I,
)
# A scheme of which the rest is a name and a password in base64 (RFC 7617).
BASIC = re.compile(r"basic +(\S+)", re.I)
# What has so few letters, all alike, may be a word of a language, and a few digits any number.
LONGEST_WORD = 20
# Not inside another word. What a text escapes ends with a letter or a digit, too.
ALONE = r"(?:(?<![^\W_])|(?<=\\[abfnrtv])|(?<=%[0-9A-Fa-f]{2}))"
# Between two lines of one value, also where a text is written as JSON or Python write it.
LINE_END = re.compile(r"(?:\r?\n|(?:\\{1,4}r)?\\{1,4}n)[ \t]{0,40}")
HIDDEN = "…"
NAMED_LIKE_A_KEY = "its name has a key of its server in it"


class Hiding(NamedTuple):
    """What is left out: the longest first, for one may begin as another; words only as a whole."""

    shapes: tuple[str, ...]
    words: tuple[str, ...] = ()

    def text(self, text: str) -> str:
        """A text in which none of them stands any more."""
        text = self.name(text)
        found = [re.escape(word) for word in self.words if word in text]
        return re.sub(rf"{ALONE}(?:{'|'.join(found)})(?![^\W_])", HIDDEN, text) if found else text

    def name(self, name: str) -> str:
        """The same for the name of something, which is called as it is: words stay."""
        for shape in self.shapes:
            name = name.replace(shape, HIDDEN)
        # Most servers are given no secret, and answers may be long.
        joined = LINE_END.sub("", name) if self.shapes else name
        for shape in self.shapes if joined != name else ():
            if shape in joined:
                broken = f"(?:{LINE_END.pattern})?".join(map(re.escape, shape))
                name = re.sub(broken, HIDDEN, name)
        return name

    def data(self, data: Any) -> Any:
        """The same for data that can be written as JSON: its texts and its names."""
        if not any(self):
            return data
        encoded = orjson.dumps(data)
        # To look at each of a million texts takes longer than to look at all of them at once.
        told = encoded.decode()
        # One that is broken over lines stands in what they make together.
        told += "\n" + LINE_END.sub("", told)
        found = Hiding(*(tuple(stands_in(told, each)) for each in self))
        return found.walked(data) if any(found) else data

    def walked(self, data: Any) -> Any:
        """Data, without looking first."""
        match data:
            case str():
                return self.text(data)
            case list():
                return [self.walked(each) for each in data]
            case dict():
                kept: dict[str, Any] = {}
                for given, each in data.items():
                    name = self.name(given)
                    while name in kept:
                        name += HIDDEN
                    kept[name] = self.walked(each)
                return kept
        return data


def stands_in(encoded: str, values: Iterable[str]) -> Iterator[str]:
    """Those of the values that stand in JSON."""
    return (value for value in values if json_text(value) in encoded)


def secrets_of(endpoint: Endpoint) -> Hiding:
    """Every value this server is given, and the passwords inside of them."""
    values = {value for _name, value in given_to(endpoint)}
    return hiding(values.union(*map(passwords_in, values)), SHORTEST_SECRET)


def keys_of(endpoint: Endpoint) -> Hiding:
    """Of these the keys, and the passwords in all of them."""
    given = given_to(endpoint)
    keys = {value for name, value in given if CALLED_KEY.search(name)}
    for _name, value in given:
        keys.update(passwords_in(value))
    return hiding(keys, SHORTEST_KEY)


def given_to(endpoint: Endpoint) -> tuple[tuple[str, str], ...]:
    """The names and values of all that a server is given."""
    return (*endpoint.headers, *endpoint.env, *endpoint.query)


def passwords_in(value: str) -> Iterator[str]:
    """The password in an address or in what a Basic scheme has, by itself unless it is a word."""
    if pair := basic_pair(value):
        yield pair
        password = pair.partition(":")[2]
    else:
        password = password_of_address(value)
        if password:
            yield f":{password}@"
    yield from (each for each in (password, unquote(password)) if each and not is_word(each))


def password_of_address(value: str) -> str:
    """The password in an address, as it is written there; empty when there is none."""
    try:
        return (urlsplit(value).password or "") if "://" in value else ""
    except ValueError:
        return ""


def basic_pair(value: str) -> str:
    """The `name:password` in the value of a Basic scheme; empty when it is none."""
    found = BASIC.fullmatch(value.strip())
    try:
        return b64decode(found[1]).decode() if found else ""
    except (NoBase64, ValueError):
        return ""


def hiding(secrets: Iterable[str], shortest: int) -> Hiding:
    """Secrets of some length in all the ways in which they may stand in a text."""
    secrets = set(secrets)
    # Servers quote a token without the scheme before it.
    parts = {*secrets, *(token for value in secrets for token in value.split()[1:])}
    long = {part for part in parts if len(part) >= shortest}
    words = {part for part in long if is_word(part)}
    shapes = {shape for part in long - words for shape in shapes_of(part)}
    return Hiding(
        tuple(sorted(shapes, key=len, reverse=True)), tuple(sorted(words, key=len, reverse=True))
    )


def is_word(value: str) -> bool:
    """Whether a value may well stand in an honest text, inside other words even."""
    alike = value.islower() or value.isupper() or value.istitle()
    return len(value) <= LONGEST_WORD and (value.isdigit() or (value.isalpha() and alike))


def without_secrets(endpoint: Endpoint, text: str) -> str:
    """`text` without any value this server is given, which libraries quote: it is stored."""
    return secrets_of(endpoint).text(text)


def result_without(endpoint: Endpoint, keys: Hiding, result: dict[str, Any]) -> Any:
    """A result without this server's keys, and one of a failure without any value it is given.

    Before the result is cut: half a key would not be found.
    """
    failed = is_true(result.get("isError"))
    return (secrets_of(endpoint) if failed else keys).data(result)


def files_without(keys: Hiding, files: Iterable[ToolFile]) -> tuple[ToolFile, ...]:
    """Those of some files in which no key stands: it cannot be blotted out there as in words.

    Their names have none any more: a part of an address may have been in a wording of its own.
    """
    sought = [shape.encode() for shape in keys.shapes]
    kept = (file for file in files if not tells_one(sought, file.encoded))
    return tuple(replace(file, name=keys.text(file.name)) for file in kept)


def tells_one(sought: Iterable[bytes], encoded: str) -> bool:
    """Whether one of these bytes stands in a file in base64."""
    try:
        body = b64decode(encoded)
    except (NoBase64, ValueError):
        return False
    return any(each in body for each in sought)


def hide_in_listing(endpoint: Endpoint, found: Listing) -> None:
    """Take a server's keys out of what it says of its tools, which models and people read.

    Words stay: a schema has its own. A tool that is called as a key is could not be called any
    more, and is left out.
    """
    keys = Hiding(keys_of(endpoint).shapes)
    if not keys.shapes:
        return
    found.refused = [(keys.name(name), keys.text(reason)) for name, reason in found.refused]
    found.mended = [(keys.name(name), keys.text(reason)) for name, reason in found.mended]
    kept: list[FoundTool] = []
    for tool in found.tools:
        if (shown := keys.name(tool.name)) != tool.name:
            found.refused.append((shown, NAMED_LIKE_A_KEY))
        else:
            kept.append(described_without(keys, tool))
    found.tools = kept


def described_without(keys: Hiding, tool: FoundTool) -> FoundTool:
    """A tool whose description and schemas have no key in them."""
    return replace(
        tool,
        description=keys.text(tool.description),
        input_schema=schema_without(keys, tool.input_schema),
        output_schema=schema_without(keys, tool.output_schema),
    )


def schema_without(keys: Hiding, schema: Any) -> Any:
    """A schema without keys; one that cannot be written as JSON is refused elsewhere."""
    try:
        return keys.data(schema)
    except TypeError:
        return schema
