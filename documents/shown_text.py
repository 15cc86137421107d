"""In which form the text of a document is shown: as Markdown, lines, a table, or source code."""

from __future__ import annotations

import csv
import re

# Its tables are as somebody wrote them.
MARKDOWN = "text/markdown"
TABLES = ("text/csv", "text/tab-separated-values")
# Formats whose parsed text is not Markdown.
PLAIN = (
    "text/plain",
    *TABLES,
    "text/vtt",
    "text/x-tex",
    "text/calendar",
    "text/vcard",
    "application/x-subrip",
    "message/",
    "application/vnd.ms-outlook",
    "application/vnd.ms-tnef",
    "application/json",
    "application/xml",
    "application/yaml",
    "application/toml",
    "application/pdf",
    "application/mbox",
    "image/",
)
# Of files that are text for people as well, those whose lines and columns mean something: the
# ending is what the page's highlighter knows the language by.
PROGRAMS = {
    *("bash", "c", "cc", "cjs", "cpp", "cs", "cxx", "go", "h", "hh", "hpp", "java", "js", "jsx"),
    *("kt", "kts", "lua", "mjs", "mts", "php", "ps1", "psm1", "py", "pyi", "r", "rb", "rs"),
    *("scala", "sh", "sql", "swift", "ts", "tsx"),
}
CODE = PROGRAMS | {
    *("conf", "css", "diff", "ini", "json", "jsonc", "jsonl", "patch", "properties", "toml"),
    *("xml", "yaml", "yml"),
}
CODE_FORMS = ("text/plain", *(f"application/{form}" for form in ("json", "xml", "yaml", "toml")))
SEPARATORS = ",;\t"
FENCE = re.compile(r"`{3,}")
FEWEST_COLUMNS = 2
# Wider ones are data for programs.
MOST_COLUMNS = 100


def is_plain(mime: str) -> bool:
    """Whether the text of a format is lines of letters, and no Markdown."""
    return mime.startswith(PLAIN)


def code_language(name: str, mime: str) -> str:
    """The language of a file of source code, as Markdown names it; empty for other files."""
    ending = name.rpartition(".")[2].lower()
    return ending if ending in CODE and mime.startswith(CODE_FORMS) else ""


def program_language(name: str) -> str:
    """The language of a file that defines things for programs, by its name; empty for others."""
    ending = name.rpartition(".")[2].lower()
    return ending if "." in name and ending in PROGRAMS else ""


def fenced(code: str, language: str) -> str:
    """Source code as a block of Markdown, whatever signs it has itself."""
    longest = max((len(fence) for fence in FENCE.findall(code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{code}\n{fence}"


def table_of(text: str, *, head: str) -> list[list[str]]:
    """The rows of separated values, all as wide as `head`, their first line; none if they differ.

    A text from the middle of a file has no head, which is put before it.
    """
    first = head.partition("\n")[0].strip()
    separator = max(SEPARATORS, key=first.count)
    lines = text.splitlines(keepends=True)
    if lines and lines[0].strip() != first:
        lines.insert(0, f"{first}\n")
    try:
        rows = [row for row in csv.reader(lines, delimiter=separator, strict=True) if row]
    except csv.Error:
        return []
    width = len(rows[0]) if rows else 0
    if not FEWEST_COLUMNS <= width <= MOST_COLUMNS or any(len(row) > width for row in rows):
        return []
    return [row + [""] * (width - len(row)) for row in rows]
