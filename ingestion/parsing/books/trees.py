"""Parts of a book as trees whose elements have no namespaces."""

from __future__ import annotations

import html
import re

from lxml import etree

from ingestion.parsing.declared import declared_by_page
from ingestion.parsing.decoding import decode
from ingestion.parsing.page_content import WHOLE, letters_in
from ingestion.parsing.webpage import bare_text

# What XML itself knows. All others belong to a document type, which is not fetched.
NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z][A-Za-z0-9]{1,31};")
DECLARATION = re.compile(r"\A\s*+<\?xml\b[^>]*+>")
# Characters that no tree takes.
FOREIGN = re.compile("[\x0c\ufffe\uffff]")
PARSED = {"encoding": "utf-8", "remove_comments": True, "remove_pis": True, "huge_tree": True}


def tree_of(data: bytes) -> etree._Element | None:
    """A part as a tree, as a web page when it is no sound XML; none when nothing is in it."""
    text = decode(data, declared=declared_by_page(data)).text
    page = FOREIGN.sub(" ", DECLARATION.sub("", text))
    named = NAMED.sub(lambda found: html.unescape(found[0]), page).encode(errors="replace")
    try:
        root = etree.fromstring(
            named, etree.XMLParser(resolve_entities=False, no_network=True, **PARSED)
        )
    except etree.XMLSyntaxError:
        return tree_of_page(page)
    return without_namespaces(root)


def tree_of_page(page: str) -> etree._Element | None:
    """A part that is no XML as a tree; as lines when it is nested so deeply that text is lost."""
    content = page.encode(errors="replace")
    root = etree.fromstring(content, etree.HTMLParser(no_network=True, **PARSED)) if page else None
    if root is None:
        return None
    lines = bare_text(page)
    if letters_in(words_of(root)) >= letters_in(lines) * WHOLE:
        return without_namespaces(root)
    body = etree.Element("body")
    for line in lines.split("\n"):
        etree.SubElement(body, "p").text = line
    return body


def without_namespaces(root: etree._Element) -> etree._Element:
    """The tree with the bare names of its elements; of attributes, `epub:type` becomes `type`."""
    for element in root.iter(etree.Element):
        element.tag = local(str(element.tag))
        for name in element.attrib:
            if local(str(name)) != name:
                element.set(local(str(name)), element.attrib.pop(name))
    etree.cleanup_namespaces(root)
    return root


def local(name: str) -> str:
    """A name without its namespace or its prefix."""
    return name.rpartition("}")[2].rpartition(":")[2]


def words_of(element: etree._Element) -> str:
    """All text of an element, on one line."""
    return " ".join("".join(map(str, element.itertext())).split())
