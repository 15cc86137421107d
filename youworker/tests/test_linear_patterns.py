"""What reads texts of strangers takes time in proportion to their length, whatever they hold."""

import importlib
import itertools
import pkgutil
import re
import sys
import time
from re import _constants as codes
from re import _parser

import pytest

import documents.quoting
import documents.search
import ingestion.parsing
import ingestion.web
import mcp.builtin
from chat.agent import prompt, tool_selection
from chat.agent.exceptions import AgentError
from chat.agent.types import ToolSchema
from chat.llm import openai as model_servers
from chat.llm import quote as quote_model
from chat.llm.openai.arguments import read_arguments
from chat.llm.openai.offered_tools import OfferedTools
from chat.llm.openai.stream_reader import AnswerReader, Question
from chat.llm.openai.written_calls import read_calls
from documents import joined_numbers, language, letters, text, unspaced
from documents.quoting import questions, sentence_ranking, sentences, words
from ingestion.parsing import (
    declared,
    decoding,
    escapes,
    guessing,
    json_text,
    markdown,
    notebook,
    sniffing,
    splitting,
    webpage,
)
from ingestion.parsing.mail import bodies, headers
from ingestion.parsing.types import Extract, ParseFailed
from mcp import negotiation, secrecy, sessions
from mcp.builtin import italian
from youworker.core import unicode
from youworker.upstream import errors
from youworker.upstream.endpoint import Limits

pytestmark = pytest.mark.slow

ATTEMPTS = 5
# Grows slowly at first, so that a pattern of exponential cost is told before it hangs.
LENGTHS = (10, 14, 18, 22, 30, 45, 60, 80, 100, 120, 140, 160, 180, 200, 250, 1000, 6000)
# As many times the cost of a plain scan may every character have. Patterns with a fixed window
# come to about 40, functions to 300 for the calls in them; at 6,000 characters, whatever looks at
# each as often as there are others comes to thousands.
MOST = 150
MOST_OF_FUNCTIONS = 1200
# A member of each class of characters.
EXAMPLES = {"SPACE": " ", "DIGIT": "1", "WORD": "a", "NOT_SPACE": "a", "NOT_WORD": " "}
MOST_PIECES = 9
# Where a part of a pattern keeps the pattern inside it.
PLACES = dict.fromkeys(("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"), 2) | {
    "SUBPATTERN": 3,
    "ASSERT": 1,
    "ASSERT_NOT": 1,
}


def modules():
    """Every module that reads what strangers wrote."""
    yield from (text, language, letters, unspaced, joined_numbers, unicode)
    yield from (errors, prompt, tool_selection, negotiation, sessions, secrecy)
    packages = (
        ingestion.parsing,
        ingestion.web,
        documents.search,
        documents.quoting,
        mcp.builtin,
        quote_model,
        model_servers,
    )
    for package in packages:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(found.name)


def patterns():
    """The patterns of these modules, each under its name."""
    for module in modules():
        for name, value in vars(module).items():
            many = tuple(value.values()) if isinstance(value, dict) else value
            for number, one in enumerate(many if isinstance(many, tuple) else (many,)):
                if isinstance(one, re.Pattern):
                    yield pytest.param(one, id=f"{module.__name__}.{name}-{number}")


def pieces_of(pattern):
    """The literal runs of a pattern and examples of its classes."""
    found, run = [], ""
    for kind, char in walk(_parser.parse(pattern.pattern, pattern.flags)):
        if kind == "literal":
            run += char
        else:
            found += [run, char]
            run = ""
    found = [piece for piece in [*found, run] if piece]
    return list(dict.fromkeys([*found, " ", "x", "\n"]))[:MOST_PIECES]


def walk(parsed):
    """The literals and examples of classes, in order."""
    for code, value in parsed:
        if code is codes.LITERAL:
            yield "literal", chr(value)
        elif code is codes.IN:
            yield "class", example_of(value)
        elif code in (codes.ANY, codes.NOT_LITERAL):
            yield "class", "x"
        for part in parts_of(code, value):
            yield "class", ""
            yield from walk(part)
            yield "class", ""


def parts_of(code, value):
    """The patterns inside a part of a pattern."""
    if code is codes.BRANCH:
        return value[1]
    if code is codes.ATOMIC_GROUP:
        return [value]
    return [value[PLACES[str(code)]]] if str(code) in PLACES else []


def example_of(members):
    """A character of a class."""
    if members[0][0] is codes.NEGATE:
        return "x"
    kind, value = members[0]
    if kind is codes.LITERAL:
        return chr(value)
    if kind is codes.RANGE:
        return chr(value[0])
    return EXAMPLES[str(value).removeprefix("CATEGORY_")]


def hostile(pieces):
    """Makers of texts that grow: one or two pieces repeated, with a piece before and one after."""
    for first, second in itertools.product(["", *pieces, "".join(pieces)], pieces):
        for end in ("", "x"):
            yield lambda n, a=first, b=second, z=end: grown(a, b, n) + z
            yield lambda n, a=first, b=second, z=end: grown("", a + b, n) + z
            yield lambda n, a=first, b=second, z=end: grown("", b, n) + a + z


def grown(start, piece, length):
    """A start and as many whole pieces as fit."""
    return start + piece * (length // len(piece))


def seconds(function, argument):
    """The processor time of this thread, which other processes do not lengthen.

    Without the measurement of coverage: it makes our code slower, not the scan it is compared with.
    """
    trace = sys.gettrace()
    sys.settrace(None)
    try:
        began = time.thread_time()
        function(argument)
        return time.thread_time() - began
    finally:
        sys.settrace(trace)


PLAIN = re.compile("(?:a|b)*?c")


def plain_scan():
    """What a plain scan costs per character at this moment, in seconds."""
    length = 100_000
    return min(seconds(PLAIN.fullmatch, "a" * length) for _ in range(3)) / length


@pytest.fixture(scope="module")
def unit():
    """What a plain scan costs per character, measured once for all that is clearly cheaper."""
    return plain_scan()


def require_linear(function, makers, most, unit):
    """Fail when a character of a text costs more than so many of a plain scan."""
    for make, length in itertools.product(makers, LENGTHS):
        argument = make(length)
        # A fixed part: a call costs as much as some characters.
        allowed = most * (len(argument) + 60)
        if seconds(function, argument) <= allowed * unit:
            continue
        # Again before it counts, both at the same moment: a cache may have been cold, and a busy
        # machine is slow for a while.
        if not any(seconds(function, argument) <= allowed * plain_scan() for _ in range(ATTEMPTS)):
            pytest.fail(f"{len(argument)} characters take too long: {argument[:60]!r}…")


def as_given(pattern):
    """Texts as the pattern takes them, characters or bytes."""
    if isinstance(pattern.pattern, bytes):
        return lambda made: made.encode("latin-1", "replace")
    return lambda made: made


@pytest.mark.parametrize("pattern", list(patterns()))
def test_every_pattern_takes_linear_time(pattern, unit):
    convert = as_given(pattern)

    def use(made):
        given = convert(made)
        pattern.fullmatch(given)
        for _ in pattern.finditer(given):
            pass

    require_linear(use, hostile(pieces_of(pattern)), MOST, unit)


def kind(made):
    try:
        sniffing.kind_of(b"." + made.encode(), "a.bin")
        sniffing.kind_of(made.encode(), "a.html")
    except ParseFailed:
        pass


def read_page(made):
    webpage.divide(made)
    webpage.bare_text(made)


def read_declared(made):
    data = made.encode()
    decoding.decode(data, declared=declared.declared_by_page(data))
    declared.declared_by_text(data)


def read_mail(made):
    list(headers.split_mailbox(made.encode()))
    headers.decode_header(made.encode())
    bodies.unflowed(made, deletes_spaces=False)


def read_structured(made):
    json_text.read_json(made.encode(), "")
    json_text.laid_out(made)
    escapes.unescaped_strings(made)
    escapes.unescaped_letters(made)
    escapes.unescaped_references(made)


def recognise(made):
    """All but the detector itself, which has a fixed cost and is given some KiB at most."""
    data = made.encode("latin-1", "replace")
    for look in (guessing.escaped_encoding, guessing.wide_encoding, guessing.sample):
        look(data)


def split(made):
    splitting.split(Extract(made, headings=markdown.headings_of(made)))


def quote(made):
    asked = questions.single_question(made, words.reader_of("en"))
    sentence_ranking.best_quotes(asked, [sentence_ranking.Passage(1, made, made)])


OFFERED = OfferedTools([ToolSchema("a", "", {"type": "object"})])


def read_answer(made):
    """The text of an answer, in the pieces that models say it in."""
    reader = AnswerReader(Limits(), Question(OFFERED))
    for start in range(0, len(made), 4):
        reader.take_text(made[start : start + 4], [])
    reader.text.rest()


def read_stream(made):
    reader = AnswerReader(Limits())
    try:
        reader.feed(made.encode())
        reader.end({})
    except AgentError:
        pass


READERS = [
    (read_answer, ["<think>", "</think>", "`", "<|channel|>", "to=", "<tool_call>", '{"name":']),
    (read_answer, ["[TOOL_CALLS]", "<function=a>", "<parameter=b>", "<|message|>", "`" * 3]),
    (read_stream, ["data: ", "\n", "\r", "{", "event: error", "error: ", "<", ":"]),
    (lambda made: read_arguments([made], None), ["{", "`" * 3, "}", '"', "<|a|>", "json"]),
    (
        lambda made: read_calls(made, OFFERED, most=64),
        ["<tool_call>", "<function=a>", "<parameter=b>", "</parameter>", "{}", "a", "<arg_key>"],
    ),
    (errors.said_by_server, ["sk-", "Bearer ", "a", "1", "-"]),
    (kind, ["<!--", "-->", "<?xml ", "<!doctype ", "<html", "From: ", "%"]),
    (read_declared, ["<meta ", "charset", "=", '"', "\r", "<!--", "<?xml ", "encoding"]),
    (read_mail, ["=?utf-8?q?", "?=", ">", "From ", ": ", "\n\n", "--b", "Content-Type: a/b;c="]),
    (recognise, ["~{", "\x1b$B", "\x00", "\xe9", "\xe4\xf6", "a", "\xff\xfe"]),
    (markdown.without_markup, ["#", "|", "-", "[", "](", ")", "*", "`", "`" * 3, '"']),
    (markdown.without_escapes, ["`", "\\", "*", "|", " "]),
    (markdown.headings_of, ["# ", "#", "[a](b)", "*", "`" * 3, "\\"]),
    (split, ["# a\n", "\n", ".", "'", ";", "\u3002"]),
    (
        read_page,
        ["<head>", "</head", "<title>", "</title", "<body", "<!--", "<a b=", "&#", "<![", ">"],
    ),
    (read_structured, ["[", "1", '"', "\\u0041", "\\", "{", ",", "&#", "&amp;", ";", "]"]),
    (lambda made: notebook.printed(notebook.fenced(made)), ["`", "\r", "\x1b[", "0;"]),
    (language.identify, ["the ", "1", "-", "\u4e00"]),
    (text.indexable, ["aB", ".", "-", "--a", "a_", "C++", "#", "/"]),
    (
        text.indexable,
        ["e\u0301", "\u00ad", "\u00b2", "\ufb01", "\uff21", "\u4e00", "\u0e01", "\u0e49"],
    ),
    (text.indexable, ["DE89", "3704", "A", "+49", "(0)", "00", "\u1780\u17d2", "\u1039"]),
    (unicode.clean_name, ["e\u0301", "\u200d", "\ufe0f", "\u2764", "\u094d", "\u0627"]),
    (sentences.split_sentences, [".", "!", " ", "\n", "A", "\u00ab", "\u3002"]),
    (lambda made: sentences.content_words(made, "de"), ["ab_", "\u4e00", "[1]", "](", "ung "]),
    (quote, ["abc. ", "Abc ", "\n\n", ".", "ignore ", "log("]),
    (italian.in_english, ["un ", "1:00", "alle ", "lunedi", "mezz'ora", "l'altro ieri"]),
]


@pytest.mark.slow
@pytest.mark.parametrize(("read", "pieces"), READERS)
def test_every_reader_takes_linear_time(read, pieces, unit):
    require_linear(read, hostile([*pieces, " ", "\n", "x"]), MOST_OF_FUNCTIONS, unit)
