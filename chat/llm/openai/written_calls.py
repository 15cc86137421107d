"""Calls that a model wrote into its text, in the formats of its training."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from chat.llm.openai.arguments import read_arguments

if TYPE_CHECKING:
    from chat.llm.openai.offered_tools import OfferedTools

# Begin a call only where a line begins: anybody can type them.
TAGS = (
    "<tool_call>",
    "<tool_calls>",
    "<toolcall>",
    "<function_call>",
    "<function_calls>",
    "<function=",
    "<invoke name=",
    "<minimax:tool_call>",
)
# Tokens of their own in the vocabularies of models.
TOKENS = (
    "[tool_calls]",
    "<|python_tag|>",
    "<|tool_call|>",
    "<|tool_call_start|>",
    "<|tool_call_begin|>",
    "<|tool_calls_section_begin|>",
    "<\uff5ctool▁calls▁begin\uff5c>",
    "<\uff5ctool▁call▁begin\uff5c>",
    "<\uff5cdsml\uff5cfunction_calls>",
    "<\uff5cdsml\uff5cinvoke name=",
)
# Around and between calls; they mean nothing by themselves.
WRAPPING = re.compile(
    r"\s+|;|```(?:json|tool_call|tool_code)?|\[/?tool_calls?\]|"
    r"</?(?:tool_calls?|toolcall|function_calls?|minimax:tool_call|function|invoke)>|"
    r"</?\uff5cdsml\uff5c(?:function_calls|invoke)>|</s>|"
    r"<[|\uff5c](?:python_tag|/?tool_calls?|tool_call_(?:start|end|begin)|eom_id|eot_id|im_end|"
    r"end|call|tool_calls_section_(?:begin|end)|tool▁(?:calls|call)▁(?:begin|end)|"
    r"end▁of▁sentence)[|\uff5c]>|function<\uff5ctool▁sep\uff5c>",
    re.I,
)
FUNCTION = re.compile(r"<function=([^<>\s]{1,200})>?", re.I)
INVOKE = re.compile(
    r"<(?:\uff5cdsml\uff5c)?invoke name=[\"']?([^<>\"']{1,200})[\"']?[^<>]{0,100}>", re.I
)
END_OF_FUNCTION = re.compile(r"</(?:function|invoke|\uff5cdsml\uff5cinvoke)>|</?tool_call>", re.I)
PARAMETER = re.compile(
    r"<(?:\uff5cdsml\uff5c)?parameter(?:=([^<>\s]{1,200})>?|\s+name=[\"']?([^<>\"']{1,200})[\"']?"
    r"[^<>]{0,100}>)",
    re.I,
)
END_OF_PARAMETER = re.compile(r"</(?:\uff5cdsml\uff5c)?parameter>\s*\Z", re.I)
NAME = re.compile(r"[A-Za-z_][\w.\-/]{0,199}(?::\d{1,4})?")
# Between a name and its arguments: Mistral, Kimi, DeepSeek.
BEFORE_ARGUMENTS = re.compile(
    r"\s*+(?:\[CALL_ID\][\w-]{0,100}+)?+"
    r"(?:\[ARGS\]|<\|tool_call_argument_begin\|>|<\uff5ctool▁sep\uff5c>)?+\s*+"
    r"(?:```(?:json)?+\s*+)?+"
)
ARGUMENT = re.compile(r"\s{0,20}<arg_key>([^<>]{1,200})</arg_key>\s{0,20}<arg_value>", re.I)
END_OF_ARGUMENT = "</arg_value>"
DECODER = json.JSONDecoder(strict=False)
NAMES = ("name", "tool_name", "function_name", "tool", "function")
ARGUMENTS = ("arguments", "parameters", "args", "input", "tool_input")
# What else stands in the objects of calls.
LABELS = frozenset({"id", "type", "index", "call_id", *NAMES, *ARGUMENTS})


OPENING = re.compile("|".join(map(re.escape, (*TAGS, *TOKENS))), re.I)
CLOSING = re.compile(
    r"</(?:tool_calls?|toolcall|function_calls?|function|minimax:tool_call|invoke)>"
    r"|<[|\uff5c]tool[_▁]calls?[_▁](?:section_)?end[|\uff5c]>",
    re.I,
)
# How objects begin that are calls, without blanks.
BEGINNINGS = (
    *(f'{{"{word}":"' for word in ("name", "tool_name", "function_name", "tool", "function")),
    '{"function":{',
    '{"type":"function"',
    '{"id":"call',
    '{"tool_calls":[',
    '{"arguments":{',
    '{"parameters":{',
)
NAMED = re.compile(
    r'"(?:name|tool_name|function_name|tool|function)"\s{0,9}:\s{0,9}"([^"\\]{0,200})"'
)
# In so many characters from its beginning a call has told its name, and from its end its closing.
HEAD, TAIL = 600, 200
FENCE = "```"


class WrittenCall(NamedTuple):
    """A call as it was written; `raw` is the piece of text it stood in."""

    name: str
    arguments: dict[str, Any]
    invalid: str
    raw: str


class HeldCalls:
    """Text that may be calls to its end; growing one string would copy it with every piece."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.head = self.tail = ""

    def add(self, text: str) -> None:
        """Add a piece."""
        self.parts.append(text)
        self.length += len(text)
        if len(self.head) < HEAD:
            self.head = (self.head + text)[:HEAD]
        self.tail = (self.tail + text)[-TAIL:]

    def take(self) -> str:
        """The whole text, which is not held any more."""
        text = "".join(self.parts)
        self.parts, self.length, self.head, self.tail = [], 0, "", ""
        return text

    def may_go_on(self, offered: OfferedTools) -> bool:
        """Whether it may still be calls and nothing else."""
        begins = may_be_call(self.head, offered) or may_be_tagged_call(self.head, offered)
        return begins and not ends_in_prose(self.tail)


class Untold(Exception):
    """This is no call, or more than calls."""


def may_be_call(text: str, offered: OfferedTools) -> bool:
    """Whether a text that begins like this may be calls as JSON, and nothing else."""
    head = text[:HEAD]
    if head.startswith(FENCE[: len(head)]):
        head = head[len(FENCE) :].lstrip("abcdefghijklmnopqrstuvwxyz_")
        if not head.strip():
            return True
    compact = "".join(head.split())
    compact = compact.removeprefix("[") or compact
    if not any(each.startswith(compact) or compact.startswith(each) for each in BEGINNINGS):
        return compact == "["
    return names_offered(head, offered)


def names_offered(head: str, offered: OfferedTools) -> bool:
    """Whether the first name in the beginning of an object is that of a tool, as far as it goes."""
    named = NAMED.search(head)
    return named is None or bool(offered.resolve(named[1]))


def may_be_tagged_call(text: str, offered: OfferedTools) -> bool:
    """Whether a text that begins like this may be calls between tags or tokens."""
    head = text[:HEAD]
    opening = OPENING.match(head)
    if opening is None:
        return False
    rest = head[opening.end() :].lstrip().lstrip("\"'")
    if rest[:1] in ("{", "["):
        return names_offered(rest, offered)
    name = NAME.match(rest)
    if name is None:
        return rest[:1] in ("", "<", "`")
    if name.end() == len(rest):
        return offered.may_begin(rest) or "functions.".startswith(rest)
    return bool(offered.resolve(name[0])) or name[0] == "function"


def ends_in_prose(tail: str) -> bool:
    """Whether something follows calls that have ended and is none."""
    end = 0
    for closing in CLOSING.finditer(tail):
        end = closing.end()
    after = tail[end:].lstrip() if end else ""
    return bool(after) and after[0] not in "<[{;`"


def read_calls(text: str, offered: OfferedTools, *, most: int) -> list[WrittenCall]:
    """The calls a text consists of; none unless all of it is calls of offered tools.

    A text that the model may have copied from what it read is none, either.
    """
    found: list[WrittenCall] = []
    place = 0
    try:
        while (place := skip_wrapping(text, place)) < len(text):
            start = place
            calls, place = read_one(text, place, offered)
            found += [call._replace(raw=text[start:place]) for call in calls]
            if len(found) > most:
                return []
    except (Untold, ValueError, RecursionError):
        return []
    named = [call._replace(name=offered.resolve(call.name)) for call in found]
    if not all(call.name for call in named) or any(offered.is_quoted(call.raw) for call in named):
        return []
    return named


def skip_wrapping(text: str, place: int) -> int:
    """The place behind everything that only surrounds calls."""
    while match := WRAPPING.match(text, place):
        place = match.end()
    return place


def read_one(text: str, place: int, offered: OfferedTools) -> tuple[list[WrittenCall], int]:
    """The calls that begin at a place, and where they end; raises `Untold`."""
    if text[place] in "{[":
        value, end = DECODER.raw_decode(text, place)
        return calls_of(value), end
    if match := FUNCTION.match(text, place) or INVOKE.match(text, place):
        return read_function(text, match, offered)
    if match := NAME.match(text, place):
        return read_named(text, match, offered)
    raise Untold


def calls_of(value: Any) -> list[WrittenCall]:
    """The calls in a value: an object, a list of them, or a list under a name."""
    if isinstance(value, dict) and isinstance(value.get("tool_calls"), list):
        value = value["tool_calls"]
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list) or not value:
        raise Untold
    return [call_of(each) for each in value]


def call_of(value: Any) -> WrittenCall:
    """The call an object describes."""
    if not isinstance(value, dict):
        raise Untold
    if isinstance(value.get("function"), dict):
        value = value["function"]
    if not value.keys() <= LABELS:
        # An object with a name and more is somebody's data.
        raise Untold
    name = next((value[word] for word in NAMES if isinstance(value.get(word), str)), "")
    arguments = next((value[word] for word in ARGUMENTS if word in value), None)
    if not name:
        raise Untold
    return call_with(name, arguments)


def call_with(name: str, arguments: Any) -> WrittenCall:
    """A call with arguments as text or as a value."""
    if isinstance(arguments, str):
        read, problem = read_arguments([arguments], None)
    else:
        read, problem = read_arguments([], arguments)
    return WrittenCall(name, read, problem, "")


def read_function(
    text: str, match: re.Match[str], offered: OfferedTools
) -> tuple[list[WrittenCall], int]:
    """A call as a tag, with JSON or a tag for each parameter in it."""
    name, begin = match[1], match.end()
    inner = skip_blanks(text, begin)
    if text.startswith("{", inner):
        value, end = DECODER.raw_decode(text, inner)
        return [call_with(name, value)], end
    stop = END_OF_FUNCTION.search(text, begin)
    end = stop.start() if stop else len(text)
    parts = list(PARAMETER.finditer(text, begin, end))
    if text[begin : parts[0].start() if parts else end].strip():
        raise Untold
    ends = [part.start() for part in parts[1:]] + [end]
    known = offered.properties(offered.resolve(name))
    arguments = {}
    for part, last in zip(parts, ends, strict=False):
        key = (part[1] or part[2]).strip()
        written = END_OF_PARAMETER.sub("", text[part.end() : last])
        arguments[key] = value_of(written, known.get(key))
    return [call_with(name, arguments)], end


def read_named(
    text: str, match: re.Match[str], offered: OfferedTools
) -> tuple[list[WrittenCall], int]:
    """A call as a bare name with its arguments behind it."""
    name, place = match[0], match.end()
    if ARGUMENT.match(text, place):
        arguments = {}
        known = offered.properties(offered.resolve(name))
        while part := ARGUMENT.match(text, place):
            end = text.find(END_OF_ARGUMENT, part.end())
            if end < 0:
                raise Untold
            key = part[1].strip()
            arguments[key] = value_of(text[part.end() : end], known.get(key))
            place = end + len(END_OF_ARGUMENT)
        return [call_with(name, arguments)], place
    between = BEFORE_ARGUMENTS.match(text, place)
    place = between.end() if between else place
    if text.startswith("{", place):
        value, end = DECODER.raw_decode(text, place)
        return [call_with(name, value)], end
    if between and between[0].strip() and skip_wrapping(text, place) == len(text):
        return [call_with(name, {})], place
    raise Untold


def skip_blanks(text: str, place: int) -> int:
    """The place of the next character that is none."""
    while place < len(text) and text[place].isspace():
        place += 1
    return place


def value_of(written: str, schema: Any) -> Any:
    """A parameter as its schema wants it: text as it stands, everything else as JSON."""
    text = written.removeprefix("\n").removesuffix("\n")
    kind = schema.get("type") if isinstance(schema, dict) else None
    if kind == "string":
        return text
    try:
        return DECODER.decode(text)
    except (ValueError, RecursionError):
        return text
