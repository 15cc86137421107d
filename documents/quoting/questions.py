"""What each word of a question counts."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field, replace

from documents.quoting.answer_kinds import kinds_of
from documents.quoting.words import WordReader, words_in
from documents.unspaced import RUN, is_loose, telling_pairs

# In "how long" the second word asks and is not what the answer says.
HOW = re.compile(
    r"\bhow (?:many|much|long|often|big|large|old|fast|far|tall|high|deep|soon)\b"
    r"|\bwie ?(?:viele?|lange|oft|gro(?:ß|ss)|alt|schnell|weit|hoch|tief|bald)\b",
    re.IGNORECASE,
)

# A follow-up without such a word asks the question before it again, about something else.
ASKING = re.compile(
    r"\b(?:how(?! about)|what(?! about)|which|who|whose|why|when|where|is|are|can|does|do|did|was"
    r"|will|come|cos[ae]?|quale?|quali|chi|perch[éè]|quando|quanto|quant[aei]|dove|si può|è|wie|was"
    r"|welche[rsnm]?|wer|warum|wann|wo|ist|sind|kann)\b",
    re.IGNORECASE,
)

# Where a second question begins in the same sentence.
SECOND = re.compile(
    r"(?:[,;?] | )(?:and|e|ed|und) (?=(?:how|what|which|who|whose|why|when|where|come|cos[ae]|qual"
    r"|chi|perch[éè]|quando|quant[oaei]|dove|wie|was|welche|wer|warum|wann|wo)\b)|\? ",
    re.IGNORECASE,
)
# `When and where is it?` asks two things of the same.
TWOFOLD = re.compile(
    r"^\W*(how|who|why|when|where|come|chi|perch[éè]|quando|dove|wie|wer|warum|wann|wo)"
    r",? (?:and|e|ed|und) (how|who|why|when|where|come|chi|perch[éè]|quando|dove|wie|wer|warum"
    r"|wann|wo)\b",
    re.IGNORECASE,
)
MOST_PARTS, MOST_CHARACTERS = 3, 500

PART_WEIGHT = 0.4
LOOSE_WEIGHT = 0.2
# Each word is weighed against each sentence; a pasted page begins with what it is about.
MOST_WORDS = 300


@dataclass(frozen=True)
class Question:
    """A question that stands alone: what to search for and what each word counts."""

    text: str
    query: str
    # The language of the passages, by whose stems the words are known.
    language: str
    weights: dict[str, float] = field(default_factory=dict)
    # The words it brings itself; all of them when it only points back.
    own: frozenset[str] = frozenset()
    # The language it is asked in, where that is known.
    asked_in: str = ""
    # The question before it, whose kind of answer is wanted if it names none itself.
    topic: str = ""

    @property
    def asked_for(self) -> str:
        """The words that say what kind of answer is wanted."""
        is_whole = not self.topic or ASKING.search(self.text) or kinds_of(self.text)
        return self.text if is_whole else self.topic

    def is_foreign(self, language: str) -> bool:
        """Whether a passage is in another language than the question."""
        return bool(language and self.asked_in) and language != self.asked_in


def single_question(text: str, reader: WordReader) -> Question:
    """A question without a conversation before it."""
    own = word_weights(text, reader)
    return Question(text, one_line(text), reader.language, own, frozenset(own))


def parts_of(question: Question, reader: WordReader) -> list[Question]:
    """The questions that one message asks; only itself when a part says nothing alone."""
    text = one_line(question.text)
    is_long = len(text) > MOST_CHARACTERS
    texts = [] if is_long else list(filter(None, map(str.strip, SECOND.split(spelt_out(text)))))
    if question.topic or not 1 < len(texts) <= MOST_PARTS:
        return [question]
    parts = [replace(single_question(text, reader), asked_in=question.asked_in) for text in texts]
    return parts if all(part.weights for part in parts) else [question]


def spelt_out(text: str) -> str:
    """A question that begins with two words which ask, as two questions."""
    found = TWOFOLD.match(text)
    if found is None:
        return text
    rest = text[found.end() :].rstrip(" ?")
    return f"{found[1]}{rest}? {found[2]}{rest}?"


def word_weights(text: str, reader: WordReader) -> dict[str, float]:
    """What each content word of a question counts; the parts of `max_size` less than the whole."""
    weights: dict[str, float] = {}
    for word in itertools.islice(words_in(HOW.sub(" ", text)), MOST_WORDS):
        if len(weights) >= MOST_WORDS:
            break
        # A page of Chinese is a single word here.
        if RUN.match(word):
            weights |= run_weights(word[:MOST_WORDS])
            continue
        found = reader.terms(word)
        wholes = found[:1] if "_" in word else found
        weights |= {part: PART_WEIGHT for part in found[len(wholes) :] if part not in weights}
        weights |= dict.fromkeys(wholes, 1.0)
    return weights


def run_weights(run: str) -> dict[str, float]:
    """What the pairs of characters of a question count, in scripts without blanks."""
    return {pair: LOOSE_WEIGHT if is_loose(pair) else 1.0 for pair in telling_pairs(run)}


def one_line(text: str) -> str:
    """A text with single spaces."""
    return " ".join(text.split())
