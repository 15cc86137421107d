"""No link of the handbook is dead, and none leads somebody where they may not go."""

import pytest
from django.urls import resolve

from youworker.handbook.contents import PARTS, pages_for
from youworker.handbook.rendering import read_page

EVERYBODY = pages_for(is_staff=False)
EVERY_PAGE = [
    (page, language) for part in PARTS for page in part.pages for language in ("en", "it")
]


@pytest.mark.parametrize(("name", "language"), EVERY_PAGE)
def test_every_link_leads_somewhere(name, language):
    page = read_page(name, language)

    for link in page.content.links:
        path, _, anchor = link.partition("#")
        if "://" in link:
            assert link.startswith("https://"), link
            continue
        if path.startswith("/help/"):
            target = path.removeprefix("/help/")
            assert target in pages_for(is_staff=name not in EVERYBODY), link
            content = read_page(target, language).content
        else:
            assert not path or resolve(path), link
            content = page.content
        assert not anchor or anchor in content.anchors, link


def test_pages_are_tied_together():
    linked = {
        link.partition("#")[0] for name in EVERYBODY for link in read_page(name, "en").content.links
    }

    assert len([link for link in linked if link.startswith("/help/")]) >= 5


@pytest.mark.parametrize("name", pages_for(is_staff=True))
def test_both_languages_have_the_same_chapters(name):
    english, italian = (read_page(name, code).content for code in ("en", "it"))

    assert [each.level for each in english.sections] == [each.level for each in italian.sections]
    assert len(english.links) == len(italian.links)


@pytest.mark.parametrize("name", [name for name in EVERYBODY if name not in {"problems", "words"}])
def test_every_page_for_everybody_says_what_can_go_wrong(name):
    assert "what-can-go-wrong" in read_page(name, "en").content.anchors
    assert "che-cosa-puo-andare-storto" in read_page(name, "it").content.anchors
