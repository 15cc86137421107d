"""What the handbook quotes of pages in bold stands on them, in the language of the reader."""

import re
from functools import cache

import pytest
from babel.messages.pofile import read_po

from youworker.core.config import BASE_DIR
from youworker.handbook.contents import FOLDER, PARTS

STRONG = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
MARKUP = re.compile(r"</?strong>")
OF_WORDS = [
    (page, language)
    for part in PARTS
    for page in part.pages
    for language in ("en", "it")
    if (FOLDER / language / f"{page}.md").is_file()
]


@cache
def words_of(language):
    """Everything pages may say in a language, as the catalogues have it."""
    found = set()
    for path in BASE_DIR.glob("*/locale/it/LC_MESSAGES/*.po"):
        with path.open("rb") as file:
            for message in read_po(file):
                said = message.id if language == "en" else message.string
                found.update((said,) if isinstance(said, str) else said)
    return {MARKUP.sub("", " ".join(words.split())) for words in found} - {""}


def is_said(words, language):
    """Whether a page says these words; names of rows begin with a capital in the console."""
    known = words_of(language)
    return words in known or words[0].lower() + words[1:] in known


@pytest.mark.parametrize(("page", "language"), OF_WORDS)
def test_quoted_words_stand_on_a_page(page, language):
    text = (FOLDER / language / f"{page}.md").read_text()
    quoted = {" ".join(words.split()) for words in STRONG.findall(text)}

    assert sorted(words for words in quoted if not is_said(words, language)) == []


def test_words_that_stand_nowhere_are_found():
    assert not is_said("Add a document now", "en")
    assert not is_said("Share", "it")
    assert is_said("Model servers", "en")
    assert is_said("Condividi", "it")
