"""What of a web page is its content: without navigation, banners, footers and notices."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import lxml.html
from lxml import etree

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# What wraps the content, if a page has exactly one; within it headers and footers are its own.
MAIN = "//main|//*[@role='main']|//*[@id='content' or @id='main-content' or @id='page-content']"
# Parts of a page that say themselves what they are.
FURNITURE = (
    "//nav|//dialog|//template|//noscript|//iframe|//form[.//input[@type='search']]"
    "|//*[@role='navigation' or @role='search' or @role='banner' or @role='contentinfo'"
    " or @role='menu' or @role='menubar' or @role='dialog' or @role='alertdialog'"
    " or @role='toolbar' or @role='tablist' or @role='complementary']"
    "|//*[@hidden]|//*[contains(translate(@style, ' ', ''), 'display:none')]"
    "|//header[not(ancestor::article or ancestor::main or ancestor::section)]"
    "|//footer[not(ancestor::article or ancestor::section)]|//aside[not(ancestor::article)]"
)
# By what their authors call them: the id, or a whole word of the class.
NAMES = re.compile(
    r"nav|navbar|docnav|navheader|navfooter|navigation|navpanel|navpath|nav-?links?|nav-?bar|menu|menubar"
    r"|sidebar|sphinxsidebar|sphinxsidebarwrapper|side-?nav|toc|table-?of-?contents"
    r"|breadcrumbs?|related|pager|pagination|footer|site-?footer|page-?footer|site-?header"
    r"|masthead|top-?nav|bottom-?nav|subnav|skip-?(?:to|link|nav)|skip-to-content"
    r"|(?:cookie|gdpr|consent|privacy)s?-?(?:banner|notice|bar|consent|law|info|popup|message"
    r"|overlay|modal|dialog|disclaimer|policy-?banner)|cc-window|newsletter"
    r"|social|share|sharing|adverts?|ads|banner|sponsors?"
    r"|searchbox|search-?form|searchmenu|search-?box|language-?selector|lang-?switch(?:er)?"
    r"|edit-?(?:this-?)?page|rst-versions|rst-footer-buttons|toplang|bottomlang|quickview",
    re.I,
)
# Classes only: an id may be made of a heading.
CLASSES = re.compile(
    r"cookies?-\S+|gdpr\S*|skip-?(?:to|link|nav)\S*|social-\S+|share-\S+|advert\S*"
    r"|newsletter\S*|modal|popup|overlay|toast|headerlink|permalink|MsoToc\d",
    re.I,
)
# A class of the whole page may be called by what is in it, as `has-sidebar` or `nav`.
NEVER = {
    "html",
    "body",
    "main",
    "article",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "pre",
    "code",
    "td",
    "section",
}
CALLED_BY_ID = {"div", "ul", "ol", "table", "p", "aside", "header", "footer", "form"}
# A part that holds more of the text than this is no furniture, whatever it is called.
MOST_OF_A_PAGE = 0.6
# What has to be left after all; less means that the page was understood wrongly.
LEAST_LEFT = 0.2
LEAST_LEFT_OF_FEW = 0.5
FEW_LETTERS = 200
# Lists and tables of nothing but links: menus. Long texts in links are contents of their own.
LINKED = 0.9
SHORT_LINK = 60
# A tree that lost this share of the text while it was parsed is not believed.
WHOLE = 0.98
MENUS = {"ul", "ol", "table", "p", "div", "center"}
FEWEST_LINKS = 2
LONGEST_NAME = 60
# More elements than this that call themselves the content are none.
MOST_MAINS = 20
# Where words of neighbours do not run into each other.
BLOCKS = {
    *("p", "div", "li", "tr", "br", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "section", "table"),
    *("td", "th", "dt", "dd", "article", "blockquote", "figure", "option"),
}


def content_of_page(page: str, letters: int) -> str:
    """The page with its content only; as it came when that cannot be told apart.

    `letters` are those of `tree_of`.
    """
    root = tree_of(page, letters)
    if root is None:
        return page
    measures = Measures(root)
    whole = measures.letters[root]
    content = main_part(root, measures)
    drop(furniture_of(root, content, measures))
    drop(menus_at_the_edges(content))
    if not is_enough(letters_in(content.text_content()), whole):
        return page
    return str(lxml.html.tostring(content, encoding="unicode", with_tail=False))


def tree_of(page: str, letters: int) -> HtmlElement | None:
    """The tree of a page without its head and scripts; none when it is not all of the page.

    `letters` is how many a reader of the whole page finds: what is nested too deeply for a tree
    is cut off by the parser.
    """
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = lxml.html.document_fromstring(page.encode(errors="replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None
    # A head stands in the tree of a page that has none, too.
    drop(root.xpath("//script|//style|//head"))
    return root if letters_in(root.text_content()) >= letters * WHOLE else None


def is_enough(left: int, whole: int) -> bool:
    """Whether so many letters of a page are its content; few are, when they are most of it."""
    return left >= whole * (LEAST_LEFT if left >= FEW_LETTERS else LEAST_LEFT_OF_FEW)


class Measures:
    """How many letters each element of a tree holds, and how many of them are in links.

    All are counted in one walk: asked for one by one, nested elements would be read again and
    again.
    """

    def __init__(self, root: HtmlElement) -> None:
        self.letters: dict[HtmlElement, int] = {}
        self.linked: dict[HtmlElement, int] = {}
        self.links: dict[HtmlElement, list[int]] = {}
        for _, element in etree.iterwalk(root, events=("end",)):
            letters, linked, links = letters_in(element.text), 0, [0, 0]
            for child in element:
                if child not in self.letters:
                    continue
                letters += self.letters[child] + letters_in(child.tail)
                linked += self.linked[child]
                count, longest = self.links[child]
                links = [links[0] + count, max(links[1], longest)]
            if element.tag == "a":
                linked, links = letters, [1, letters]
            self.letters[element], self.linked[element] = letters, linked
            self.links[element] = links

    def is_menu(self, element: HtmlElement) -> bool:
        """Whether an element holds several short links, and hardly anything else."""
        count, longest = self.links[element]
        is_linked = self.linked[element] >= self.letters[element] * LINKED
        return (
            element.tag in MENUS and count >= FEWEST_LINKS and longest <= SHORT_LINK and is_linked
        )


def letters_in(text: str | None) -> int:
    """How many letters and digits a text has."""
    return sum(map(str.isalnum, text)) if text else 0


def main_part(root: HtmlElement, measures: Measures) -> HtmlElement:
    """The one element that says it is the content and holds a good deal of the text."""
    found = root.xpath(MAIN)
    outermost = [one for one in found[:MOST_MAINS] if not within(one, set(found))]
    if len(outermost) == 1 and len(found) <= MOST_MAINS:
        enough = measures.letters[root] * LEAST_LEFT
        return outermost[0] if measures.letters[outermost[0]] >= enough else root
    return root


def within(element: HtmlElement, others: set[HtmlElement]) -> bool:
    """Whether an element stands in one of the others."""
    return any(parent in others for parent in element.iterancestors())


def furniture_of(root: HtmlElement, content: HtmlElement, measures: Measures) -> list[HtmlElement]:
    """The parts that are no content by what they are or are called."""
    most = measures.letters[root] * MOST_OF_A_PAGE
    kept = {content, *content.iterancestors()}
    found = [*root.xpath(FURNITURE), *filter(is_called_furniture, root.xpath("//*[@class or @id]"))]
    return [one for one in found if one not in kept and measures.letters.get(one, 0) <= most]


def is_called_furniture(element: HtmlElement) -> bool:
    """Whether the class or the id of an element says that it is no content."""
    if element.tag in NEVER:
        return False
    names = [name for name in element.get("class", "").split() if len(name) <= LONGEST_NAME]
    if "section" in names or is_docbook_sidebar(element, names):
        return False
    if any(NAMES.fullmatch(name) or CLASSES.fullmatch(name) for name in names):
        return True
    key = element.get("id", "") if element.tag in CALLED_BY_ID else ""
    return len(key) <= LONGEST_NAME and bool(NAMES.fullmatch(key))


def is_docbook_sidebar(element: HtmlElement, names: list[str]) -> bool:
    """Whether this is a digression of a book, which has a title page of its own in DocBook."""
    return "sidebar" in names and any(child.get("class") == "titlepage" for child in element)


def menus_at_the_edges(content: HtmlElement) -> list[HtmlElement]:
    """Tables and lists of nothing but short links, before and behind all other text."""
    measures = Measures(content)
    # For each piece of text, in order, the outermost menu in which it stands.
    pieces: list[HtmlElement | None] = []
    menu: HtmlElement | None = None
    for event, element in etree.iterwalk(content, events=("start", "end")):
        if event == "start":
            if menu is None and element is not content and measures.is_menu(element):
                menu = element
            if letters_in(element.text):
                pieces.append(menu)
            continue
        if element is menu:
            menu = None
        if element is not content and letters_in(element.tail):
            pieces.append(menu)
    leading = itertools.takewhile(lambda one: one is not None, pieces)
    trailing = itertools.takewhile(lambda one: one is not None, reversed(pieces))
    return [one for one in dict.fromkeys((*leading, *trailing)) if one is not None]


def drop(elements: list[HtmlElement]) -> None:
    """Take elements out of their tree; what follows each stays."""
    for element in elements:
        if element.getparent() is not None:
            element.drop_tree()
