"""The words of a text that say something, as they are compared: without endings and case."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from documents.language import stem, stop_words
from documents.letters import legible, plain_letters
from documents.quoting.verbs import conjugated_stem, infinitive
from documents.unspaced import BURMESE, KHMER, RUN, THAI, pairs
from youworker.core.unicode import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

# A letter, or a sign that belongs to the letters beside it.
LETTER = (
    r"[^\W_]|[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    r"\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0900-\u0963\u0966-\u0dff"
    rf"{THAI}{KHMER}{BURMESE}]"
)
WORD = re.compile(rf"(?:{LETTER})+(?:_(?:{LETTER})+)*")

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

bekomme bekommen bekommt bitte darf darfst dokument dokumente dokumenten dürfen dürft erkläre
finde geht gibt kannst könnte könnten möchte möglich musst muß müssen soll sollen wann warum wem
wen wer weshalb wieso wieviel wieviele zeig zeige
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
        for word in words_in(text):
            if "_" in word:
                found.append(word)
                for part in word.split("_"):
                    found += self.stems(part)
            else:
                found += self.stems(word)
        return found

    def stems(self, word: str) -> Sequence[str]:
        """The stem of a word in lower case; none when it says nothing."""
        if not word.isascii() and RUN.match(word):
            return pairs(word, whole=False)
        if word in self.ignored or (len(word) == 1 and not word.isdigit()):
            return ()
        found = stem(infinitive(word, self.language), self.language)
        if self.language == "de":
            found = conjugated_stem(word, found)
        # Somebody without a key for an accent leaves it out, before the ending or in it.
        return (fold(found),)


def words_in(text: str) -> list[str]:
    """The words of a text in lower case, in order; a run of a script without blanks is one."""
    if text.isascii():
        return WORD.findall(text.lower())
    plain = plain_letters(legible(text)).lower()
    return WORD.findall(RUN.sub(r" \g<0> ", plain))


@lru_cache(maxsize=64)
def reader_of(language: str, *others: str) -> WordReader:
    """A reader for texts in one language that leaves out the stop words of others, too."""
    return WordReader(language, FILLER_WORDS.union(*map(stop_words, (language, *others))))
