"""Titles of files: those somebody gave, and those that programs made up."""

import pytest

from ingestion.parsing.reading import parse_file, telling_title


@pytest.mark.parametrize(
    "title",
    [
        "about:blank",
        "Untitled",
        "untitled document 3",
        "Document1",
        "Documento 2",
        "Microsoft Word - Angebot_final2.doc",
        "file:///C:/Users/x/a.html",
        "C:\\temp\\a.xls",
        "PowerPoint Presentation",
        "Senza titolo",
        "Mappe1",
        "Slide 1",
        "...",
        "",
    ],
)
def test_what_a_program_made_up_is_no_title(title):
    assert telling_title(title) == ""


@pytest.mark.parametrize(
    "title",
    ["Contract & annex", "Document management", "Untitled by Kandinsky", "Scan of 3 May", "1984"],
)
def test_what_somebody_gave_is_kept(title):
    assert telling_title(f"  {title}\n") == title


def test_a_file_without_a_title_of_its_own_is_called_by_its_name(tmp_path):
    path = tmp_path / "page"
    path.write_text("<html><title>about:blank</title><body><p>Some words.</p></body></html>")

    assert parse_file(path, "text/html", name="page.html").title == ""


def test_a_heading_is_a_title_whatever_it_says(tmp_path):
    path = tmp_path / "notes"
    path.write_text("# Layout 1\n\nSome words.")

    assert parse_file(path, "text/markdown", name="notes.md").title == "Layout 1"
