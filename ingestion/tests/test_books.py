"""EPUB books: what their contents say of chapters that have no heading."""

import io
import zipfile

import pytest

from ingestion.parsing import kinds
from ingestion.parsing.reading import read_kind
from ingestion.tests import samples

PAGE = "application/xhtml+xml"
NCX = "application/x-dtbncx+xml"


def made(contents="", **pages):
    """A book of pages, with contents of the new kind or, where they are a `navMap`, the old one."""
    is_old = contents.startswith("<navMap")
    parts = {f"text/{name}.xhtml": f"<body>{inner}</body>" for name, inner in pages.items()}
    items = "".join(
        f'<item id="{name}" href="text/{name}.xhtml" media-type="{PAGE}"/>' for name in pages
    )
    listed = "".join(f'<itemref idref="{name}"/>' for name in pages)
    kind = f'media-type="{NCX}"' if is_old else f'media-type="{PAGE}" properties="nav"'
    parts["contents.xml"] = f"<ncx>{contents}</ncx>" if is_old else f"<html>{contents}</html>"
    parts["c.opf"] = (
        f'<package><manifest>{items}<item id="n" href="contents.xml" {kind}/></manifest>'
        f"<spine>{listed}</spine></package>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("mimetype", kinds.EPUB.mime)
        book.writestr("META-INF/container.xml", samples.CONTAINER)
        for name, content in parts.items():
            book.writestr(name, content)
    return buffer.getvalue()


def toc(inner):
    landmarks = (
        '<nav epub:type="landmarks"><ol><li><a href="text/a.xhtml">Start</a></li></ol></nav>'
    )
    head = 'xmlns:epub="http://www.idpf.org/2007/ops"'
    return f'<body {head}>{landmarks}<nav epub:type="toc"><ol>{inner}</ol></nav></body>'


def headings(book):
    """Each heading with its level and the text that follows."""
    found = read_kind(kinds.EPUB, book, "a.epub", None)
    return [
        (one.level, one.title, found.text[one.offset :].partition("\n")[0])
        for one in found.headings
    ]


def test_chapters_of_libreoffice_are_called_as_in_the_contents(data):
    # The program writes no headings, only paragraphs.
    assert headings((data / "chapters.epub").read_bytes()) == [
        (1, "Section 1", "Animals"),
        (1, "Zebras", "Zebras"),
        (1, "Koalas", "Koalas"),
    ]


def test_entries_lead_to_places_within_pages():
    page = (
        '<p>before</p><div id="one"/><p>First &nbsp;<i>n</i>th</p>'
        '<table><tr><td>x</td><td id="zwei &amp;">second</td></tr></table>'
    )
    inner = (
        "<li><span>Part I</span><ol>"
        '<li><a href="text/b%20c.xhtml">R&amp;D</a><ol>'
        '<li><a href="text/b%20c.xhtml#one">One</a></li>'
        '<li><a href="text/b%20c.xhtml#zwei%20&amp;">Two</a></li>'
        "</ol></li></ol></li>"
    )

    found = headings(made(toc(inner), **{"b c": page}))

    assert found == [
        (1, "Part I", "before"),
        (2, "R&D", "before"),
        (3, "One", "First nth"),
        (3, "Two", "| x | second |"),
    ]


def test_old_contents_count_where_there_are_no_new_ones():
    inner = (
        "<navPoint><navLabel><text>Alpha</text></navLabel><content src='text/a.xhtml'/>"
        "<navPoint><navLabel><text>Beta</text></navLabel><content src='text/a.xhtml#b'/>"
        "</navPoint></navPoint>"
    )

    found = headings(made(f"<navMap>{inner}</navMap>", a="<p>a</p><p><a id='b'/>b</p>"))

    assert found == [(1, "Alpha", "a"), (2, "Beta", "b")]


def test_chapters_with_a_heading_keep_it_and_give_others_their_level():
    inner = (
        '<li><a href="text/a.xhtml">Foreword</a></li>'
        '<li><span>Part I</span><ol><li><a href="text/b.xhtml#x">1. One</a></li></ol></li>'
    )

    found = headings(made(toc(inner), a="<p>a</p>", b='<p>*</p><h2>One<a id="x"/></h2><p>b</p>'))

    assert found == [(1, "Foreword", "a"), (1, "Part I", "## One"), (2, "One", "## One")]


@pytest.mark.parametrize(
    "inner",
    [
        '<li><a href="text/a.xhtml#gone">x</a></li><li><a href="contents.xml">x</a></li>',
        '<li><a href="https://example.org/text/a.xhtml">x</a></li>',
        '<li><a href="//example.org/text/a.xhtml">x</a></li><li><a href="http://[">x</a></li>',
        '<li><a href="../../text/b.xhtml">x</a></li><li><a>x</a></li>',
        "<li>" * 3000,
    ],
)
def test_entries_that_lead_nowhere_are_none(inner):
    assert headings(made(toc(inner), a="<p>a</p>")) == []


def test_many_and_deep_entries_for_one_place_are_few():
    flat = '<li><a href="text/a.xhtml">x</a></li>' * 50_000
    deep = '<li><a href="text/a.xhtml">y</a><ol>' * 100 + "</ol></li>" * 100

    assert headings(made(toc(flat), a="<p>a</p>")) == [(1, "x", "a")]
    assert len(headings(made(toc(deep), a="<p>a</p>"))) == 6


def test_pages_that_are_no_xml_keep_their_text():
    deep = "<div>" * 5000 + "deep &amp; words" + "</div>" * 5000

    found = read_kind(kinds.EPUB, made(a="<p>one<p>5 < 6 &nope;", b=deep), "a.epub", None)

    assert found.text == "one\n\n5 < 6 &nope;\n\ndeep & words"
