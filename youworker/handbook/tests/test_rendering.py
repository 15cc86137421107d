"""Markdown of the handbook: anchors, addresses, and nothing that acts."""

import pytest

from youworker.handbook.reference import settings_table
from youworker.handbook.rendering import render

PAGE = """# A *title*

First paragraph
in two lines.

## Café & more

See [tools](tools.md#who), [here](#cafe-more), [there](https://example.org/x), [up](../asking.md).

| a | b |
|---|--:|
| 1 | 2 |

## Café & more

```console
manage.py <x> "y"
```
"""


def test_a_page_begins_with_its_title_which_the_frame_shows():
    page = render(PAGE, "staff/console")

    assert page.title == "A title"
    assert "<h1" not in page.html
    assert page.summary == "First paragraph in two lines."


def test_headings_have_anchors_that_differ():
    page = render(PAGE)

    assert page.anchors == {"cafe-more", "cafe-more-2"}
    assert '<h2 id="cafe-more">Café &amp; more</h2>' in page.html
    assert [each.heading for each in page.outline] == ["Café & more", "Café & more"]


def test_links_between_files_lead_to_pages():
    page = render(PAGE, "staff/console")

    assert page.links == (
        "/help/staff/tools#who",
        "#cafe-more",
        "https://example.org/x",
        "/help/asking",
    )
    assert '<a href="https://example.org/x" rel="noopener noreferrer">' in page.html


def test_code_and_tables_are_shown_as_they_are_and_scroll():
    page = render(PAGE)

    assert "manage.py &lt;x&gt; &quot;y&quot;" in page.html
    assert '<div class="table-scroll" tabindex="0"><table class="table">' in page.html
    assert '<td class="end-aligned">2</td>' in page.html
    assert "style=" not in page.html


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHN2Zz4=)",
        "**<b onclick=x>**",
        "```<script>\nx\n```",
        '[x](<https://a.example/" onclick="x>)',
    ],
)
def test_nothing_in_a_page_acts(hostile):
    html = render(f"# T\n\n{hostile}").html

    assert "<script" not in html
    assert "<img" not in html
    assert "<b " not in html
    assert 'href="javascript' not in html
    assert 'href="data' not in html
    assert ' onclick="' not in html.replace("&quot;", "")


def test_long_names_are_cut_behind_underscores_and_stay_text():
    page = render("# T\n\n`A_B<x>`")

    assert "<code>A_<wbr>B&lt;x&gt;</code>" in page.html
    assert page.sections[0].text == "A_B<x>"


def test_a_page_without_a_title_is_refused():
    with pytest.raises(ValueError, match="title"):
        render("Text only.")


def test_text_below_each_heading_is_known():
    first, second, third = render(PAGE).sections

    assert (first.anchor, first.heading) == ("", "")
    assert second.text.startswith("See tools, here")
    assert third.text == 'manage.py <x> "y"\n'


def test_the_table_of_settings_says_what_they_say():
    page = render(f"# Settings\n\n{settings_table()}")

    assert "<code>SSO_<wbr>GROUPS_<wbr>HEADER</code>" in page.html
    assert "with the groups, separated by |" in page.html
    assert "one of keep, remove" in page.html
    assert "<code>localhost,127.0.0.1,[::1]</code>" in page.html
