import time

import pytest

TEXT = "The zebra eats grass in the morning, and sleeps below the acacia at noon. " * 6


def page(body, head="<title>T</title>"):
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode()


LINKS = "".join(f'<li><a href="/{n}">Menu{n}</a></li>' for n in range(8))


@pytest.mark.parametrize(
    "furniture",
    [
        f"<nav><ul>{LINKS}</ul></nav>",
        f"<header><p>Furniture</p><ul>{LINKS}</ul></header>",
        "<footer>Furniture of 2026</footer>",
        '<div class="cookie-banner"><p>Furniture uses cookies.</p><button>Accept</button></div>',
        '<div id="cookie-notice">Furniture</div>',
        '<div role="dialog">Furniture</div>',
        '<div role="contentinfo">Furniture</div>',
        '<div class="sphinxsidebar"><h3>Furniture</h3></div>',
        f'<div class="related"><ul>{LINKS}</ul></div>',
        '<div class="navheader"><table><tr><td>Furniture</td></tr></table></div>',
        f'<ul class="docnav"><li>Furniture of {"the book " * 20}</li></ul>',
        f'<div class="sidebar"><h3>Furniture</h3><ul>{LINKS}</ul></div>',
        f'<div class="toc"><b>Furniture</b><ul>{LINKS}</ul></div>',
        '<aside class="ads">Furniture</aside>',
        '<div style="display: none">Furniture</div>',
        "<div hidden>Furniture</div>",
        '<p class="MsoToc1">Furniture........3</p>',
        f"<ul>{LINKS}</ul>",
        f"<table><tr>{LINKS.replace('li>', 'td>')}</tr></table>",
    ],
)
def test_furniture_is_no_content(read, furniture):
    for body in (f"{furniture}<h1>One</h1><p>{TEXT}</p>", f"<h1>One</h1><p>{TEXT}</p>{furniture}"):
        found = read(page(body), "a.html")

        assert "Furniture" not in found.text
        assert "Menu" not in found.text
        assert TEXT.strip() in found.text
        assert found.passages[0].heading == "One"


@pytest.mark.parametrize(
    "content",
    [
        '<section id="cookies"><h2>Kept</h2></section>',
        '<h2 id="navigation">Kept</h2>',
        '<div class="section" id="related"><p>Kept</p></div>',
        "<article><header><h2>Kept</h2></header><p>x</p></article>",
        '<table><tr><th>Kept</th><td><a href="a">one</a></td></tr></table>',
        '<pre class="banner">Kept</pre>',
        '<div class="sidebar"><div class="titlepage"><b>Kept</b></div><p>x</p></div>',
        f"<p>See</p><ul>{LINKS}<li>Kept</li></ul><p>{TEXT}</p>",
        f"<ul>{LINKS.replace('Menu0', 'Kept')}</ul><p>{TEXT}</p>",
    ],
)
def test_content_stays_whatever_it_is_called(read, content):
    assert "Kept" in read(page(f"<p>{TEXT}</p>{content}<p>{TEXT}</p>"), "a.html").text


def test_the_part_that_says_it_is_the_content_is_taken(read):
    rest = "<div>Furniture about the site and its makers.</div>"

    for main in ("<main>{}</main>", '<div role="main">{}</div>', '<div id="content">{}</div>'):
        found = read(page(rest + main.format(f"<p>{TEXT}</p>") + rest), "a.html")

        assert found.text.strip() == TEXT.strip()


def test_furniture_of_a_short_page_is_no_content_either(read):
    header, footer = "<header>Furniture</header>", "<footer>Furniture</footer>"
    text = read(page(f"{header}<p>Print them in reverse order.</p>{footer}"), "a.html").text

    assert text.strip() == "Print them in reverse order."


def test_a_page_of_nothing_else_keeps_what_it_has(read):
    assert "Menu7" in read(page(f'<div class="toc"><ul>{LINKS}</ul></div>'), "a.html").text
    assert "Imprint" in read(page("<footer>Imprint</footer>"), "a.html").text
    assert "Zebra" in read(page("<main></main><p>Zebra and no more.</p>"), "a.html").text


def test_an_encoding_that_the_page_declares_wrongly_does_no_harm(read):
    body = f"<nav>Furniture</nav><p>Grüße. {TEXT}</p>"
    found = read(
        b'<?xml version="1.0" encoding="utf-16"?>' + page(body, '<meta charset="utf-8">'), "a.html"
    )

    assert "Grüße." in found.text
    assert "Furniture" not in found.text


@pytest.mark.slow
@pytest.mark.parametrize(
    "part",
    [
        "<div class=nav>",
        "<main>x",
        '<div class="' + "a-" * 50 + 'cookies">x',
        "<ul><li><a href=x>y</a>",
        "<nav>x</nav><p>y",
        "<table><tr><td>z",
    ],
)
def test_hostile_pages_take_little_time(read, part):
    began = time.process_time()

    read(page(f"<p>{TEXT}</p>" + part * 20_000), "a.html")

    assert time.process_time() - began < 20


def test_an_image_that_is_a_link_leaves_its_words_only(read):
    image = '<p>See <a href="https://example.org/"><img src="a/logo.png" alt="Zebra"></a> too.</p>'

    text = read(page(f"<p>{TEXT}</p>{image}<p>{TEXT}</p>"), "a.html").text

    assert "Zebra" in text
    assert "logo.png" not in text
    assert "example.org" not in text
