"""Pages of the handbook as they are read: Markdown as HTML, with nothing that acts.

Each is rendered once for each language, with addresses and anchors.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.text import slugify

from youworker.handbook.contents import file_of
from youworker.handbook.reference import doctor_table, settings_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

# Styles of elements are forbidden by the pages' policy, classes are not.
ALIGNMENTS = {"text-align:right": "end-aligned", "text-align:center": "center-aligned"}
OUTLINED = ("h2", "h3")
# What stands in a page where the product itself knows better.
GENERATED = {"{{ settings }}": settings_table, "{{ doctor }}": doctor_table}


@dataclass(frozen=True)
class Section:
    """What stands below one heading, as text; the first one of a page has no anchor."""

    anchor: str
    heading: str
    level: int
    text: str


@dataclass(frozen=True)
class Rendered:
    """A page as it is shown, and what is known about it."""

    title: str
    html: str
    sections: tuple[Section, ...]
    links: tuple[str, ...]

    @property
    def summary(self) -> str:
        """Its first paragraph."""
        return self.sections[0].text.partition("\n")[0]

    @property
    def anchors(self) -> frozenset[str]:
        """The places a link may lead to."""
        return frozenset(section.anchor for section in self.sections if section.anchor)

    @property
    def outline(self) -> tuple[Section, ...]:
        """Its chapters."""
        return tuple(section for section in self.sections if section.level == 2)  # noqa: PLR2004


def render(text: str, page: str = "") -> Rendered:
    """A page of the handbook from its Markdown; `page` is its name, which links start from."""
    parser = make_parser()
    tokens = parser.parse(text)
    title = take_title(tokens)
    links = tuple(point_links(tokens, page))
    name_headings(tokens)
    align_by_class(tokens)
    # HTML of the source is text, so all there is was made by the renderer.
    html = mark_safe(parser.renderer.render(tokens, parser.options, {}))  # noqa: S308
    return Rendered(title, html, tuple(sections_of(tokens)), links)


def make_parser() -> MarkdownIt:
    """The parser that answers are read with on the pages, as it exists for Python."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 -- 2 MiB, for who reads the handbook only

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.add_render_rule("fence", render_code)
    parser.add_render_rule("code_inline", render_name)
    parser.add_render_rule("table_open", open_table)
    parser.add_render_rule("table_close", close_table)
    return parser


def take_title(tokens: list[Token]) -> str:
    """The first heading, which the page's frame shows; it is taken out."""
    if not tokens or tokens[0].tag != "h1":
        raise ValueError("A page of the handbook begins with its title.")
    title = plain(tokens[1])
    del tokens[:3]
    return title


def plain(inline: Token) -> str:
    """The text of a line without its marks."""
    parts = (
        " " if child.type in {"softbreak", "hardbreak"} else child.content
        for child in inline.children or ()
    )
    return "".join(parts)


def point_links(tokens: Sequence[Token], page: str) -> Iterator[str]:
    """Lead links between files to the pages they become; yields where each link leads."""
    for token in tokens:
        for child in token.children or ():
            if child.type != "link_open":
                continue
            address = address_of(str(child.attrGet("href") or ""), page)
            child.attrSet("href", address)
            if "://" in address:
                child.attrSet("rel", "noopener noreferrer")
            yield address


def address_of(link: str, page: str) -> str:
    """Where a link of a page leads: `tools.md#who` is another page, `#who` a place of this one."""
    path, mark, anchor = link.partition("#")
    if "://" in link or not path.endswith(".md"):
        return link
    name = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
    return reverse("help-page", args=[name.removesuffix(".md")]) + mark + anchor


def name_headings(tokens: Sequence[Token]) -> None:
    """Give each heading the anchor of its words; a number tells equal ones apart."""
    seen: dict[str, int] = {}
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            name = slugify(plain(inline)) or "section"
            seen[name] = seen.get(name, 0) + 1
            token.attrSet("id", name if seen[name] == 1 else f"{name}-{seen[name]}")


def align_by_class(tokens: Sequence[Token]) -> None:
    """Name the alignment of cells instead of styling them."""
    for token in tokens:
        style = token.attrs.pop("style", None)
        if style in ALIGNMENTS:
            token.attrJoin("class", ALIGNMENTS[str(style)])


def sections_of(tokens: Sequence[Token]) -> Iterator[Section]:
    """The text of a page by its headings, one line for each block."""
    anchor, heading, level = "", "", 1
    lines: list[str] = []
    is_heading = False
    for token in tokens:
        if token.type == "heading_open" and token.tag in OUTLINED:
            yield Section(anchor, heading, level, "\n".join(lines))
            anchor, level, lines = str(token.attrGet("id")), int(token.tag[1]), []
            is_heading = True
        elif token.type == "inline" and is_heading:
            heading, is_heading = plain(token), False
        elif token.type == "inline":
            lines.append(plain(token))
        elif token.type == "fence":
            lines.append(token.content)
    yield Section(anchor, heading, level, "\n".join(lines))


def render_code(
    _renderer: RendererHTML,
    tokens: Sequence[Token],
    at: int,
    _options: OptionsDict,
    _env: EnvType,
) -> str:
    """A block of code that scrolls by keyboard, too."""
    code = escape(tokens[at].content)
    return f'<div class="code-block"><pre tabindex="0" dir="ltr"><code>{code}</code></pre></div>\n'


def render_name(
    _renderer: RendererHTML,
    tokens: Sequence[Token],
    at: int,
    _options: OptionsDict,
    _env: EnvType,
) -> str:
    """Code in a line; long names may go on in the next line behind an underscore."""
    return f"<code>{escape(tokens[at].content).replace('_', '_<wbr>')}</code>"


def open_table(*_given: Any) -> str:
    """A table that scrolls where it is wider than the page."""
    return '<div class="table-scroll" tabindex="0"><table class="table">\n'


def close_table(*_given: Any) -> str:
    """The end of such a table."""
    return "</table></div>\n"


@dataclass(frozen=True)
class ReadPage:
    """A page in the language it exists in."""

    name: str
    language: str
    content: Rendered


@cache
def read_page(name: str, language: str) -> ReadPage:
    """A page in a language, or else in English; files change with the product only."""
    file, found = file_of(name, language)
    text = file.read_text(encoding="utf-8")
    for mark, made in GENERATED.items():
        if mark in text:
            text = text.replace(mark, made())
    return ReadPage(name, found, render(text, name))
