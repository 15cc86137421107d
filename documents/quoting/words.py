"""The words of a text that say something, as they are compared: without endings and case."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from documents.language import stem, stop_words

if TYPE_CHECKING:
    from collections.abc import Sequence

WORD = re.compile(r"[^\W_]+(?:_[^\W_]+)*")
# Chinese and Japanese put no spaces between words; two neighbouring characters stand for one.
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")

# Beyond stop words, what requests and their answers are full of in the product's languages; it
# says nothing about their subject.
FILLERS = """
also aren can cannot could couldn didn doc docs document documents doesn ever explain find get
give hadn hasn haven isn know let ll looking may mean means might mine much must need one ought
please possible re say says shall shouldn show something tell thing things us use used using ve
want wasn way weren whose without won work works would wouldn

bisogno cioè ciò così deve devo dice dicono dimmi documenti documento fa far fare favore
funziona modo ogni oppure perchè piacere possiamo posso possono può qual quali quando spiega
spiegami trovare usa usare uso voglio vorrei
"""
FILLER_WORDS = frozenset(FILLERS.split())


@dataclass(frozen=True, slots=True)
class WordReader:
    """Finds the content words of texts and stems them by the rules of one language."""

    language: str
    ignored: frozenset[str]

    def terms(self, text: str) -> list[str]:
        """The stems in order; `max_size` also counts as its parts."""
        found: list[str] = []
        for word in WORD.findall(text.lower()):
            if "_" in word:
                found.append(word)
                for part in word.split("_"):
                    found += self.stems(part)
            else:
                found += self.stems(word)
        return found

    def stems(self, word: str) -> Sequence[str]:
        """The stem of a word in lower case; none when it says nothing."""
        if not word.isascii() and UNSPACED.search(word):
            return pairs_of(word)
        if word in self.ignored or (len(word) == 1 and not word.isdigit()):
            return ()
        return (stem(word, self.language),)


@lru_cache(maxsize=64)
def reader_of(language: str, *others: str) -> WordReader:
    """A reader for texts in one language that leaves out the stop words of others, too."""
    return WordReader(language, FILLER_WORDS.union(*map(stop_words, (language, *others))))


def pairs_of(run: str) -> list[str]:
    """Every two neighbouring characters."""
    return [run[place : place + 2] for place in range(max(1, len(run) - 1))]
