"""What is defined in source code, so that a passage begins with a definition and names it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

from tree_sitter import Language, Parser, Query, QueryCursor

from ingestion.parsing.types import Heading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tree_sitter import Node

# Of hand-written files none comes near; what a program wrote has nothing to quote.
LONGEST_CODE = 1_000_000
# What is no code, whatever its name says, may take a parser long; it is text without an outline.
SECONDS = 2.0
MOST_DEFINITIONS = 5_000
LONGEST_NAME = 100
MOST_ABOUT = 100
# Each name that is compared is read as one of these.
CHUNK = 1024
# Parts of one that a parser could not make sense of; the search's time grows with their square.
MOST_UNREAD = 2_000
# Begun at the same time.
MOST_MATCHES = 1_000
DEFINITION = "definition."

# Passages begin with these kinds; further ones (constants, fields) are lines inside of them.
KINDS = ("class", "function", "interface", "macro", "method", "module", "type")
# Nodes around a definition, or around its name, that belong to it and may begin on a line before.
AROUND = {
    "decorated_definition",
    "export_statement",
    "function_definition",
    "template_declaration",
}
# Nodes before a definition that are about it.
ABOUT = {"attribute_item", "comment", "line_comment", "block_comment", "decorator"}

C_SHARP = """
(class_declaration name: (identifier) @name) @definition.class
(struct_declaration name: (identifier) @name) @definition.class
(record_declaration name: (identifier) @name) @definition.class
(enum_declaration name: (identifier) @name) @definition.class
(interface_declaration name: (identifier) @name) @definition.interface
(constructor_declaration name: (identifier) @name) @definition.method
(method_declaration name: (identifier) @name) @definition.method
(namespace_declaration name: (_) @name) @definition.module
"""


@dataclass(frozen=True, slots=True)
class Grammar:
    """A language by its package, and by the packages whose queries name its definitions."""

    package: str
    function: str = "language"
    queries: tuple[str, ...] = ()
    query: str = ""


JAVASCRIPT = Grammar("tree_sitter_javascript")
TYPESCRIPT = ("tree_sitter_javascript", "tree_sitter_typescript")
CPP = Grammar("tree_sitter_cpp")
# By the endings of names. A header may be of either language; C++ reads most of C.
GRAMMARS = {
    "py": Grammar("tree_sitter_python"),
    "pyi": Grammar("tree_sitter_python"),
    "js": JAVASCRIPT,
    "mjs": JAVASCRIPT,
    "cjs": JAVASCRIPT,
    "jsx": JAVASCRIPT,
    "ts": Grammar("tree_sitter_typescript", "language_typescript", TYPESCRIPT),
    "mts": Grammar("tree_sitter_typescript", "language_typescript", TYPESCRIPT),
    "tsx": Grammar("tree_sitter_typescript", "language_tsx", TYPESCRIPT),
    "java": Grammar("tree_sitter_java"),
    "c": Grammar("tree_sitter_c"),
    "h": CPP,
    "hh": CPP,
    "hpp": CPP,
    "cc": CPP,
    "cpp": CPP,
    "cxx": CPP,
    "go": Grammar("tree_sitter_go"),
    "rs": Grammar("tree_sitter_rust"),
    "rb": Grammar("tree_sitter_ruby"),
    "php": Grammar("tree_sitter_php", "language_php"),
    "cs": Grammar("tree_sitter_c_sharp", query=C_SHARP),
}


def outline(text: str, name: str) -> list[Heading]:
    """The definitions of a file as headings, nested as they are; none where `name` tells no code.

    None as well when it takes too long: what strangers call code may be anything.
    """
    grammar = GRAMMARS.get(name.rpartition(".")[2].lower()) if "." in name else None
    if grammar is None or len(text) > LONGEST_CODE:
        return []
    data = text.encode("utf-8", "replace")
    found = sorted(definitions(data, grammar))
    offsets = character_offsets(data, [start for start, _, _ in found])
    headings, ends = list[Heading](), list[int]()
    for (start, end, title), offset in zip(found, offsets, strict=True):
        while ends and ends[-1] <= start:
            ends.pop()
        ends.append(end)
        headings.append(Heading(offset, len(ends), title))
    return headings


def definitions(data: bytes, grammar: Grammar) -> Iterator[tuple[int, int, str]]:
    """Where each definition begins and ends, in bytes, and its name."""
    language, query = compiled(grammar)
    deadline = time.monotonic() + SECONDS

    def read(offset: int, _place: object) -> bytes:
        return data[offset : offset + CHUNK]

    def takes_long(*_: object) -> bool:
        return time.monotonic() > deadline

    try:
        tree = Parser(language).parse(read, progress_callback=takes_long)
    except ValueError:
        # It was stopped.
        return
    if not is_understood(tree.root_node):
        return
    seen = set[int]()
    for _, captures in QueryCursor(query, match_limit=MOST_MATCHES).matches(tree.root_node):
        kind = next((key for key in captures if key.startswith(DEFINITION)), "")
        if kind.removeprefix(DEFINITION) not in KINDS or "name" not in captures:
            continue
        node, name = whole(captures[kind][0]), captures["name"][0]
        start = start_of(node, data)
        if start in seen:
            continue
        seen.add(start)
        title = data[name.start_byte : name.end_byte].decode("utf-8", "replace")
        yield start, node.end_byte, " ".join(title.split())[:LONGEST_NAME]
        if len(seen) == MOST_DEFINITIONS:
            return


@lru_cache(maxsize=4)
def compiled(grammar: Grammar) -> tuple[Language, Query]:
    """A language, and what finds its definitions."""
    language = Language(getattr(import_module(grammar.package), grammar.function)())
    packages = grammar.queries or (grammar.package,)
    query = grammar.query or "\n".join(import_module(name).TAGS_QUERY for name in packages)
    return language, Query(language, query)


def is_understood(root: Node) -> bool:
    """Whether there is no long stretch that is no code of the language."""
    pending = [root]
    while pending:
        node = pending.pop()
        if node.is_error and node.child_count > MOST_UNREAD:
            return False
        pending += [child for child in node.children if child.has_error]
    return True


def whole(node: Node) -> Node:
    """A definition with the statement that it is in: `export`, `template <…>`, `@decorated`."""
    while (parent := node.parent) is not None and parent.type in AROUND:
        node = parent
    return node


def start_of(node: Node, data: bytes) -> int:
    """Where the first line of a definition begins, in bytes: that of comments right above it."""
    first = node
    for _ in range(MOST_ABOUT):
        before = first.prev_sibling
        if before is None or before.type not in ABOUT:
            break
        if before.end_point.row < first.start_point.row - 1:
            break
        first = before
    return data.rfind(b"\n", 0, first.start_byte) + 1


def character_offsets(data: bytes, offsets: Sequence[int]) -> list[int]:
    """Offsets in bytes, in order, as offsets in characters."""
    found, last, count = list[int](), 0, 0
    for offset in offsets:
        count += len(data[last:offset].decode("utf-8", "replace"))
        last = offset
        found.append(count)
    return found
